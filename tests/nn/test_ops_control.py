from __future__ import annotations

import pytest

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import TensorSpec, batched

X = batched((4,))


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        (ops.StopGradient(), [], "StopGradient takes 1 input, and got none"),
        (ops.StopGradient(), [X, X], "StopGradient takes 1 input, and got 2"),
        (ops.Parameter((4,)), [X], "Parameter takes 0 inputs, and got 1"),
        (ops.Parameter((4,), dtype="text"), [], r"got \(4,\) text"),
        (ops.ByMode(), [X], "ByMode takes 2 inputs, and got 1"),
        (ops.ByMode(), [X, X, X], "ByMode takes 2 inputs, and got 3"),
        (ops.Choice(), [], "Choice takes 1 input, and got none"),
        (ops.Choice(), [TensorSpec((), "int64")], "a choice among no candidates"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(
    op: Primitive, inputs: list[TensorSpec], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(*inputs)


def test_the_element_type_of_a_control_is_known() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return x * nn.control("c", 0.0, dtype="text")

    with pytest.raises(ModelError, match="control 'c': 'text' is no element type"):
        nn.trace(Net(), {"x": X})
