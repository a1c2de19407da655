"""Other shapes of the same elements: with the batch anywhere, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, Shape, TensorSpec, batched


@pytest.mark.parametrize(
    ("op", "shape", "result"),
    [
        (ops.Flatten(2), (BATCH, 3, 4), (-3, 4)),
        (ops.Flatten(0), (BATCH, 3), (1, -3)),
        (ops.Flatten(1), (BATCH, 2, BATCH), (BATCH, -2)),
        (ops.Flatten(0), (), (1, 1)),
        (ops.Reshape((-1, 4)), (BATCH, 3, 4), (-3, 4)),
        (ops.Reshape((0, -1)), (BATCH, 3, 4), (BATCH, 12)),
        (ops.Reshape((3, -1)), (BATCH, 6), (3, -2)),
        (ops.Reshape((-1, 32)), (-8, 4), (BATCH, 32)),
        (ops.Reshape((0, 2, 4, 4)), (BATCH, 8, 4), (BATCH, 2, 4, 4)),
        (ops.Reshape(()), (1, 1), ()),
        (ops.Transpose((1, 0)), (BATCH, 3), (3, BATCH)),
        (ops.Transpose(()), (), ()),
        (ops.Expand((0, 4, 3)), (BATCH, 1, 3), (BATCH, 4, 3)),
        (ops.Expand((2, 1, 1)), (BATCH, 3), (2, BATCH, 3)),
        (ops.Expand((5,)), (BATCH, 3, 1), (BATCH, 3, 5)),
        (ops.Expand(()), (BATCH, 3), (BATCH, 3)),
        (ops.Squeeze((-1, 1)), (BATCH, 1, 3, 1), (BATCH, 3)),
        (ops.Unsqueeze((0, -1)), (BATCH, 3), (1, BATCH, 3, 1)),
        (ops.Unsqueeze((2, 1)), (BATCH, 3), (BATCH, 1, 1, 3)),
    ],
)
def test_the_batch_may_be_anywhere(op: Primitive, shape: Shape, result: Shape) -> None:
    assert op.infer(TensorSpec(shape, "int8")) == (TensorSpec(result, "int8"),)


@pytest.mark.parametrize(
    ("op", "shape", "message"),
    [
        (ops.Flatten(4), (BATCH, 3), "axis 4"),
        (ops.Flatten(-1), (BATCH, 3), "axis -1"),
        (ops.Flatten(0), (BATCH, BATCH), "the batch more than once"),
        (ops.Reshape((0, 5)), (BATCH, 3), r"cannot reshape \(N, 3\)"),
        (ops.Reshape((0, -1, -1)), (BATCH, 3), "one dimension open"),
        (ops.Reshape((0, -3)), (BATCH, 3), "one dimension open"),
        (ops.Reshape((0, 3, 0)), (BATCH, 3), "cannot copy"),
        (ops.Reshape((4, -1)), (BATCH, 6), "cannot reshape"),
        (ops.Reshape((0, -1)), (0, 3), "cannot reshape"),
        (ops.Reshape((-1,)), (BATCH, BATCH), "the batch more than once"),
        (ops.Transpose((0, 0)), (BATCH, 3), r"\(0, 0\) is no order"),
        (ops.Transpose((0,)), (BATCH, 3), "no order"),
        (ops.Transpose((0, -1)), (BATCH, 3), "no order"),
        (ops.Expand((-1, 3)), (1, 3), "cannot expand"),
        (ops.Expand((0, 1, 3)), (1, 3), "cannot expand"),
        (ops.Expand((4, 3)), (BATCH, 3), "cannot broadcast"),
        (ops.Squeeze((0,)), (BATCH, 1), "not all of size 1"),
        (ops.Squeeze((1, -1)), (BATCH, 1), "one twice"),
        (ops.Squeeze((2,)), (BATCH, 1), "axis 2"),
        (ops.Unsqueeze((3,)), (BATCH, 1), "outside of"),
        (ops.Unsqueeze((1, -3)), (BATCH, 1), "one twice"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(op: Primitive, shape: Shape, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(TensorSpec(shape))


def test_functions() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            turned = nn.transpose(x, 0, 2, 1)
            return {
                "turned": turned,
                "back": nn.squeeze(nn.expand(nn.unsqueeze(turned, -1, 1), 1, 2, 0, 0, 1), -1),
            }

    graph = nn.trace(Net(), {"x": batched((2, 3))})
    x = np.arange(12.0).reshape(2, 2, 3)
    outputs = evaluate(graph, {}, {"x": x}).outputs
    np.testing.assert_array_equal(outputs["turned"], x.swapaxes(1, 2))
    np.testing.assert_array_equal(outputs["back"], np.stack([x.swapaxes(1, 2)] * 2, 1))
