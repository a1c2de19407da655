"""A graph while it is being made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from vega_core.errors import ModelError, ShapeError, suggest
from vega_core.nn.graph import ControlSpec, Graph, Node
from vega_core.nn.initializers import Initializer
from vega_core.nn.ops.checks import ANY
from vega_core.nn.primitive import KINDS, ParameterSpec, Primitive
from vega_core.nn.shapes import TensorSpec, show

_RANDOM = ("seed", "step")
_OPTIMIZER = ("lr", "momentum", "weight_decay", "beta1", "beta2", "alpha", "eps", "clip_norm")
RESERVED: Final = frozenset((*_RANDOM, *_OPTIMIZER))
"""Names of controls that belong to the trainer and the optimizers."""

_MOST_NODES: Final = 250_000
"""Far beyond any network; a description of more would only fill the memory."""


class Draft:
    """The inputs, controls, parameters and nodes so far, and the specification of every value.

    Whoever emits says the names. A draft keeps values apart, and checks that what has one name is
    one thing.

    Args:
        graph: Where to start: its inputs and controls are there, and its nodes unless `nodes`
            is false.
        nodes: Whether to start with all of the graph.
    """

    def __init__(self, graph: Graph | None = None, *, nodes: bool = True) -> None:
        self.inputs: dict[str, TensorSpec] = dict(graph.inputs) if graph else {}
        self.controls: dict[str, ControlSpec] = dict(graph.controls) if graph else {}
        whole = graph if nodes else None
        self.parameters: dict[str, ParameterSpec] = dict(whole.parameters) if whole else {}
        self.nodes: list[Node] = list(whole.nodes) if whole else []
        self.specs: dict[str, TensorSpec] = dict(whole.specs if whole else self.inputs)
        self.specs.update((name, control.spec) for name, control in self.controls.items())
        self._old = {} if nodes or graph is None else graph.parameters
        self._constants = {name for name, spec in self._old.items() if spec.kind == "constant"}

    def input(self, name: str, spec: TensorSpec) -> None:
        """Adds a data input.

        Raises:
            ModelError: There is a value of that name.
        """
        if name in self.specs:
            raise ModelError(f"the graph has an input {name!r} already")
        self.specs[name] = self.inputs[name] = spec

    def control(self, name: str, control: ControlSpec) -> None:
        """Adds a control, or meets it again.

        Raises:
            ModelError: The name is taken or reserved, there is no such size or element type, or the
                control was another one before.
        """
        if name in RESERVED or (name in self.specs and name not in self.controls):
            raise ModelError(f"{name!r} is no free name for a control")
        if min(control.shape, default=1) < 1:
            raise ModelError(f"control {name!r} needs positive sizes: {show(control.shape)}")
        if control.dtype not in ANY:
            raise ModelError(
                f"control {name!r}: {control.dtype!r} is no element type: {', '.join(sorted(ANY))}"
            )
        known = self.controls.setdefault(name, control)
        if known != control:
            raise ModelError(f"control {name!r} is asked for twice, as {known} and as {control}")
        self.specs[name] = control.spec

    def add(
        self,
        base: str,
        op: Primitive,
        inputs: Sequence[str],
        params: Mapping[str, str],
        initializers: Mapping[str, Initializer | None],
        module: str,
        where: str,
    ) -> list[tuple[str, TensorSpec]]:
        """Adds a node and infers its outputs.

        Args:
            base: Its name, or what the next free ``<base>_<n>`` begins with.
            op: The operator.
            inputs: What it reads.
            params: Names of parameters by role; by default ``<base>.<role>``.
            initializers: How parameters begin, by role; by default as the operator says.
            module: Dotted name of the module that emits it.
            where: What an error about the inputs begins with.

        Returns:
            Name and specification of each output.

        Raises:
            ShapeError: The inputs do not fit, or a shared parameter has had another shape.
            ModelError: An attribute is malformed, or the graph grows without end.
        """
        arguments = [self.specs[name] for name in inputs]
        try:
            op = op.plain()
            outputs, wanted = op.infer(*arguments), op.parameters(*arguments)
        except ModelError as error:
            raise type(error)(f"{where}: {error}") from error.__cause__
        names = {role: params.get(role) or f"{base}.{role}" for role in wanted}
        for role, spec in wanted.items():
            if self._old and role not in params:
                self.check_fresh(names[role])
            if init := initializers.get(role):
                spec = ParameterSpec(spec.shape, init, spec.kind, spec.dtype)
            self._parameter(names[role], self._frozen(names[role], spec))
        node = Node(self._free(base), op, tuple(inputs), names, module)
        if len(self.nodes) >= _MOST_NODES:
            raise ModelError(f"the network has more than {_MOST_NODES} operators")
        self.nodes.append(node)
        made = [(node.value(place), spec) for place, spec in enumerate(outputs)]
        self.specs.update(made)
        return made

    def check_fresh(self, parameter: str) -> None:
        """Checks that a new parameter is not called as one of the graph that is left out.

        Raises:
            ModelError: It is.
        """
        if parameter in self._old:
            raise ModelError(
                f"the graph has a parameter {parameter!r} already; choose another name"
            )

    def freeze(self, parameter: str) -> None:
        """Makes a parameter that is to come a constant, whatever its operator says."""
        self._constants.add(parameter)

    def names(self) -> Iterator[str]:
        """Yields the names of all values and parameters."""
        yield from self.specs
        yield from self.parameters

    def graph(self, outputs: Mapping[str, str]) -> Graph:
        """Returns what has been made, as a graph with these outputs."""
        return Graph(
            self.inputs,
            self.controls,
            self.parameters,
            tuple(self.nodes),
            dict(outputs),
            self.specs,
        )

    def _frozen(self, name: str, spec: ParameterSpec) -> ParameterSpec:
        """Returns a specification in which what was made a constant before is one still."""
        return replace(spec, kind="constant") if name in self._constants and spec.trained else spec

    def _free(self, base: str) -> str:
        name, number = base, 1
        while name in self.specs:
            number += 1
            name = f"{base}_{number}"
        return name

    def _parameter(self, name: str, spec: ParameterSpec) -> None:
        """Adds a parameter, or shares it; it begins as at its first use."""
        if spec.kind not in KINDS:
            hint = suggest(str(spec.kind), KINDS) or f"; kinds are {', '.join(KINDS)}"
            raise ModelError(f"{name}: {spec.kind!r} is no kind of parameter{hint}")
        known = self.parameters.setdefault(name, spec)
        if known.shape != spec.shape:
            raise ShapeError(
                f"{name}: shared, with shape {show(known.shape)} at its first call and "
                f"{show(spec.shape)} at another"
            )
        if (known.kind, known.dtype) != (spec.kind, spec.dtype):
            raise ModelError(
                f"{name}: shared, as a {known.kind} of {known.dtype} at its first call and a "
                f"{spec.kind} of {spec.dtype} at another"
            )
