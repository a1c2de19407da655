"""What an operator's ONNX form sees of its node, and how it writes itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vega_core.exchange.onnx.writer import Writer
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import TensorSpec


@dataclass(frozen=True)
class Site:
    """One node of a graph on its way to ONNX.

    A form is a function ``form(op, site)`` that ends with one call of `result`, and may `emit`
    nodes and hold a `constant` before it:

        def swish(op, site):
            (x,) = site.inputs
            site.result("Mul", x, site.emit("Sigmoid", x))

    Values are names. The operator's outputs have the names and shapes of the graph's.

    Attributes:
        inputs: Name of each input.
        params: Name of each parameter by role, as `vega_core.nn.Primitive.parameters` gives it.
        specs: Specification of each input.
        results: Specification of each output.
        opset: The version of ONNX's operators that is written.
        name: The node's name; what is emitted is named below it.
        outputs: Name of each output.
        writer: Collects what is written.
    """

    inputs: Sequence[str]
    params: Mapping[str, str]
    specs: Sequence[TensorSpec]
    results: Sequence[TensorSpec]
    opset: int
    name: str
    outputs: Sequence[str]
    writer: Writer

    def result(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> None:
        """Writes the node that gives the operator's outputs.

        Args:
            kind: ONNX's name of the operator.
            *inputs: Names of values; an empty one is an optional input left out.
            domain: The domain of an operator that is not ONNX's own.
            **attributes: Its attributes; those that are None are left out.
        """
        self.writer.node(kind, inputs, self.outputs, self.name, domain, attributes)

    def emit(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Writes a node on the way to the result, and returns the name of its output."""
        name = self.writer.fresh(f"{self.name}/{kind}")
        self.writer.node(kind, inputs, [name], name, domain, attributes)
        return name

    def constant(self, value: npt.ArrayLike, dtype: str = "int64") -> str:
        """Holds an array of numbers in the file, and returns its name."""
        name = self.writer.fresh(f"{self.name}/constant")
        return self.writer.hold(name, np.asarray(value, dtype))

    def type(self, dtype: str) -> int:
        """Returns ONNX's number of an element type, as its attributes take it."""
        return self.writer.type(dtype)

    def whole(self, value: int | Sequence[int]) -> str:
        """Holds whole numbers as ONNX takes axes, sizes and repeats: int64, in one axis."""
        return self.constant([value] if isinstance(value, int) else list(value))


Form: TypeAlias = Callable[[Any, Site], None]
"""The ONNX form of an operator."""
Forms: TypeAlias = Mapping[type[Primitive], Form]
"""Form by operator type."""


def renamed(kind: str, *attributes: str) -> Form:
    """Returns the form of an operator that ONNX has as it is.

    Args:
        kind: ONNX's name of it.
        *attributes: Attributes that have the same names and meanings there.
    """

    def form(op: Any, site: Site) -> None:
        site.result(kind, *site.inputs, **{name: getattr(op, name) for name in attributes})

    return form
