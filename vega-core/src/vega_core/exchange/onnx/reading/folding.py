"""Computing what is known when a file is read, within bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.sizes import divided
from vega_core.exchange.onnx.reading.values import Known, known
from vega_core.nn import ops
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec

_MOST_ELEMENTS: Final = 2**20
"""Of one array that is computed."""
_BUDGET: Final = 2**23
"""Elements of all of them."""

_MOVES: Final = (
    ops.Concat,
    ops.Expand,
    ops.Flatten,
    ops.Gather,
    ops.Identity,
    ops.ReduceProd,
    ops.ReduceSum,
    ops.Reshape,
    ops.Slice,
    ops.Split,
    ops.Squeeze,
    ops.Transpose,
    ops.Unsqueeze,
    ops.Where,
)
"""Operators whose reference works on objects too."""
_ARITHMETIC: Final[Mapping[type[Primitive], Callable[[Any, Any], Any]]] = {
    ops.Add: np.add,
    ops.Sub: np.subtract,
    ops.Mul: np.multiply,
    ops.Div: np.frompyfunc(divided, 2, 1),
}


class Folding:
    """Computes operators on known numbers, until a budget is spent."""

    def __init__(self) -> None:
        self._left = _BUDGET

    def fold(self, op: Primitive, inputs: Sequence[Known]) -> tuple[Known, ...] | None:
        """Returns the outputs, or None where the batch size makes them unknown.

        Raises:
            ModelError: The inputs do not fit, or the outputs are too large to be made here.
        """
        specs = op.infer(*[value.spec for value in inputs])
        self._check(specs)
        if not any(value.symbolic for value in inputs):
            arrays = op.reference(Call([value.array for value in inputs], {}))
            return tuple(known(np.asarray(array)) for array in arrays)
        with np.errstate(all="ignore"):
            found = _symbolic(op, [value.array for value in inputs])
        if found is None:
            return None
        return tuple(map(_plain, found, specs))

    def _check(self, specs: Sequence[TensorSpec]) -> None:
        """Counts arrays that are about to be made.

        Raises:
            ModelError: They are too large.
        """
        for spec in specs:
            count = math.prod(spec.shape)
            self._left -= count
            if not 0 <= count <= _MOST_ELEMENTS or self._left < 0:
                raise ModelError(f"a constant {spec}, or all of them together, is too large")


def _symbolic(op: Primitive, arrays: Sequence[Array]) -> Sequence[Array] | None:
    if isinstance(op, ops.Cast):
        return arrays if np.dtype(op.dtype).kind in "iuf" else None
    if isinstance(op, ops.Equal):
        a, b = np.broadcast_arrays(*arrays)
        equal = [one == other for one, other in zip(a.ravel(), b.ravel(), strict=True)]
        return (np.array(equal, bool).reshape(a.shape),)
    try:
        if type(op) in _ARITHMETIC:
            wide = [array.astype(object) for array in arrays]
            return (np.asarray(_ARITHMETIC[type(op)](*wide), object),)
        if isinstance(op, _MOVES):
            return op.reference(Call(_as_objects(op, arrays), {}))
    except (ModelError, TypeError):  # the batch times itself, or divided
        return None
    return None


def _as_objects(op: Primitive, arrays: Sequence[Array]) -> Sequence[Array]:
    """Returns arrays of objects, but for indices and conditions."""
    if isinstance(op, ops.Gather):
        return arrays[0].astype(object), arrays[1]
    if isinstance(op, ops.Where):
        return arrays[0], *(array.astype(object) for array in arrays[1:])
    return [array.astype(object) for array in arrays]


def _plain(array: Array, spec: TensorSpec) -> Known:
    """Returns numbers of which none may be of the batch any more, as numbers."""
    array = np.asarray(array)
    if array.dtype == object and all(isinstance(one, (int, float)) for one in array.ravel()):
        array = array.astype(spec.dtype)
    return Known(array, spec.dtype)
