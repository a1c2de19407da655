"""Convolutions and their transposes: definitions, adjoints, starts, and what they refuse."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ModelError, ShapeError
from vega_core.nn import initializers as init
from vega_core.nn import ops
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import BATCH, Shape, TensorSpec, batched


def run(op: Primitive, x: Array, **params: Array) -> Array:
    return op.reference(Call([x], params))[0]


def transposed(out: int, kernel: Shape, strides: Shape, pads: Shape, more: Shape) -> Primitive:
    return ops.ConvTranspose(out, kernel, strides, pads, (1,) * len(kernel), more, 1, False)


def slow_conv(x: Array, w: Array, op: ops.Conv) -> Array:
    """A convolution as in the definition."""
    out, per, kh, kw = w.shape
    top, left, bottom, right = op.pads
    padded = np.pad(x, [(0, 0), (0, 0), (top, bottom), (left, right)])
    (spec,) = op.infer(TensorSpec(x.shape))
    y = np.zeros(spec.shape)
    for i, o, r, c in itertools.product(*map(range, y.shape)):
        group = o // (out // op.group)
        for p, u, v in itertools.product(range(per), range(kh), range(kw)):
            row = r * op.strides[0] + u * op.dilations[0]
            column = c * op.strides[1] + v * op.dilations[1]
            y[i, o, r, c] += padded[i, group * per + p, row, column] * w[o, p, u, v]
    return y


@pytest.mark.parametrize(
    "op",
    [
        ops.Conv(4, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1, False),
        ops.Conv(6, (3, 2), (2, 1), (0, 1, 2, 0), (1, 2), 2, False),
        ops.Conv(4, (1, 3), (1, 2), (0, 0, 0, 0), (2, 1), 4, False),
    ],
)
def test_conv_is_the_definition(op: ops.Conv) -> None:
    x = np.random.default_rng(0).standard_normal((2, 4, 6, 7))
    weight = np.random.default_rng(0).standard_normal(
        op.parameters(batched((4, 6, 7)))["weight"].shape
    )
    y = run(op, x, weight=weight)
    np.testing.assert_allclose(y, slow_conv(x, weight, op), rtol=1e-12, atol=1e-12)
    assert y[0].std() > 0.1
    assert not np.allclose(y[0], y[1])


def test_a_transposed_convolution_by_hand() -> None:
    x, weight = np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0, 100.0]]])
    whole = run(transposed(1, (3,), (2,), (0, 0), (0,)), x, weight=weight)
    assert whole.tolist() == [[[1, 10, 102, 20, 200]]]
    cut = run(transposed(1, (3,), (2,), (1, 2), (0,)), x, weight=weight)
    assert cut.tolist() == [[[10, 102]]]
    longer = run(transposed(1, (3,), (2,), (0, 0), (1,)), x, weight=weight)
    assert longer.tolist() == [[[1, 10, 102, 20, 200, 0]]]
    op = ops.ConvTranspose(1, (3,), (2,), (0, 0), (1,), (0,))
    shifted = run(op, x, weight=weight, bias=np.array([0.5]))
    assert (shifted - whole == 0.5).all()


def sizes(draw: st.DrawFn, rank: int, low: int, high: int) -> Shape:
    return tuple(draw(st.lists(st.integers(low, high), min_size=rank, max_size=rank)))


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[ops.Conv, TensorSpec]:
    """Draws a convolution and an input that fits it."""
    rank, group = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kernel, strides, dilations = (sizes(draw, rank, 1, 3) for _ in range(3))
    pads = sizes(draw, 2 * rank, 0, 2)
    spatial = sizes(draw, rank, 7, 9)
    op = ops.Conv(2 * group, kernel, strides, pads, dilations, group, False)
    return op, TensorSpec((2, 3 * group, *spatial))


@settings(max_examples=60, deadline=None)
@given(convolutions())
def test_a_transposed_convolution_is_the_adjoint(use: tuple[ops.Conv, TensorSpec]) -> None:
    conv, spec = use
    (result,) = conv.infer(spec)
    attributes = {**conv.attributes(), "out_channels": spec.shape[1]}
    rank = len(conv.kernel_shape)
    reaches = [d * (k - 1) + 1 for k, d in zip(conv.kernel_shape, conv.dilations, strict=True)]
    more = tuple(
        size + conv.pads[i] + conv.pads[i + rank] - (conv.strides[i] * (n - 1) + reaches[i])
        for i, (size, n) in enumerate(zip(spec.shape[2:], result.shape[2:], strict=True))
    )
    adjoint = ops.ConvTranspose(**attributes, output_padding=more)
    assert adjoint.infer(result) == (spec,)

    rng = np.random.default_rng(0)
    shape = conv.parameters(spec)["weight"].shape
    assert adjoint.parameters(result)["weight"].shape == shape
    x, y, weight = (rng.standard_normal(s) for s in (spec.shape, result.shape, shape))
    forwards = (run(conv, x, weight=weight) * y).sum()
    backwards = (x * run(adjoint, y, weight=weight)).sum()
    np.testing.assert_allclose(forwards, backwards, rtol=1e-10, atol=1e-10)
    # Each element of the kernel meets each element of the smaller array once a channel pair.
    assert adjoint.macs([result], [spec]) == math.prod(result.shape) * math.prod(shape[1:])


def test_starts_are_pytorchs() -> None:
    x = batched((6, 5, 5))
    conv = ops.Conv(8, (3, 3), (1, 1), (0,) * 4, (1, 1), 2).parameters(x)
    assert conv["weight"].shape == (8, 3, 3, 3)
    assert conv["bias"].init == init.Uniform(1 / math.sqrt(27))
    op = ops.ConvTranspose(8, (3, 3), (1, 1), (0,) * 4, (1, 1), (0, 0), 2)
    specs = op.parameters(x)
    assert specs["weight"].shape == (6, 4, 3, 3)
    assert specs["bias"].init == init.Uniform(1 / math.sqrt(36))
    drawn = specs["weight"].init(np.random.default_rng(0), specs["weight"].shape)
    assert 0.99 / math.sqrt(36) < np.abs(drawn).max() <= 1 / math.sqrt(36)
    assert op.parameters(batched((6, 5, 5), "float64"))["weight"].dtype == "float64"


def test_fans_of_transposed_weights() -> None:
    assert init.fans((8, 3, 5, 5)) == {"fan_in": 75, "fan_out": 200}
    assert init.fans((6, 4, 3, 3), transposed=True) == {"fan_in": 54, "fan_out": 36}
    assert init.fans((6, 4, 3, 3), transposed=True, groups=2) == {"fan_in": 27, "fan_out": 36}
    assert init.fans((8, 3, 5, 5), groups=4) == {"fan_in": 75, "fan_out": 50}
    shape, rng = (256, 4, 3, 3), np.random.default_rng(0)
    plain = init.KaimingNormal(gain=1.0)
    assert plain(rng, shape).std() == pytest.approx(1 / 6, rel=0.02)
    assert plain.for_transposed(4)(rng, shape).std() == pytest.approx(1 / 24, rel=0.02)
    assert init.Normal(1.0).for_transposed(4) == init.Normal(1.0)


def test_the_module_tells_the_initializer_that_it_is_transposed() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            options = {"stride": 2, "padding": (0, 1), "output_padding": 1, "groups": 2}
            return nn.ConvTranspose(4, 3, **options, weight_init=init.KaimingNormal(), name="up")(x)

    graph = nn.trace(Net(), {"x": batched((6, 5, 5))})
    assert graph.specs["up"].shape == (BATCH, 4, 12, 10)
    wanted = init.KaimingNormal(transposed=True, groups=2)
    assert graph.parameters["up.weight"].init == wanted
    again = nn.graph_from_dict(nn.graph_to_dict(graph))
    assert again.parameters == graph.parameters
    assert graph.stats().macs == 6 * 25 * 9 * 2


KERNEL = ((3, 3), (1, 1), (0,) * 4, (1, 1))


@pytest.mark.parametrize(
    ("op", "spec", "message"),
    [
        (ops.Conv(4, *KERNEL), batched((3,)), r"\(N, 3\)"),
        (ops.Conv(4, *KERNEL), batched((3, 2, 2)), "does not fit"),
        (ops.Conv(4, *KERNEL), batched((3, 4, 4), "int32"), "takes float16, float32, float64"),
        (ops.Conv(0, *KERNEL), batched((3, 4, 4)), "positive channels and groups"),
        (ops.Conv(4, *KERNEL, 0), batched((3, 4, 4)), "positive channels and groups"),
        (ops.Conv(4, *KERNEL), TensorSpec((2, BATCH, 4, 4)), "positive channels"),
        (ops.Conv(4, *KERNEL), TensorSpec((2, 3, BATCH, 4)), "does not fit"),
        (ops.Conv(6, *KERNEL, 3), batched((4, 4, 4)), "3 groups must divide the 4 input channels"),
        (ops.Conv(4, *KERNEL, 3), batched((3, 4, 4)), "and the 4 output channels"),
        (ops.Conv(4, (0, 3), *KERNEL[1:]), batched((3, 4, 4)), "must be positive"),
        (ops.Conv(4, (), (), (), ()), batched((3,)), "one to three"),
        (ops.Conv(4, (1,) * 4, (1,) * 4, (0,) * 8, (1,) * 4), batched((3, 1, 1, 1, 1)), "one to"),
        (ops.ConvTranspose(4, *KERNEL, (0, 0)), batched((3, 4)), r"\(N, 3, 4\)"),
        (ops.ConvTranspose(4, *KERNEL, (0, 0)), batched((3, 0, 4)), "leaves"),
        (ops.ConvTranspose(4, *KERNEL, (0, 0), 2), batched((3, 4, 4)), "2 groups must divide"),
        (ops.ConvTranspose(4, *KERNEL, (1, 0)), batched((3, 4, 4)), r"padding \(1, 0\) must be"),
        (ops.ConvTranspose(4, *KERNEL, (0, -1)), batched((3, 4, 4)), "none of it negative"),
        (ops.ConvTranspose(4, *KERNEL, (0,)), batched((3, 4, 4)), "output padding"),
        (
            ops.ConvTranspose(4, (3,), (1,), (2, 2), (1,), (0,)),
            batched((3, 2)),
            r"pads \(2, 2\) leaves \(0,\)",
        ),
        (ops.ConvTranspose(4, (3,), (0,), (0, 0), (1,), (0,)), batched((3, 2)), "positive"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(op: Primitive, spec: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(spec)


def test_the_number_of_inputs_is_checked() -> None:
    for op in (ops.Conv(4, *KERNEL), ops.ConvTranspose(4, *KERNEL, (0, 0))):
        with pytest.raises(ShapeError, match="takes 1 input, and got none"):
            op.infer()


def test_padding_of_another_name_is_refused() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Conv(4, 3, padding="valid", name="c")(x)  # type: ignore[arg-type]

    with pytest.raises(ModelError, match=r"^c: padding is 'same' or numbers, and got 'valid'"):
        nn.trace(Net(), {"x": batched((6, 5, 5))})
