"""Whether an operator's shape rule says what its reference does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vega_core.errors import ShapeError
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec, with_batch
from vega_core.testing.compare import require


def obeys(
    op: Primitive, inputs: Sequence[TensorSpec], batch: int = 2, values: tuple[int, int] = (0, 3)
) -> bool:
    """Runs the reference on arrays that the rule accepts; returns whether it accepts them.

    The outputs must have the shapes and element types of the rule, and the inputs stay as they
    were. What the rule does not accept, it must refuse with a `ShapeError`.

    Args:
        op: The operator.
        inputs: What it may or may not take.
        batch: The batch size.
        values: The numbers in the arrays: from the first to before the second.

    Raises:
        AssertionError: Rule and reference differ.
    """
    try:
        outputs = op.infer(*inputs)
    except ShapeError:
        return False
    rng = np.random.default_rng(0)
    params = {
        role: s.init(rng, s.shape).astype(s.dtype) for role, s in op.parameters(*inputs).items()
    }
    arrays = [rng.integers(*values, with_batch(s.shape, batch)).astype(s.dtype) for s in inputs]
    before = [array.copy() for array in arrays]
    with np.errstate(all="ignore"):
        results = op.reference(Call(arrays, params))
    expected = [(with_batch(spec.shape, batch), spec.dtype) for spec in outputs]
    found = [(array.shape, array.dtype.name) for array in results]
    require(found == expected, f"{op} on {inputs} gives {found}, and its rule says {expected}")
    same = all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))
    require(same, f"{op} changes its inputs")
    return True
