"""Python source of a graph: one statement a node, compiled once and run eagerly."""

from __future__ import annotations

import hashlib
import linecache
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from vega_backend_torch.lower import FRESH, LOWERINGS, NAMESPACE
from vega_backend_torch.lowering.site import Site
from vega_core.errors import ModelError
from vega_core.nn.graph import Graph, Node
from vega_core.nn.keys import node_key

Values = Sequence[Any]


@dataclass(frozen=True)
class Program:
    """A graph as a Python function of plain sequences.

    Attributes:
        run: Takes parameters, inputs, controls and the step's key; returns the outputs.
        params: Names of the parameters, in order.
        inputs: Names of the inputs.
        controls: Names of the controls.
        outputs: Names of the outputs.
        source: The function's text; tracebacks and debuggers show it.
    """

    run: Callable[[Values, Values, Values, int], tuple[Any, ...]]
    params: tuple[str, ...]
    inputs: tuple[str, ...]
    controls: tuple[str, ...]
    outputs: tuple[str, ...]
    source: str


def generate(graph: Graph, moving: Sequence[str] = ()) -> Program:
    """Compiles a graph whose modes are fixed.

    Args:
        graph: The graph, as `Graph.in_mode` gives it.
        moving: Names of the statistics that move.

    Raises:
        ModelError: An operator has no lowering, or an attribute that is no plain value.
    """
    source = source_of(graph, frozenset(moving))
    name = f"<vega graph {hashlib.sha256(source.encode()).hexdigest()[:16]}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace = dict(NAMESPACE)
    exec(compile(source, name, "exec"), namespace)  # noqa: S102
    return Program(
        namespace["forward"],
        tuple(graph.parameters),
        tuple(graph.inputs),
        tuple(graph.controls),
        tuple(graph.outputs),
        source,
    )


def source_of(graph: Graph, moving: frozenset[str]) -> str:
    """Returns the text of ``forward(params, inputs, controls, key)``.

    Every value is deleted after its last use, so that evaluation holds no more than it needs.
    """
    variables = _variables(graph)
    params = {name: f"p{index}" for index, name in enumerate(graph.parameters)}
    lines = ["def forward(params, inputs, controls, key):"]
    for target, names in (
        ("params", params.values()),
        ("inputs", [variables[name] for name in graph.inputs]),
        ("controls", [variables[name] for name in graph.controls]),
    ):
        if names:
            lines.append(f"    ({', '.join(names)},) = {target}")
    last = _last_uses(graph)
    uses = Counter(value for node in graph.nodes for value in node.inputs)
    # One reader only: a second might have kept a view, which overwriting would change.
    fresh = {n.name for n in graph.nodes if isinstance(n.op, FRESH) and uses[n.name] == 1}
    for node in graph.nodes:
        dead = last.get(node.name, [])
        roles = {role: params[name] for role, name in node.params.items()}
        site = Site(
            [variables[name] for name in node.inputs],
            roles,
            [graph.specs[name] for name in node.inputs],
            frozenset(role for role, name in node.params.items() if name in moving),
            f"combined(key, {node_key(node.name)})",
            bool(node.inputs) and node.inputs[0] in fresh.intersection(dead),
        )
        results = ", ".join(variables[value] for value in graph.values(node))
        lines.append(f"    {results} = {_expression(node, site)}")
        if dead:
            lines.append(f"    del {', '.join(variables[value] for value in dead)}")
    returned = ", ".join(variables[value] for value in graph.outputs.values())
    return "\n".join([*lines, f"    return ({returned},)", ""])


def _expression(node: Node, site: Site) -> str:
    lowering = LOWERINGS.get(type(node.op))
    if lowering is None:
        raise ModelError(
            f"{node.name}: vega-backend-torch has no lowering of {type(node.op).__name__}"
        )
    try:
        return lowering(node.op, site)
    except ModelError as error:
        raise ModelError(f"{node.name}: {error}") from error


def _variables(graph: Graph) -> dict[str, str]:
    variables = {name: f"x{index}" for index, name in enumerate(graph.inputs)}
    variables |= {name: f"c{index}" for index, name in enumerate(graph.controls)}
    for index, node in enumerate(graph.nodes):
        for place, value in enumerate(graph.values(node)):
            variables[value] = f"v{index}" if place == 0 else f"v{index}_{place}"
    return variables


def _last_uses(graph: Graph) -> dict[str, list[str]]:
    """Returns, by node, the values that nothing after it reads."""
    user = {value: node.name for node in graph.nodes for value in graph.values(node)}
    user |= {value: node.name for node in graph.nodes for value in node.inputs}
    kept = {*graph.outputs.values(), *graph.controls}
    last: dict[str, list[str]] = {}
    for value, name in user.items():
        if value not in kept:
            last.setdefault(name, []).append(value)
    return last


def to_device(array: Any, device: torch.device) -> torch.Tensor:
    """Returns an array as a tensor; pictures (N, C, H, W) with channels last in memory."""
    tensor = torch.from_numpy(array if array.flags.writeable else array.copy())
    if tensor.ndim == 4 and tensor.is_floating_point():
        return tensor.to(device, memory_format=torch.channels_last)
    return tensor.to(device)
