"""What holds for every operator on elements, reduction and ranking, whatever its inputs."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.ops.checks import ANY
from vega_core.nn.ops.elementwise import Binary
from vega_core.nn.ops.logic import Logical
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec
from vega_core.testing.operators.rule import obeys

ELEMENTWISE = (
    *(ops.Identity(), ops.Sigmoid(), ops.HardSigmoid(), ops.HardSwish(), ops.Swish(), ops.Tanh()),
    *(ops.Gelu(), ops.Gelu("tanh"), ops.Softplus(), ops.Softsign(), ops.Mish()),
    *(ops.Relu(), ops.LeakyRelu(), ops.PRelu(), ops.PRelu(shared=True), ops.Elu(), ops.Selu()),
    *(ops.Celu(), ops.Add(), ops.Sub(), ops.Mul(), ops.Div(), ops.Pow(), ops.Min(), ops.Max()),
    *(ops.Neg(), ops.Abs(), ops.Sign(), ops.Sqrt(), ops.Exp(), ops.Log(), ops.Reciprocal()),
    *(ops.Erf(), ops.Sin(), ops.Cos(), ops.Floor(), ops.Ceil(), ops.Round(), ops.Clip(0.0, 1.0)),
    *(ops.Cast("int8"), ops.Cast("bool"), ops.Cast("float64"), ops.Equal(), ops.Greater()),
    *(ops.GreaterOrEqual(), ops.Less(), ops.LessOrEqual(), ops.And(), ops.Or(), ops.Xor()),
    *(ops.Not(), ops.Where()),
)
REDUCTIONS = (
    *(ops.ReduceSum, ops.ReduceProd, ops.ReduceMean, ops.ReduceMax, ops.ReduceMin),
    *(ops.ReduceStd, ops.ReduceL2, ops.ReduceLogSumExp),
)

axis = st.integers(-3, 3)
flag = st.booleans()
axes = st.none() | st.lists(axis, max_size=3).map(tuple)
operators: st.SearchStrategy[Primitive] = st.one_of(
    st.sampled_from(ELEMENTWISE),
    st.builds(lambda cls, *attributes: cls(*attributes), st.sampled_from(REDUCTIONS), axes, flag),
    st.builds(ops.ReduceStd, axes, flag, st.integers(-1, 2)),
    st.builds(ops.Softmax, axis),
    st.builds(ops.LogSoftmax, axis),
    st.builds(ops.CumSum, axis, flag, flag),
    st.builds(ops.ArgMax, axis, flag),
    st.builds(ops.ArgMin, axis, flag),
    st.builds(ops.TopK, st.integers(-1, 4), axis, flag),
)
dimensions = st.lists(st.sampled_from((1, 2, 3, 3, 0)), max_size=3).map(tuple)
batches = st.sampled_from(((-1,), (-1,), (-2,), ()))
shapes = st.builds(lambda batch, rest: batch + rest, batches, dimensions)
any_spec = st.builds(TensorSpec, shapes, st.sampled_from(sorted(ANY)))


@st.composite
def uses(draw: st.DrawFn) -> tuple[Primitive, list[TensorSpec]]:
    """Draws an operator and inputs, which fit it more often than not."""
    op = draw(operators)
    if draw(st.integers(0, 9)) == 0:
        return op, draw(st.lists(any_spec, max_size=4))
    shape = draw(shapes)
    count = 3 if isinstance(op, ops.Where) else 2 if isinstance(op, Binary) else 1
    usual = "bool" if isinstance(op, Logical | ops.Not) else "float32"
    dtype = draw(st.sampled_from((usual, usual, "float64", "int64", "uint8", "bool")))
    inputs = [TensorSpec(draw(broadcastable(shape)), dtype) for _ in range(count)]
    if isinstance(op, ops.Where):
        inputs[0] = TensorSpec(inputs[0].shape, "bool")
    return op, inputs


@st.composite
def broadcastable(draw: st.DrawFn, shape: Shape) -> Shape:
    """Draws a shape that broadcasts with another: axes of size 1, or fewer."""
    kept = shape[draw(st.sampled_from((0, 0, 0, 1))) :]
    return tuple(draw(st.sampled_from((size, size, 1))) for size in kept)


@settings(max_examples=400, deadline=None)
@given(uses(), st.integers(1, 3))
def test_the_shape_rule_is_what_the_reference_does(
    use: tuple[Primitive, list[TensorSpec]], batch: int
) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Degrees of freedom")
        obeys(*use, batch)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=str)
def test_float64_stays_float64(op: Primitive) -> None:
    floats = [TensorSpec((-1, 2)), TensorSpec((-1, 2))]
    for inputs in (floats[:1], floats, [TensorSpec((-1, 2), "bool"), *floats]):
        try:
            (spec,) = op.infer(*inputs)
        except ShapeError:
            continue
        arrays = [np.ones((3, 2), "float64" if s.dtype == "float32" else s.dtype) for s in inputs]
        (result,) = op.reference(Call(arrays, {"weight": np.full(1, 0.25)}))
        if not isinstance(op, ops.Cast):
            assert result.dtype == ("float64" if spec.dtype == "float32" else spec.dtype)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=str)
def test_operators_go_through_plain_data(op: Primitive) -> None:
    assert type(op).from_attributes(op.attributes()) == op
    assert ops.OPERATORS[type(op).__name__] is type(op)
