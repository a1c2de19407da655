"""One way to use an operator, which every backend must compute as the reference does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from vega_core.arrays import Array
from vega_core.nn.graph import Graph
from vega_core.nn.module import Network
from vega_core.nn.networks import trace
from vega_core.nn.primitive import Mode, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, with_batch
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current

Arrays: TypeAlias = dict[str, Array]


class Single(Network):
    """A network of one operator; its outputs are ``output``, ``output_1``, and so on."""

    op: Primitive

    def forward(self, *inputs: Tensor, **named: Tensor) -> Mapping[str, Tensor]:
        results = current().emit(self.op, (*inputs, *named.values()))
        return {f"output_{i}" if i else "output": tensor for i, tensor in enumerate(results)}


@dataclass(frozen=True)
class OperatorCase:
    """An operator, and inputs to run it on.

    Attributes:
        name: Unique in its family, as people say it: ``max pool, dilated``.
        op: The operator.
        shapes: Shape of each input; -k is k times the batch size.
        dtypes: Element type of each input; all float32 by default.
        batch: The batch size.
        low: Where values of floats begin.
        high: Where they end.
        integers: Values of integers: from the first to before the second.
        mode: The mode in which the operator runs, where its own is open.
        differentiable: Places of the inputs that have a gradient; by default all of floats.
        given: Inputs that are not drawn: their place, and nested tuples of their values.
    """

    name: str
    op: Primitive
    shapes: tuple[Shape, ...] = ()
    dtypes: tuple[str, ...] = ()
    batch: int = 3
    low: float = -2.0
    high: float = 2.0
    integers: tuple[int, int] = (0, 3)
    mode: Mode = "train"
    differentiable: tuple[int, ...] | None = None
    given: tuple[tuple[int, Any], ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def specs(self) -> dict[str, TensorSpec]:
        """Specification of each input by name: ``a``, ``b``, and so on."""
        dtypes = self.dtypes or ("float32",) * len(self.shapes)
        return {
            chr(ord("a") + place): TensorSpec(shape, dtype)
            for place, (shape, dtype) in enumerate(zip(self.shapes, dtypes, strict=True))
        }

    @property
    def differentiated(self) -> tuple[str, ...]:
        """Names of the inputs that have a gradient."""
        floats = [spec.dtype.startswith("float") for spec in self.specs.values()]
        places = self.differentiable
        if places is None:
            places = tuple(place for place, is_float in enumerate(floats) if is_float)
        return tuple(name for place, name in enumerate(self.specs) if place in places)

    def graph(self) -> Graph:
        """Returns the graph of the operator alone."""
        return trace(Single(self.op), self.specs)

    def arrays(self, seed: int = 0) -> tuple[Arrays, Arrays]:
        """Returns inputs and parameters by name, floats in float64.

        The floats of an input are all different and evenly spread, so that none is near a kink:
        a tie, or a simple number.
        """
        rng = np.random.default_rng(seed)
        inputs = {name: self._drawn(spec, rng) for name, spec in self.specs.items()}
        for place, values in self.given:
            name = list(inputs)[place]
            inputs[name] = np.asarray(values, inputs[name].dtype)
        params: Arrays = {}
        for name, spec in self.graph().parameters.items():
            params[name] = np.asarray(rng.standard_normal(spec.shape))
            if name.endswith("_var"):
                params[name] = np.exp(params[name])
        return inputs, params

    def _drawn(self, spec: TensorSpec, rng: np.random.Generator) -> Array:
        shape = with_batch(spec.shape, self.batch)
        if spec.dtype == "bool":
            return np.asarray(rng.random(shape) < 0.5)
        if not spec.dtype.startswith("float"):
            return np.asarray(rng.integers(*self.integers, shape)).astype(spec.dtype)
        size = math.prod(shape)
        places = (rng.permutation(size).reshape(shape) + 0.47) / max(size, 1)
        return np.asarray(self.low + (self.high - self.low) * places)
