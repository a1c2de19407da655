"""Networks that give their graph themselves, instead of a forward that is traced."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, ClassVar, Protocol, final

from vega_core.errors import ModelError, ShapeError
from vega_core.nn.files import digest, read
from vega_core.nn.graph import Graph
from vega_core.nn.module import Network
from vega_core.nn.serial import graph_from_dict
from vega_core.nn.shapes import TensorSpec, show
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import Tracer, current


class Loader(Protocol):
    """What finds a component's class: a catalog, or a worker's table of targets.

    It knows what is installed and what the user's own configuration has named; a description that
    was read back from a run, a checkpoint or a file names no code.
    """

    def load(self, kind: str, name: str, /) -> Any:
        """Returns the class that ``name`` means among components of ``kind``."""


class GraphSource(Network, ABC):
    """Base of networks that have a graph from elsewhere: from a file, or another framework.

    A component of kind ``network``. Its fields are the parameters of its description; a field
    annotated as `pathlib.Path` is a file, whose path has been checked. Inside a model of several
    parts it takes what the part before it gives.

    Attributes:
        resizable: Whether parameters may have another shape than in the graph, as after an override
            of channels; they begin anew then.
        catalog: Finds operators and whatever else the graph needs by name.
    """

    overridable: ClassVar[tuple[str, ...]] = ("mode",)
    resizable: ClassVar[bool] = False

    catalog: Loader | None = field(
        default=None, kw_only=True, repr=False, compare=False, metadata={"configured": False}
    )

    @abstractmethod
    def graph(self, inputs: Mapping[str, TensorSpec]) -> Graph:
        """Returns the graph.

        Args:
            inputs: Specification of each input. A single one may have any name.

        Returns:
            A graph whose inputs have the same names, unless there is only one.

        Raises:
            ModelError: The graph cannot be had.
            ShapeError: It does not fit the inputs.
        """

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """Returns plain data that are equal where the graph is, for the description's hash."""

    def declared(self) -> Mapping[str, TensorSpec]:
        """Returns the inputs that the graph itself is for; empty where it does not say them.

        Raises:
            ModelError: The graph cannot be had.
        """
        return {}

    @final
    def forward(self, *args: Tensor, **kwargs: Tensor) -> dict[str, Tensor]:
        given = {f"input_{place}": tensor for place, tensor in enumerate(args)}
        if twice := given.keys() & kwargs.keys():
            raise ModelError(f"{min(twice)!r} is given by position and by name")
        given.update(kwargs)
        graph = self.graph({name: tensor.spec for name, tensor in given.items()})
        if len(given) == len(graph.inputs) == 1:
            given = dict(zip(graph.inputs, given.values(), strict=True))
        if set(given) != set(graph.inputs):
            raise ModelError(
                f"the graph takes the inputs {', '.join(graph.inputs)}, and was given "
                f"{', '.join(given)}"
            )
        for name, tensor in given.items():
            wanted = graph.inputs[name]
            if (tensor.dtype, len(tensor.shape)) != (wanted.dtype, len(wanted.shape)):
                raise ShapeError(f"the graph's input {name!r} is {wanted}, and got {tensor.spec}")
        return embedded(current(), graph, given, resizable=self.resizable)


class GraphFile(GraphSource):
    """A graph from a file that `vega_core.nn.graph_to_dict` has filled, as JSON.

    Inputs may have other sizes than the file says, as long as every parameter keeps its shape.

    Attributes:
        file: The file, relative to the description's folder.
        sha256: SHA-256 of the file; one with another is refused.
    """

    file: Path
    sha256: str | None = None

    def graph(self, inputs: Mapping[str, TensorSpec]) -> Graph:  # noqa: ARG002
        text = read(self.file, self.sha256)
        try:
            data = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{self.file} is no graph in JSON: {error}") from error
        catalog = self.catalog
        find = None if catalog is None else lambda kind: catalog.load("operator", kind)
        try:
            return graph_from_dict(data, find)
        except ModelError as error:
            raise type(error)(f"{self.file}: {error}") from error

    def identity(self) -> Mapping[str, Any]:
        return {"sha256": self.sha256 or digest(read(self.file, None))}


def embedded(
    tracer: Tracer, graph: Graph, inputs: Mapping[str, Tensor], *, resizable: bool = False
) -> dict[str, Tensor]:
    """Emits a whole graph as the body of the calling module; returns its outputs.

    Overrides set attributes of its operators, by the nodes' names.

    Args:
        tracer: The trace under way.
        graph: The graph; its names are put inside the module's.
        inputs: What stands for each of its inputs.
        resizable: Whether parameters may have another shape than in the graph.

    Raises:
        ShapeError: A parameter would change its shape, or an operator does not fit.
    """
    frame = tracer.frame
    values = dict(inputs)
    for name, control in graph.controls.items():
        values[name] = tracer.control(name, control)
    for name, spec in graph.parameters.items():
        if spec.kind == "constant":
            tracer.draft.freeze(frame.inside(name))
    for node in graph.nodes:
        op = tracer.overridden(node.op, frame.inside(node.owner))
        results = tracer.add(
            frame.inside(node.name),
            op if frame.mode is None else op.in_mode(frame.mode),
            [values[name] for name in node.inputs],
            {role: frame.inside(name) for role, name in node.params.items()},
            {role: graph.parameters[name].init for role, name in node.params.items()},
            frame.inside(node.module) if node.module else frame.path,
        )
        for name in node.params.values():
            old, new = graph.parameters[name], tracer.draft.parameters.get(frame.inside(name))
            if new is not None and old.shape != new.shape and not resizable:
                raise ShapeError(
                    f"{name} is {show(old.shape)} in the graph, and would be {show(new.shape)} "
                    "for these inputs"
                )
        outputs = graph.values(node)
        if len(results) != len(outputs):
            raise ModelError(f"{node.name} gave {len(outputs)} outputs, and would {len(results)}")
        values.update(zip(outputs, results, strict=True))
    return {name: values[value] for name, value in graph.outputs.items()}


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
