"""One case of an operator, made into a graph that the public contract can differentiate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np

from vega_core import nn
from vega_core.arrays import Array
from vega_core.nn import ops
from vega_core.nn.primitive import Mode
from vega_core.nn.reference import Evaluation, evaluate
from vega_core.nn.shapes import Shape, with_batch
from vega_core.nn.tracing import current
from vega_core.testing.operators import OperatorCase

Arrays = dict[str, Array]


class _Moved(nn.Network):
    """An operator on inputs ``a + a_scale * a_offset``, and a loss that is linear in its outputs.

    The offsets are parameters of value 0, so their gradients are those of the inputs, weighted by
    sample. What is weighted by ``output_weight`` adds up to the loss.
    """

    op: nn.Primitive
    names: tuple[str, ...]
    offsets: Mapping[str, nn.TensorSpec]
    outputs: tuple[str, ...]
    weights: tuple[str, ...]

    def forward(self, *alone: nn.Tensor, **named: nn.Tensor) -> dict[str, nn.Tensor]:
        data = named or dict(zip(self.names, alone, strict=True))
        inputs = [self._moved(name, data) for name in self.names]
        made = dict(zip(self.outputs, current().emit(self.op, inputs), strict=True))
        parts = [
            made[name].apply(ops.Mul(), data[f"{name}_weight"]).apply(ops.ReduceSum(None, False))
            for name in self.weights
        ]
        return {**made, "loss": reduce(add, parts)} if parts else made

    def _moved(self, name: str, data: Mapping[str, nn.Tensor]) -> nn.Tensor:
        if name not in self.offsets:
            return data[name]
        spec = self.offsets[name]
        offset = nn.parameter(f"{name}_offset", spec.shape, dtype=spec.dtype)
        return data[name] + data[f"{name}_scale"] * offset


@dataclass(frozen=True)
class Probe:
    """A case and the arrays to run it on.

    Attributes:
        case: The case.
        graph: The operator with movable inputs; it has the output ``loss`` where something can be
            differentiated.
        params: Parameters, of the element types of the graph.
        batch: Inputs, of the element types of the graph.
    """

    case: OperatorCase
    graph: nn.Graph
    params: Arrays
    batch: Arrays

    @property
    def differentiated(self) -> tuple[str, ...]:
        """Names of the parameters that have a gradient: offsets, and the operator's own."""
        if "loss" not in self.graph.outputs:
            return ()
        return tuple(name for name, spec in self.graph.parameters.items() if spec.trained)

    def reference(self, mode: Mode, changed: Mapping[str, Array] | None = None) -> Evaluation:
        """Runs the case in NumPy and float64, with other parameters where some are given."""
        params = {name: _exact(array) for name, array in self.params.items()}
        batch = {name: _exact(array) for name, array in self.batch.items()}
        return evaluate(self.graph, {**params, **(changed or {})}, batch, mode=mode)

    def elsewhere(self) -> Probe:
        """Returns the case on other inputs, whose largest and smallest elements differ too."""
        other = probe(self.case, seed=1).batch
        smaller = {n: a * 0.9 if a.dtype.kind == "f" else a for n, a in other.items()}
        return replace(self, batch=smaller)


def probe(case: OperatorCase, *, float64: bool = False, seed: int = 0) -> Probe:
    """Returns a case with movable inputs.

    Args:
        case: The case.
        float64: Whether all floats are of 64 bits; else of 32.
        seed: What the arrays are drawn from.
    """
    alone = case.graph()
    op = case.op if case.mode == "train" else case.op.in_mode("eval")
    data = {name: _sized(spec, float64) for name, spec in case.specs.items()}
    outputs = {name: _sized(alone.specs[value], float64) for name, value in alone.outputs.items()}
    floats = tuple(name for name, spec in outputs.items() if spec.dtype.startswith("float"))
    trained = any(spec.trained for spec in alone.parameters.values())
    differentiable = bool(floats) and (trained or bool(case.differentiated))
    moved = {name: data[name] for name in case.differentiated} if differentiable else {}
    weights = floats if differentiable else ()
    specs = {
        **data,
        **{f"{name}_scale": _fitted(spec, batched=True) for name, spec in moved.items()},
        **{f"{name}_weight": outputs[name] for name in weights},
    }
    offsets = {name: _fitted(spec, batched=False) for name, spec in moved.items()}
    network = _Moved(op, tuple(case.specs), offsets, tuple(outputs), weights)
    graph = nn.trace(network, specs)
    arrays, own = case.arrays(seed)
    rng = np.random.default_rng(seed + 1000)
    batch = {
        name: arrays.get(name, rng.uniform(0.5, 1.5, with_batch(s.shape, case.batch)))
        for name, s in specs.items()
    }
    params = {name: own.get(name, np.zeros(spec.shape)) for name, spec in graph.parameters.items()}
    kinds = {name: spec.dtype for name, spec in graph.parameters.items()}
    return Probe(
        case,
        graph,
        {name: array.astype(kinds[name]) for name, array in params.items()},
        {name: array.astype(specs[name].dtype) for name, array in batch.items()},
    )


def _sized(spec: nn.TensorSpec, float64: bool) -> nn.TensorSpec:
    return replace(spec, dtype="float64") if float64 and spec.dtype == "float32" else spec


def _fitted(spec: nn.TensorSpec, *, batched: bool) -> nn.TensorSpec:
    """Returns the axes that belong to the batch, or the others alone; the rest are 1."""
    shape: Shape = tuple(size if (size < 0) == batched else 1 for size in spec.shape)
    return replace(spec, shape=shape)


def _exact(array: Array) -> Array:
    return array.astype(np.float64) if array.dtype.kind == "f" else array
