"""Padding: values by hand, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.ops.padding import PadMode
from vega_core.nn.primitive import Call
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import TensorSpec, batched


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("constant", [9, 9, 1, 2, 3, 9]),
        ("reflect", [3, 2, 1, 2, 3, 2]),
        ("edge", [1, 1, 1, 2, 3, 3]),
    ],
)
def test_modes_by_hand(mode: PadMode, expected: list[float]) -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.pad(x, (0, 2, 0, 1), 9, mode)

    graph = nn.trace(Net(), {"x": batched((3,))})
    (result,) = evaluate(graph, {}, {"x": np.array([[1.0, 2.0, 3.0]])}).outputs.values()
    assert result.tolist() == [expected]
    assert nn.graph_from_dict(nn.graph_to_dict(graph)).hash == graph.hash


def test_the_element_type_stays() -> None:
    for dtype, value in (("int8", -3.0), ("bool", 1.0), ("float16", 0.5)):
        x = np.zeros((2, 2), dtype)
        op = ops.Pad((0, 1, 0, 0), value)
        (result,) = op.reference(Call([x], {}))
        assert op.infer(batched((2,), dtype)) == (batched((3,), dtype),)
        assert result.dtype == dtype
        assert result[0, 0] == value


@pytest.mark.parametrize(
    ("op", "spec", "message"),
    [
        (ops.Pad((0, 1)), batched((3,)), "do not fit"),
        (ops.Pad((0, -1, 0, 0)), batched((3,)), "none < 0"),
        (ops.Pad((1, 0, 0, 0)), batched((3,)), "grow the batch"),
        (ops.Pad((0, 3, 0, 0), mode="reflect"), batched((3,)), "too small to mirror"),
        (ops.Pad((0, 0, 0, 1), mode="edge"), batched((0,)), "grow"),
        (ops.Pad((0, 1, 0, 0), mode="wrap"), batched((3,)), "no mode 'wrap'"),  # type: ignore[arg-type]
        (ops.Pad((0, 1, 0, 0), 0.5), batched((3,), "int32"), "cannot hold the value 0.5"),
        (ops.Pad((0, 1, 0, 0), 256.0), batched((3,), "uint8"), "cannot hold the value 256"),
        (ops.Pad((0, 1, 0, 0), math.inf), batched((3,), "int32"), "cannot hold the value inf"),
        (ops.Pad((0, 1, 0, 0), 2.0), batched((3,), "bool"), "cannot hold the value 2"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(op: ops.Pad, spec: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(spec)
