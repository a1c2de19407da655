"""Activations and rectifiers against closed forms, at their ends, and on what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.initializers import Full
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import BATCH, TensorSpec, batched

X = (-7.5, -3.0, -1.25, -0.5, 0.0, 0.3, 1.0, 2.5, 3.0, 8.0)

FORMS: list[tuple[Primitive, Callable[[float], float]]] = [
    (ops.Sigmoid(), lambda x: 1 / (1 + math.exp(-x))),
    (ops.HardSigmoid(), lambda x: min(max(x / 6 + 0.5, 0), 1)),
    (ops.HardSigmoid(0.2, 0.4), lambda x: min(max(0.2 * x + 0.4, 0), 1)),
    (ops.HardSwish(), lambda x: x * min(max(x / 6 + 0.5, 0), 1)),
    (ops.Swish(), lambda x: x / (1 + math.exp(-x))),
    (ops.Gelu(), lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2),
    (
        ops.Gelu("tanh"),
        lambda x: x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
    ),
    (ops.Tanh(), math.tanh),
    (ops.Softplus(), lambda x: math.log1p(math.exp(x))),
    (ops.Softsign(), lambda x: x / (1 + abs(x))),
    (ops.Mish(), lambda x: x * math.tanh(math.log1p(math.exp(x)))),
    (ops.Relu(), lambda x: max(x, 0)),
    (ops.LeakyRelu(0.2), lambda x: x if x > 0 else 0.2 * x),
    (ops.Elu(0.7), lambda x: x if x > 0 else 0.7 * (math.exp(x) - 1)),
    (ops.Celu(0.7), lambda x: max(x, 0) + min(0, 0.7 * (math.exp(x / 0.7) - 1))),
    (ops.Selu(2.0, 3.0), lambda x: 3 * (x if x > 0 else 2 * (math.exp(x) - 1))),
]


def run(op: Primitive, x: Array, **params: Array) -> Array:
    return op.reference(Call([x], params))[0]


@pytest.mark.parametrize(("op", "form"), FORMS, ids=lambda value: str(value)[:24])
def test_values_are_the_closed_form(op: Primitive, form: Callable[[float], float]) -> None:
    np.testing.assert_allclose(run(op, np.array(X)), [form(x) for x in X], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(
    ("op", "left", "right"),
    [
        (ops.Sigmoid(), 0.0, 1.0),
        (ops.HardSigmoid(), 0.0, 1.0),
        (ops.Tanh(), -1.0, 1.0),
        (ops.Softplus(), 0.0, 1000.0),
        (ops.Softsign(), -1000 / 1001, 1000 / 1001),
        (ops.Mish(), 0.0, 1000.0),
        (ops.Swish(), 0.0, 1000.0),
        (ops.HardSwish(), 0.0, 1000.0),
        (ops.Gelu(), 0.0, 1000.0),
        (ops.Gelu("tanh"), 0.0, 1000.0),
        (ops.Elu(0.5), -0.5, 1000.0),
        (ops.Celu(0.5), -0.5, 1000.0),
    ],
    ids=str,
)
def test_nothing_overflows(op: Primitive, left: float, right: float) -> None:
    x = np.array([-1000.0, 1000.0, np.nan])
    np.testing.assert_allclose(run(op, x), [left, right, np.nan], atol=1e-12)


def test_defaults_are_the_documented_numbers() -> None:
    assert ops.Selu() == ops.Selu(1.67326319217681884765625, 1.05070102214813232421875)
    assert ops.LeakyRelu().alpha == 0.01
    assert ops.Elu().alpha == ops.Celu().alpha == 1
    assert ops.HardSigmoid() == ops.HardSigmoid(1 / 6, 0.5)


def test_softmax_by_hand() -> None:
    x = np.log(np.array([[1.0, 3.0], [2.0, 2.0], [1.0, 5.0]]))
    np.testing.assert_allclose(run(ops.Softmax(), x), [[0.25, 0.75], [0.5, 0.5], [1 / 6, 5 / 6]])
    np.testing.assert_allclose(run(ops.Softmax(0), x), [[0.25, 0.3], [0.5, 0.2], [0.25, 0.5]])
    np.testing.assert_allclose(
        run(ops.LogSoftmax(0), x), np.log([[1, 3], [2, 2], [1, 5]]) - np.log([4, 10])
    )
    far = np.array([[1000.0, 0.0, -np.inf]])
    np.testing.assert_array_equal(run(ops.Softmax(), far), [[1, 0, 0]])
    np.testing.assert_array_equal(run(ops.LogSoftmax(), far), [[0, -1000, -np.inf]])


def test_prelu_has_a_slope_a_channel_or_one() -> None:
    x = np.array([[-1.0, -2.0], [3.0, -4.0]])
    np.testing.assert_array_equal(
        run(ops.PRelu(), x, weight=np.array([0.5, 0.1])), [[-0.5, -0.2], [3, -0.4]]
    )
    np.testing.assert_array_equal(
        run(ops.PRelu(shared=True), x, weight=np.array([0.5])), [[-0.5, -1], [3, -2]]
    )
    (spec,) = ops.PRelu().parameters(batched((4, 2, 2))).values()
    assert (spec.shape, spec.init, spec.kind) == ((4,), Full(0.25), "norm")
    (spec,) = ops.PRelu(shared=True).parameters(batched(())).values()
    assert spec.shape == (1,)
    for dtype in ("float16", "float64"):
        (spec,) = ops.PRelu().parameters(batched((4,), dtype)).values()
        assert spec.dtype == dtype


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        (
            ops.Sigmoid(),
            [TensorSpec((BATCH,), "int64")],
            r"Sigmoid takes .* got \(N,\) int64; cast",
        ),
        (ops.Swish(), [TensorSpec((BATCH,))] * 2, "takes 1 input, and got 2"),
        (ops.Tanh(), [], "takes 1 input, and got none"),
        (ops.Gelu("sinh"), [batched((2,))], "by 'none' or 'tanh', and got 'sinh'"),  # type: ignore[arg-type]
        (ops.Softmax(2), [batched((2,))], r"axis 2 .*\(N, 2\)"),
        (ops.LogSoftmax(-3), [batched((2,))], r"axis -3 .*\(N, 2\)"),
        (ops.Softmax(), [TensorSpec(())], r"axis -1 .*\(\)"),
        (ops.PRelu(), [batched(())], r"\(N, C, ...\), and got \(N,\)"),
        (ops.PRelu(), [batched((0,))], r"got \(N, 0\)"),
        (ops.Celu(0.0), [batched((2,))], "not 0"),
        (ops.Relu(), [batched((2,), "bool")], "got .* bool"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(
    op: Primitive, inputs: list[TensorSpec], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(*inputs)


def test_functions_emit_their_operators() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            x = nn.relu6(nn.relu(nn.identity(x)))
            x = nn.celu(nn.selu(nn.elu(nn.leaky_relu(x, 0.3), 0.5)), 2.0)
            x = nn.hard_swish(nn.swish(nn.hard_sigmoid(nn.sigmoid(x))))
            x = nn.softsign(nn.softplus(nn.tanh(nn.gelu(nn.mish(x), "tanh"))))
            return nn.log_softmax(nn.softmax(nn.hard_tanh(x), 1))

    nodes = nn.trace(Net(), {"x": batched((4,))}).nodes
    assert [node.op for node in nodes] == [
        *(ops.Identity(), ops.Relu(), ops.Clip(0.0, 6.0)),
        *(ops.LeakyRelu(0.3), ops.Elu(0.5), ops.Selu(), ops.Celu(2.0)),
        *(ops.Sigmoid(), ops.HardSigmoid(), ops.Swish(), ops.HardSwish()),
        *(ops.Mish(), ops.Gelu("tanh"), ops.Tanh(), ops.Softplus(), ops.Softsign()),
        *(ops.Clip(-1.0, 1.0), ops.Softmax(1), ops.LogSoftmax()),
    ]
