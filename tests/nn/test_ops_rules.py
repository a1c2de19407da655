"""Shape rules of operators with axes, windows and numbers, on any shapes and attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_core.nn import ops
from vega_core.nn.ops.slicing import END
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import Shape, TensorSpec
from vega_core.testing.operators.rule import obeys

Use = tuple[Primitive, list[TensorSpec]]
Draw = st.DrawFn
Make = Callable[[Draw, TensorSpec], Use]


def one(draw: Draw, *choices: Any) -> Any:
    return draw(st.sampled_from(choices))


def some(draw: Draw, count: int, *choices: int) -> Shape:
    return tuple(one(draw, *choices) for _ in range(count))


def by_name(cls: type[Primitive]) -> Make:
    """Attributes that mean the same in several operators, for as many axes as there are."""

    def make(draw: Draw, x: TensorSpec) -> Use:
        rank, group = max(len(x.shape) - 2, 1), one(draw, 1, 2)
        values = {
            "out_channels": 2 * group,
            "out_features": 3,
            "kernel_shape": some(draw, rank, 1, 2, 3),
            "strides": some(draw, rank, 1, 2),
            "pads": some(draw, 2 * rank, 0, 1),
            "dilations": some(draw, rank, 1, 1, 2),
            "output_padding": some(draw, rank, 0, 0, 1),
            "group": group,
            "size": some(draw, rank, 1, 3, 4, 7),
            "output_size": some(draw, rank, 1, 3, 4, 7),
            "num_groups": group,
            "groups": group,
            "blocksize": one(draw, 1, 2),
            "axis": one(draw, 1, -1),
            "mode": one(draw, "train", "eval") if cls is ops.BatchNormalization else "linear",
        }
        flags = ("bias", "ceil_mode", "count_include_pad", "align_corners", "affine")
        values |= {name: draw(st.booleans()) for name in flags}
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values}), [x]  # type: ignore[arg-type]

    return make


def shaped(attributes: Callable[[Draw, TensorSpec], Primitive]) -> Make:
    return lambda draw, x: (attributes(draw, x), [x])


def reshape(draw: Draw, x: TensorSpec) -> Primitive:
    shapes = ((0, -1), (-1, x.shape[-1]), (-1,), (0, 2, -1), (0,) * len(x.shape))
    return ops.Reshape(one(draw, *shapes))


def split(draw: Draw, x: TensorSpec) -> Primitive:
    axis = draw(st.integers(0, len(x.shape) - 1))
    size = x.shape[axis]
    sign = 1 if size > 0 else -1
    return ops.Split(axis, one(draw, (size,), (sign, size - sign), (size - sign, sign)))


def cut(draw: Draw, x: TensorSpec) -> Primitive:
    count, ends = draw(st.integers(0, len(x.shape) - 1)), (0, 1, 2, -1, -3, END, -END)
    axes = tuple(range(len(x.shape)))[len(x.shape) - count :]
    steps = some(draw, count, 1, 1, -1, 2)
    return ops.Slice(some(draw, count, *ends), some(draw, count, *ends), axes, steps)


def pad(draw: Draw, x: TensorSpec) -> Primitive:
    sides = [0 if size < 0 else one(draw, 0, 1, 2) for size in x.shape * 2]
    return ops.Pad(tuple(sides), one(draw, 0.0, 1.0, 0.5), one(draw, "constant", "reflect", "edge"))


def squeeze(draw: Draw, x: TensorSpec) -> Use:
    shape = (*x.shape, 1, *x.shape[1:], 1)
    return ops.Squeeze(one(draw, (-1,), (len(x.shape), -1), ())), [TensorSpec(shape, x.dtype)]


def expand(draw: Draw, x: TensorSpec) -> Use:
    shape = one(draw, (0, 3), (2, 1, 0, 3), (3,), ())
    return ops.Expand(shape), [TensorSpec(one(draw, (-1, 1), (-2, 3)), x.dtype)]


def numbered(draw: Draw, x: TensorSpec) -> TensorSpec:
    return TensorSpec(x.shape, one(draw, "int64", "int64", "int32", "uint8"))


def embedding(draw: Draw, x: TensorSpec) -> Use:
    return ops.Embedding(one(draw, 1, 5), one(draw, 1, 3)), [numbered(draw, x)]


def one_hot(draw: Draw, x: TensorSpec) -> Use:
    axis, dtype = one(draw, -1, 0, 2), one(draw, "float32", "bool", "int8")
    return ops.OneHot(one(draw, 1, 4), axis, dtype), [numbered(draw, x)]


def gather(draw: Draw, x: TensorSpec) -> Use:
    indices = TensorSpec(one(draw, (), (-1,), (2, 3)), "int64")
    return ops.Gather(one(draw, 0, 1, -1)), [x, indices]


def along_last(draw: Draw, x: TensorSpec) -> TensorSpec:
    return TensorSpec((*x.shape[:-1], one(draw, 1, 2, 5)), "int64")


def gather_elements(draw: Draw, x: TensorSpec) -> Use:
    return ops.GatherElements(-1), [x, along_last(draw, x)]


def scatter_elements(draw: Draw, x: TensorSpec) -> Use:
    indices = along_last(draw, x)
    reduction = one(draw, "none", "add", "mul", "max", "min")
    return ops.ScatterElements(-1, reduction), [x, indices, TensorSpec(indices.shape, x.dtype)]


def matmul(draw: Draw, x: TensorSpec) -> Use:
    last = x.shape[-1]
    other = one(draw, (last,), (last, 2), (*x.shape[:-2], last, 3), (1, last, 1))
    return ops.MatMul(), [x, TensorSpec(other, x.dtype)]


def concat(draw: Draw, x: TensorSpec) -> Use:
    return ops.Concat(one(draw, 0, 1, -1)), [x] * draw(st.integers(1, 3))


def cross_entropy(draw: Draw, x: TensorSpec) -> Use:
    op = ops.SoftmaxCrossEntropyLoss(one(draw, 0.0, 0.2), -100, reduction(draw))
    labels = TensorSpec(x.shape[:1] + x.shape[2:], one(draw, "int64", "int32"))
    return op, [x, labels, *one(draw, [], [TensorSpec(x.shape[1:2], x.dtype)])]


def binary_cross_entropy(draw: Draw, x: TensorSpec) -> Use:
    weights = one(draw, [], [x], [TensorSpec((1,), x.dtype)])
    return ops.BinaryCrossEntropyLoss(reduction(draw)), [x, x, *weights]


def pair(cls: Any) -> Make:
    return lambda draw, x: (cls(reduction=reduction(draw)), [x, x])


def reduction(draw: Draw) -> Any:
    return one(draw, "mean", "sum", "none")


def dropout(draw: Draw, x: TensorSpec) -> Use:
    return ops.Dropout("train", one(draw, (), (1,), (0, -1))), [x, TensorSpec((), "float32")]


def random(draw: Draw, x: TensorSpec) -> Primitive:
    return ops.Random(one(draw, (-1, 2), (-3,), (2,), ()), one(draw, "uniform", "normal"))


NAMED = (
    *(ops.Conv, ops.ConvTranspose, ops.MaxPool, ops.AveragePool, ops.Resize, ops.Gemm),
    *(ops.AdaptiveAveragePool, ops.AdaptiveMaxPool, ops.GlobalAveragePool, ops.GlobalMaxPool),
    *(ops.BatchNormalization, ops.LayerNormalization, ops.GroupNormalization),
    *(ops.InstanceNormalization, ops.DepthToSpace, ops.SpaceToDepth, ops.ChannelShuffle),
)
MAKERS: dict[type[Primitive], Make] = {
    **{cls: by_name(cls) for cls in NAMED},
    ops.AbsoluteError: pair(ops.AbsoluteError),
    ops.BinaryCrossEntropyLoss: binary_cross_entropy,
    ops.Concat: concat,
    ops.Dropout: dropout,
    ops.Embedding: embedding,
    ops.Expand: expand,
    ops.Flatten: shaped(lambda draw, x: ops.Flatten(one(draw, 0, 1, len(x.shape)))),
    ops.Gather: gather,
    ops.GatherElements: gather_elements,
    ops.MatMul: matmul,
    ops.OneHot: one_hot,
    ops.Pad: shaped(pad),
    ops.Random: shaped(random),
    ops.Reshape: shaped(reshape),
    ops.ScatterElements: scatter_elements,
    ops.Slice: shaped(cut),
    ops.SmoothL1: pair(ops.SmoothL1),
    ops.SoftmaxCrossEntropyLoss: cross_entropy,
    ops.Split: shaped(split),
    ops.SquaredError: pair(ops.SquaredError),
    ops.Squeeze: squeeze,
    ops.Transpose: shaped(
        lambda draw, x: ops.Transpose(tuple(draw(st.permutations(range(len(x.shape))))))
    ),
    ops.Unsqueeze: shaped(lambda draw, _: ops.Unsqueeze(one(draw, (0,), (1, -1), ()))),
}
FAMILIES = {cls.__module__ for cls in MAKERS}


@st.composite
def uses(draw: Draw, cls: type[Primitive]) -> Use:
    """Draws an operator and inputs that mostly fit, and now and then spoils one of the two."""
    ranks = {ops.Gemm: (0,), ops.DepthToSpace: (2,), ops.SpaceToDepth: (2,)}
    rank = one(draw, *ranks.get(cls, (1, 2, 3)))
    shape = (one(draw, -1, -1, -2, 3), 4, *some(draw, rank, 4, 6))
    dtype = one(draw, "float32", "float32", "float32", "float64")
    op, inputs = MAKERS[cls](draw, TensorSpec(shape, dtype))
    what = one(draw, "nothing", "nothing", "op", "input")
    if what == "op" and fields(op):  # type: ignore[arg-type]
        op = spoiled(draw, op)
    elif what == "input":
        place = draw(st.integers(0, len(inputs) - 1))
        inputs[place] = spoiled_input(draw, inputs[place])
    return op, inputs


def spoiled(draw: Draw, op: Primitive) -> Primitive:
    """Returns the operator with another number in an attribute, or another number of them."""
    name = draw(st.sampled_from([f.name for f in fields(op)]))  # type: ignore[arg-type]
    value = getattr(op, name)
    if isinstance(value, tuple):
        nonsense = one(draw, 0, -1, 9, -7)
        spoils = [(*value, nonsense), value[:-1], (*value[:-1], nonsense), (nonsense, *value[1:])]
        return replace(op, **{name: one(draw, *spoils)})  # type: ignore[type-var]
    if isinstance(value, str):
        return replace(op, **{name: "other"})  # type: ignore[type-var]
    return replace(op, **{name: one(draw, 0, -1, 3, 9)})  # type: ignore[type-var]


def spoiled_input(draw: Draw, x: TensorSpec) -> TensorSpec:
    nonsense = one(draw, 0, 1, -1, 5)
    return draw(
        st.sampled_from(
            [
                TensorSpec(x.shape, one(draw, "int64", "bool", "float16", "text")),
                TensorSpec(x.shape[:-1], x.dtype),
                TensorSpec((*x.shape, 2), x.dtype),
                TensorSpec((*x.shape[:-1], nonsense), x.dtype),
                TensorSpec((*x.shape[:1], nonsense, *x.shape[2:]), x.dtype),
            ]
        )
    )


@pytest.mark.parametrize("cls", MAKERS, ids=lambda cls: cls.__name__)
def test_the_shape_rule_is_what_the_reference_does(cls: type[Primitive]) -> None:
    accepted: Counter[bool] = Counter()

    @settings(max_examples=80, deadline=None)
    @given(uses(cls), st.integers(1, 3))
    def check(use: Use, batch: int) -> None:
        op, inputs = use
        accepted[obeys(op, inputs, batch, (0, 1))] += 1

    check()
    assert accepted[True] > 5


def test_every_operator_of_these_families_is_drawn() -> None:
    known = {cls for cls in ops.OPERATORS.values() if cls.__module__ in FAMILIES}
    assert known == {*MAKERS, ops.Range}


def test_a_rule_that_is_wrong_is_found() -> None:
    class Wrong(ops.Flatten):
        def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
            return (TensorSpec((7, 7)),)

    with pytest.raises(AssertionError, match="and its rule says"):
        obeys(Wrong(), [TensorSpec((-1, 3))])
