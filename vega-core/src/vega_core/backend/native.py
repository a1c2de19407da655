"""Modules of a framework's own in a graph: ``torch:my_package.MyNet`` as one node.

The store, optimizers, losses, checkpoints and the hand-over work with such a graph as with any
other; what needs to look inside (rewrites, supernets, export, multiply-adds) does not. The node
holds the module's class itself, which no saved form does: so a graph that was read back never
imports code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from typing_extensions import Self

from vega_core.arrays import Array
from vega_core.errors import DescriptionError, ModelError, ShapeError
from vega_core.nn.graph import Graph, Node
from vega_core.nn.primitive import Call, Kind, Mode, ParameterSpec, Primitive
from vega_core.nn.shapes import Shape, TensorSpec
from vega_core.nn.sources import GraphSource


@dataclass(frozen=True)
class Recipe:
    """How a module is made: its class, or a function that makes one, and the arguments.

    Attributes:
        name: What a configuration calls it: ``torch:my_package.MyNet``.
        component: The class.
        arguments: Keyword arguments, as canonical JSON.
    """

    name: str
    component: Any = field(repr=False)
    arguments: str = "{}"

    def make(self) -> Any:
        """Returns a new module.

        Raises:
            DescriptionError: Its constructor does not take the arguments, or fails.
        """
        try:
            return self.component(**json.loads(self.arguments))
        except Exception as error:
            raise DescriptionError(
                f"{self.name} cannot be made of the arguments {self.arguments}: "
                f"{type(error).__name__}: {error}"
            ) from error


@dataclass(frozen=True)
class Outline:
    """What a module looks like from outside.

    Attributes:
        parameters: Specification of each parameter and of the buffers that are saved.
        outputs: Specification of each output by name.
    """

    parameters: Mapping[str, ParameterSpec]
    outputs: Mapping[str, TensorSpec]


@dataclass(frozen=True)
class Native(Primitive):
    """A module of a framework's own; lowered by that framework's backend alone.

    Attributes:
        recipe: Makes the module; no part of what is saved.
        name: What a configuration calls it.
        arguments: Arguments of its constructor, as canonical JSON.
        given: Names under which it takes its inputs; empty for one by position.
        inputs: Shape and element type of each input.
        outputs: Name, shape and element type of each output.
        weights: Name, shape, kind and element type of each parameter and buffer.
        mode: Fixed here, or None: as the graph runs.
    """

    counted: ClassVar[bool] = False

    recipe: Recipe = field(compare=False, repr=False)
    name: str
    arguments: str
    given: tuple[str, ...]
    inputs: tuple[tuple[Shape, str], ...]
    outputs: tuple[tuple[str, Shape, str], ...]
    weights: tuple[tuple[str, Shape, Kind, str], ...]
    mode: Mode | None = None

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        wanted = tuple(TensorSpec(shape, dtype) for shape, dtype in self.inputs)
        if inputs != wanted:
            raise ShapeError(
                f"{self.name} was made for {', '.join(map(str, wanted))}, and got "
                f"{', '.join(map(str, inputs))}"
            )
        return tuple(TensorSpec(shape, dtype) for _, shape, dtype in self.outputs)

    def parameters(self, *_inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        return {
            name: ParameterSpec(shape, kind=kind, dtype=dtype)
            for name, shape, kind, dtype in self.weights
        }

    def in_mode(self, mode: Mode) -> Native:
        return self if self.mode else replace(self, mode=mode)

    def reference(self, call: Call) -> tuple[Array, ...]:  # noqa: ARG002
        raise ModelError(f"{self.name} runs in its own framework alone")

    def attributes(self) -> dict[str, Any]:
        return {name: value for name, value in super().attributes().items() if name != "recipe"}

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """Refuses: code is named by a user's own configuration, never by what was saved."""
        raise ModelError(
            f"a saved graph holds the module {attributes.get('name')!r} of a framework's own, "
            "which only a description in a configuration may name"
        )


class NativeNetwork(GraphSource):
    """The network of a description such as ``{type: "torch:my_package.MyNet", hidden: 32}``.

    Attributes:
        recipe: Makes the module.
        outline: Finds out what it looks like; see `vega_core.backend.Backend`.
    """

    recipe: Recipe
    outline: Callable[[Recipe, Mapping[str, TensorSpec]], Outline] = field(repr=False)

    def graph(self, inputs: Mapping[str, TensorSpec]) -> Graph:
        found = self.outline(self.recipe, inputs)
        op = Native(
            self.recipe,
            self.recipe.name,
            self.recipe.arguments,
            tuple(inputs) if len(inputs) > 1 else (),
            tuple((spec.shape, spec.dtype) for spec in inputs.values()),
            tuple((name, spec.shape, spec.dtype) for name, spec in found.outputs.items()),
            tuple((n, spec.shape, spec.kind, spec.dtype) for n, spec in found.parameters.items()),
        )
        node = Node("module", op, tuple(inputs), {name: name for name in found.parameters})
        values = {name: node.value(place) for place, name in enumerate(found.outputs)}
        specs = {values[name]: spec for name, spec in found.outputs.items()}
        return Graph(inputs, {}, found.parameters, (node,), values, {**inputs, **specs})

    def identity(self) -> Mapping[str, Any]:
        return {"name": self.recipe.name, "arguments": self.recipe.arguments}
