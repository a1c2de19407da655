"""The network of a description such as ``{type: Onnx, file: model.onnx}``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from vega_core.errors import ModelError, ShapeError
from vega_core.exchange.onnx.names import Names
from vega_core.exchange.onnx.reading.model import MAX_BYTES, Input, Model, parsed
from vega_core.exchange.onnx.reading.names import dotted
from vega_core.exchange.onnx.reading.reader import FAULTS, read_graph
from vega_core.exchange.onnx.reading.tensors import Stored, stored
from vega_core.nn.files import digest, read
from vega_core.nn.graph import Graph
from vega_core.nn.shapes import BATCH, TensorSpec, show
from vega_core.nn.sources import GraphSource


class Onnx(GraphSource):
    """A network from an ONNX file, whose parameters begin with the file's values.

    Inputs may have other sizes than the file says, as far as its shapes allow. Operators of the
    core stand for ONNX's; overrides set their attributes by the names of the nodes.

    Attributes:
        file: The file, relative to the description's folder.
        sha256: SHA-256 of the file; one with another is refused.
    """

    resizable: ClassVar[bool] = True

    file: Path
    sha256: str | None = None

    def graph(self, inputs: Mapping[str, TensorSpec]) -> Graph:
        data = read(self.file, self.sha256, MAX_BYTES)
        with _of(self.file):
            model = parsed(data)
            specs = _fitting(model.inputs, inputs)
            known = (self.sha256 or digest(data)).lower()[:16]
            return read_graph(model, _arrays(model, self.file.parent), specs, known)

    def identity(self) -> Mapping[str, Any]:
        return {"sha256": self.sha256 or digest(read(self.file, None, MAX_BYTES))}

    def declared(self) -> Mapping[str, TensorSpec]:
        data = read(self.file, self.sha256, MAX_BYTES)
        with _of(self.file):
            inputs = parsed(data).inputs
            specs = {}
            for name, one in zip(_names(inputs), inputs, strict=True):
                sizes = one.shape[1:] if one.shape else None
                if sizes is None or not all(sizes):
                    return {}
                specs[name] = TensorSpec((BATCH, *(size or 0 for size in sizes)), one.dtype)
        return specs


@contextmanager
def _of(file: Path) -> Iterator[None]:
    """Puts the file in front of errors, and makes typed ones of what a damaged file raises."""
    try:
        yield
    except ModelError as error:
        raise type(error)(f"{file}: {error}") from error.__cause__
    except FAULTS as error:
        raise ModelError(f"{file}: the file is damaged: {error!r}") from error


def _names(inputs: Sequence[Input]) -> list[str]:
    names = Names()
    return [names.fresh(dotted(one.name) or "input") for one in inputs]


def _fitting(inputs: Sequence[Input], given: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
    """Returns the specification of each input of a file, in its order.

    Raises:
        ModelError: It takes others.
        ShapeError: One has another element type or number of axes.
    """
    names = _names(inputs)
    if len(names) == len(given) == 1:
        given = dict(zip(names, given.values(), strict=True))
    if set(names) != set(given):
        raise ModelError(
            f"the model takes the inputs {', '.join(names) or 'none'}, and was given "
            f"{', '.join(given)}"
        )
    for name, one in zip(names, inputs, strict=True):
        spec = given[name]
        axes = len(spec.shape) if one.shape is None else len(one.shape)
        if (spec.dtype, len(spec.shape)) != (one.dtype, axes):
            sizes = show([BATCH, *(0 if s is None else s for s in (one.shape or ())[1:])])
            raise ShapeError(f"input {name!r} is {sizes} {one.dtype}, and got {spec}")
    return {name: given[name] for name in names}


def _arrays(model: Model, folder: Path) -> dict[str, Stored]:
    """Returns the arrays of a file by name.

    Raises:
        ModelError: One is malformed; names it.
    """
    if model.graph.sparse_initializer:
        raise ModelError("sparse arrays are not read")
    arrays = {}
    for tensor in model.graph.initializer:
        try:
            arrays[tensor.name] = stored(model.onnx, tensor, folder)
        except ModelError as error:
            raise ModelError(f"array {tensor.name!r}: {error}") from error
    return arrays
