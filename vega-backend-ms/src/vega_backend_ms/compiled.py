"""Programs in MindSpore's graph mode."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from types import ModuleType
from typing import Any, TypeAlias
from weakref import finalize

import mindspore as ms
import numpy as np
from mindspore import nn

from vega_backend_ms.arrays import Tensor, take
from vega_backend_ms.lower import COMPILED, NAMESPACE
from vega_backend_ms.lowering.draws import halves
from vega_backend_ms.source import CompiledSource, drawing
from vega_core.arrays import Array
from vega_core.nn import Graph
from vega_core.nn.keys import combined, node_key

Shapes: TypeAlias = tuple[tuple[int, ...], ...]


class Compiled:
    """A graph that is compiled for the first batch size that it meets.

    It is of no store: MindSpore compiles a function anew for other parameters that are in it. So in
    training parameters are arguments, all in one row, since it takes tuples as constants. In
    evaluation, where looking at so many arguments would take as long as a small network, it has
    parameters of its own, which are written where those that it is given are others.

    Args:
        graph: The graph, its modes fixed.
        moving: Names of the statistics that move.
        losses: Outputs whose sum is differentiated.
        trained: Parameters that they are differentiated by; none to predict.
        namespace: What expressions may name.
    """

    def __init__(
        self,
        graph: Graph,
        moving: Sequence[str],
        losses: Sequence[str],
        trained: Sequence[str],
        namespace: Mapping[str, Any],
    ) -> None:
        source = CompiledSource(graph, frozenset(moving))
        self.outputs = tuple(graph.outputs)
        self._specs = [control.dtype for control in graph.controls.values()]
        self._keys = [node_key(name) for name in drawing(graph)]
        self._no_keys = take(np.stack([halves(0)]))
        self._shapes: Shapes | None = None
        text = source.text + _row(graph) + _sum([self.outputs.index(name) for name in losses])
        module = _module(text, {**namespace, **COMPILED, **source.names})
        self._own = None if trained else _Own(module.forward, len(graph.inputs))
        if trained:
            places = tuple(list(graph.parameters).index(name) for name in trained)
            self._run = ms.jit(ms.value_and_grad(module.losses, places, None, has_aux=True))
        else:
            self._run = ms.jit(self._own)

    def fits(self, inputs: Sequence[Array]) -> bool:
        """Whether inputs are of the size that it is compiled for; the first ones are."""
        shapes = tuple(array.shape for array in inputs)
        self._shapes = self._shapes or shapes
        return shapes == self._shapes

    def run(
        self, params: Sequence[Tensor], inputs: Sequence[Array], controls: Sequence[Any], key: int
    ) -> Any:
        """Returns the outputs; in training ((loss, outputs), gradients)."""
        keys = [halves(combined(key, node)) for node in self._keys]
        typed = zip(controls, self._specs, strict=True)
        if self._own is not None:
            self._own.take(params)
        return self._run(
            *(params if self._own is None else ()),
            *map(take, inputs),
            *(take(np.asarray(control, dtype)) for control, dtype in typed),
            take(np.stack(keys)) if keys else self._no_keys,
        )


class _Own(nn.Cell):  # type: ignore[misc]  # MindSpore has no types
    """A function of parameters, inputs, controls and keys, with parameters of its own.

    Args:
        forward: The function.
        inputs: Number of the inputs.
    """

    def __init__(self, forward: Any, inputs: int) -> None:
        super().__init__(auto_prefix=False)
        self.run, self.inputs = forward, inputs
        self._given: Sequence[Tensor] | None = None

    def take(self, params: Sequence[Tensor]) -> None:
        """Takes over the values of parameters, where they are other tensors than the last time."""
        if self._given is None:
            self.held = ms.ParameterTuple(
                [ms.Parameter(one.copy(), name=f"p{place}") for place, one in enumerate(params)]
            )
        else:
            for own, new, old in zip(self.held, params, self._given, strict=True):
                if new is not old:
                    ms.ops.assign(own, new)
        self._given = tuple(params)

    def construct(self, *values: Tensor) -> Any:
        """Runs the function on the inputs, the controls and the keys, in a row."""
        inputs = self.inputs
        return self.run(self.held, values[:inputs], values[inputs:-1], values[-1])


def evaluation(graph: Graph) -> Any:
    """Returns ``evaluate(params, inputs, controls)`` of a graph, which graph mode can compile.

    Controls are tensors. Nothing moves, and nothing draws.
    """
    source = CompiledSource(graph)
    text = source.text + (
        "\n\ndef evaluate(params, inputs, controls):\n"
        "    return forward(params, inputs, controls, None)\n"
    )
    return _module(text, {**NAMESPACE, **COMPILED, **source.names}).evaluate


def _row(graph: Graph) -> str:
    """Returns the source of the function of all arguments in a row."""
    counts = (len(graph.parameters), len(graph.inputs), len(graph.controls))
    ends = (counts[0], sum(counts[:2]), sum(counts))
    return (
        "\n\ndef row(*values):\n"
        f"    return forward(values[:{ends[0]}], values[{ends[0]}:{ends[1]}], "
        f"values[{ends[1]}:{ends[2]}], values[{ends[2]}])\n"
    )


def _sum(losses: Sequence[int]) -> str:
    """Returns the source of the function that is differentiated."""
    total = " + ".join(f"outputs[{place}]" for place in losses) or "None"
    return f"\n\ndef losses(*values):\n    outputs = row(*values)\n    return {total}, outputs\n"


def _module(text: str, names: Mapping[str, Any]) -> Any:
    """Returns a module of a text, which MindSpore looks up, and reads from a file."""
    name = f"vega_graph_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    module = ModuleType(name)
    folder = mkdtemp(prefix="vega-graph-")
    finalize(module, rmtree, folder, ignore_errors=True)
    file = Path(folder, f"{name}.py")
    file.write_text(text, encoding="utf-8")
    module.__dict__.update(names, __file__=str(file))
    sys.modules[name] = module
    exec(compile(text, str(file), "exec"), module.__dict__)  # noqa: S102
    return module
