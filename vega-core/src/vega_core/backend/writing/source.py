"""The text of a graph's function, with the branches of choices as branches of Python."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vega_core.backend.writing.lifetimes import Lifetimes
from vega_core.backend.writing.site import Lowering, Site, literal
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.choices import Branch, branches
from vega_core.nn.graph import Graph, Node
from vega_core.nn.keys import node_key
from vega_core.nn.primitive import Primitive


class FunctionSource(ABC):
    """Writes ``forward(params, inputs, controls, key)`` of a graph whose modes are fixed.

    Controls and constants of shape () are Python numbers where an operator takes those, and
    tensors, made once at the top, elsewhere. A backend writes the underscore methods, which know
    nothing but their arguments; expressions may also name ``combined`` (`vega_core.nn.keys`).

    Args:
        graph: The graph.
        moving: Names of the statistics that move.
        by_row: Names of the tables whose gradients are of the rows that are looked up alone.

    Attributes:
        graph: The graph.
        text: The source.
        names: What it names beside the table's namespace: constant arrays and the functions of
            operators that plugins lower.
        chooses: Whether it branches on a control.

    Raises:
        ModelError: An operator has no lowering, or an attribute that is no plain value.
    """

    deletes = True
    """Whether a value is deleted after its last use, so that evaluation holds no more than it
    needs."""
    fresh: tuple[type[Primitive], ...] = ()
    """Operators whose output is a new array that their own gradient does not read."""

    def __init__(
        self,
        graph: Graph,
        moving: frozenset[str] = frozenset(),
        by_row: frozenset[str] = frozenset(),
    ) -> None:
        self.graph, self._moving, self._by_row = graph, moving, by_row
        self.chooses = any(isinstance(node.op, ops.Choice) for node in graph.nodes)
        self.names: dict[str, Any] = {}
        self._numbers: dict[str, str] = {}
        self._top: dict[str, str] = {}
        self._variables = self._name_values()
        self._params = {name: f"p{index}" for index, name in enumerate(graph.parameters)}
        self._branches = branches(graph)
        self._fresh = {node.name for node in graph.nodes if isinstance(node.op, self.fresh)}
        self._members: dict[Branch, list[Node]] = {}
        for node in graph.nodes:
            self._members.setdefault(self._branches[node.name], []).append(node)
        self._lifetimes = Lifetimes(graph, self._members)
        body = self._block((), "    ")
        returned = ", ".join(self._variables[value] for value in graph.outputs.values())
        body.append(f"    return ({returned},)")
        self.text = "\n".join([*self._head(body), *body, ""])

    def _name_values(self) -> dict[str, str]:
        """Names every value; of those that are numbers, says how they become tensors."""
        graph = self.graph
        variables = {name: f"x{index}" for index, name in enumerate(graph.inputs)}
        for index, (name, control) in enumerate(graph.controls.items()):
            variables[name] = f"c{index}"
            if not control.shape:
                variables[name], self._numbers[name] = f"t{index}", f"c{index}"
                self._top[f"t{index}"] = self._tensor(f"c{index}", control.dtype)
        for index, node in enumerate(graph.nodes):
            for place, value in enumerate(graph.values(node)):
                variables[value] = f"v{index}" if place == 0 else f"v{index}_{place}"
            if isinstance(node.op, ops.Constant):
                self._name_constant(node.name, node.op, index)
        return variables

    def _name_constant(self, name: str, op: ops.Constant, index: int) -> None:
        if isinstance(op.value, tuple):
            self.names[f"k{index}"] = self._fixed(op.value, op.dtype)
            self._top[f"v{index}"] = self._fixed_tensor(f"k{index}")
        else:
            self._numbers[name] = literal(_number(op.value, op.dtype))
            self._top[f"v{index}"] = self._tensor(self._numbers[name], op.dtype)

    def _head(self, body: list[str]) -> list[str]:
        """Returns what comes before the body: names of the arguments, and tensors that it reads."""
        graph, text = self.graph, "\n".join(body)
        used = set(re.findall(r"\b[tv]\d+\b", text))
        made = [f"    {name} = {text}" for name, text in self._top.items() if name in used]
        lines = ["def forward(params, inputs, controls, key):"]
        for target, names in (
            ("params", list(self._params.values())),
            ("inputs", [self._variables[name] for name in graph.inputs]),
            ("controls", [f"c{index}" for index in range(len(graph.controls))]),
        ):
            if names:
                lines.append(f"    ({', '.join(names)},) = {target}")
        opening = self._opening("\n".join((*made, text)))
        return [*lines, *(f"    {line}" for line in opening), *made]

    def _block(self, branch: Branch, indent: str) -> list[str]:
        """Returns the statements of the nodes that belong to a branch itself."""
        lines: list[str] = []
        for node in self._members.get(branch, []):
            if isinstance(node.op, ops.Choice):
                lines += self._choice(node, branch, indent)
            elif not isinstance(node.op, ops.Constant):
                results = ", ".join(self._variables[value] for value in self.graph.values(node))
                lines.append(f"{indent}{results} = {self._expression(node)}")
            lines += self._deleted(self._lifetimes.after.get(node.name, ()), indent)
        return lines

    def _deleted(self, values: Sequence[str], indent: str) -> list[str]:
        """Returns the statement that deletes values; numbers and constants stay."""
        if not self.deletes:
            return []
        names = [self._variables[value] for value in values if value not in self._numbers]
        names = [name for name in names if name not in self._top]
        return [f"{indent}del {', '.join(names)}"] if names else []

    def _choice(self, node: Node, branch: Branch, indent: str) -> list[str]:
        """Returns the branches of a choice; whoever calls the function has checked the number."""
        index, *chosen = node.inputs
        last = len(chosen) - 1
        deeper = f"{indent}    " if last else indent
        result, number = self._variables[node.name], self._numbers[index]
        lines: list[str] = []
        for place, value in enumerate(chosen):
            inside = (*branch, (node.name, place))
            if place < last:
                lines.append(f"{indent}{'elif' if place else 'if'} {number} == {place}:")
            elif last:
                lines.append(f"{indent}else:")
            lines += self._deleted(self._lifetimes.at_start.get(inside, ()), deeper)
            lines += self._block(inside, deeper)
            lines.append(f"{deeper}{result} = {self._variables[value]}")
            lines += self._deleted(self._lifetimes.at_end.get(inside, ()), deeper)
        return lines

    def _expression(self, node: Node) -> str:
        site = self._site(node)
        lowering = self._lowerings.get(type(node.op))
        try:
            return self._called(node, site) if lowering is None else lowering(node.op, site)
        except ModelError as error:
            raise ModelError(f"{node.name}: {error}") from error

    def _site(self, node: Node) -> Site:
        graph, dead = self.graph, self._lifetimes.after.get(node.name, ())
        first = node.inputs[0] if node.inputs else ""
        # One reader only: a second might have kept a view, which overwriting would change.
        fresh = (
            first in dead
            and first in self._fresh
            and self._lifetimes.reads_alone(first, self._branches[node.name])
        )
        return Site(
            [self._variables[name] for name in node.inputs],
            {role: self._params[name] for role, name in node.params.items()},
            [graph.specs[name] for name in node.inputs],
            frozenset(role for role, name in node.params.items() if name in self._moving),
            self._key(node),
            fresh,
            [self._numbers.get(name) for name in node.inputs],
            frozenset(role for role, name in node.params.items() if name in self._by_row),
        )

    def _called(self, node: Node, site: Site) -> str:
        """Returns a call of the function that an operator's own package gives."""
        name = f"f{len(self.names)}"
        self.names[name] = self._foreign(node.op)
        params = ", ".join(
            f"{role!r}: {self._copied(text) if self._rests(node, role) else text}"
            for role, text in site.params.items()
        )
        return f"{name}(({''.join(f'{x}, ' for x in site.inputs)}), {{{params}}}, {site.key})"

    def _rests(self, node: Node, role: str) -> bool:
        """Whether a parameter is a statistic that does not move."""
        name = node.params[role]
        return self.graph.parameters[name].kind == "statistic" and name not in self._moving

    @property
    @abstractmethod
    def _lowerings(self) -> Mapping[type[Primitive], Lowering]:
        """Lowering by operator type."""

    @abstractmethod
    def _foreign(self, op: Primitive) -> Callable[..., Any]:
        """Returns the function of an operator that the table lacks.

        It is called with the inputs in order, the parameters by role, and the node's key.

        Raises:
            ModelError: There is none.
        """

    @abstractmethod
    def _tensor(self, number: str, dtype: str) -> str:
        """Returns the expression of a tensor of shape (), given that of a Python number."""

    @abstractmethod
    def _fixed(self, value: Any, dtype: str) -> Any:
        """Returns what holds a constant array, given as nested tuples."""

    @abstractmethod
    def _fixed_tensor(self, name: str) -> str:
        """Returns the expression of a constant array's tensor, given the name of what holds it."""

    @abstractmethod
    def _copied(self, parameter: str) -> str:
        """Returns the expression of a copy of a statistic that must not move."""

    def _key(self, node: Node) -> str:
        """Returns the expression of what a node draws from."""
        return f"combined(key, {node_key(node.name)})"

    def _opening(self, text: str) -> Sequence[str]:  # noqa: ARG002
        """Returns statements that the function begins with, given those that follow."""
        return ()


def _number(value: Any, dtype: str) -> Any:
    return bool(value) if dtype == "bool" else int(value) if "int" in dtype else value
