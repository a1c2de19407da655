"""Joining and taking apart, and subscripts of tensors: by NumPy's own slicing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_core.nn import ops
from vega_core.nn.ops.slicing import END
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, TensorSpec, batched

SHAPE = (3, 5, 4)
X = np.arange(60.0).reshape(SHAPE)


class Subscripted(nn.Network):
    """A tensor with a subscript."""

    subscript: Any

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        y = x[self.subscript]
        return nn.identity(y) if y is x else y


place = st.integers(-7, 7)
part = st.one_of(
    st.integers(-5, 4),
    st.slices(5),
    st.builds(slice, st.none() | place, st.none() | place, st.sampled_from([None, 1, 2, -1, -3])),
    st.none(),
    st.just(Ellipsis),
)
whole = st.sampled_from([slice(None), slice(None, None, -1), slice(None, None, 1)])


@settings(max_examples=300, deadline=None)
@given(st.lists(part, max_size=4), st.none() | whole)
def test_subscripts_are_numpys(parts: list[Any], first: slice | None) -> None:
    batched_in_front = first is not None
    subscript = (first, *parts) if batched_in_front else tuple(parts)
    spec = TensorSpec((BATCH, *SHAPE[1:]) if batched_in_front else SHAPE)
    try:
        expected = X[subscript]
    except IndexError:
        expected = X[:0]
    if expected.size == 0:
        with pytest.raises(ShapeError):
            nn.trace(Subscripted(subscript), {"x": spec})
        return
    graph = nn.trace(Subscripted(subscript), {"x": spec})
    (result,) = evaluate(graph, {}, {"x": X}).outputs.values()
    np.testing.assert_array_equal(result, expected)
    assert result.shape == expected.shape
    shape = graph.specs[graph.outputs["output"]].shape
    assert tuple(3 if size == BATCH else size for size in shape) == expected.shape


def test_a_subscript_emits_what_it_needs() -> None:
    def emitted(subscript: Any) -> list[str]:
        graph = nn.trace(Subscripted(subscript), {"x": batched((1, 4))})
        return [type(node.op).__name__ for node in graph.nodes]

    assert emitted((...,)) == ["Identity"]
    assert emitted((slice(None), slice(0, 1), slice(-4, None))) == ["Identity"]
    assert emitted((slice(None), 0)) == ["Squeeze"]
    assert emitted((..., 1)) == ["Slice", "Squeeze"]
    assert emitted((None, slice(None, None, -1), 0, slice(1, 3), None)) == [
        "Slice",
        "Squeeze",
        "Unsqueeze",
    ]
    assert emitted((..., np.int64(-1))) == ["Slice", "Squeeze"]


@pytest.mark.parametrize(
    ("subscript", "message"),
    [
        (0, "0 is no place of axis 0"),
        ((slice(0, 2),), r"axis 0 of \(N, 5, 4\) is the batch"),
        ((slice(None, None, 2),), "stays whole"),
        ((slice(None), 5), "5 is no place of axis 1"),
        ((slice(None), slice(3, 3)), "is empty"),
        ((slice(None), slice(1, 4, 0)), "a step of 0"),
        ((slice(None),) * 4, "4 subscripts"),
        ((..., 0, ...), "3 subscripts"),
    ],
)
def test_subscripts_that_do_not_fit(subscript: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        nn.trace(Subscripted(subscript), {"x": batched((5, 4))})


@pytest.mark.parametrize("subscript", [True, 1.5, "a", [0, 1], (slice(None), np.array([0, 1]))])
def test_other_subscripts_are_refused(subscript: Any) -> None:
    with pytest.raises(ModelError, match=r"nn\.gather picks by another tensor"):
        nn.trace(Subscripted(subscript), {"x": batched((5, 4))})


def test_a_tensor_is_no_sequence() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            a, _ = x
            return a

    with pytest.raises(TypeError, match=r"nn\.split takes a tensor apart"):
        nn.trace(Net(), {"x": batched((2,))})


end = st.integers(-8, 8) | st.sampled_from([END, -END])


@given(end, end, st.integers(-4, 4), st.integers(1, 6))
def test_slices_follow_onnxs_rule(start: int, stop: int, step: int, size: int) -> None:
    """Checks the places against the rule as the specification of ONNX words it."""
    expected = []
    if step:
        first, last = (place + size if place < 0 else place for place in (start, stop))
        low, high = (0, size) if step > 0 else (0, size - 1)
        first = max(low, min(first, high))
        last = max(0, min(last, size)) if step > 0 else max(-1, min(last, size - 1))
        while (step > 0 and first < last) or (step < 0 and first > last):
            expected.append(first)
            first += step
    op = ops.Slice((start,), (stop,), (-1,), (step,))
    if not expected:
        with pytest.raises(ShapeError, match=f"cannot slice axis 1 of .* by {step}"):
            op.infer(batched((size,)))
        return
    assert op.infer(batched((size,))) == (batched((len(expected),)),)
    (result,) = op.reference(Call([np.arange(2 * size).reshape(2, size)], {}))
    assert result.tolist() == [expected, [place + size for place in expected]]


def test_split_undoes_concat() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            first, second, third = nn.split(nn.concat([x, x * 2.0, x * 3.0]), 3)
            twice = nn.concat([x, x * 2.0], 0)
            same, double = nn.split(twice, 2, 0)
            left, right = nn.split(x, (1, 2), -1)
            whole, last = nn.split(nn.concat([twice, x], 0), (-2, -1), 0)
            names = ("first", "second", "third", "same", "double", "left", "right", "whole", "last")
            values = first, second, third, same, double, left, right, whole, last
            odd = nn.slice_axis(x, 1, 1, step=-1)
            return {**dict(zip(names, values, strict=True)), "odd": odd}

    graph = nn.trace(Net(), {"x": batched((3,))})
    x = np.arange(6.0).reshape(2, 3)
    outputs = evaluate(graph, {}, {"x": x}).outputs
    expected = {
        "first": x,
        "second": 2 * x,
        "third": 3 * x,
        "same": x,
        "double": 2 * x,
        "left": x[:, :1],
        "right": x[:, 1:],
        "whole": np.concatenate([x, 2 * x]),
        "last": x,
        "odd": x[:, 1::-1],
    }
    for name, array in expected.items():
        np.testing.assert_array_equal(outputs[name], array)
    assert graph.specs[graph.outputs["whole"]].shape == (-2, 3)


@pytest.mark.parametrize(
    ("op", "specs", "message"),
    [
        (ops.Concat(1), [batched((3, 4)), batched((3, 5))], "cannot concatenate"),
        (ops.Concat(1), [batched((3,)), batched((3, 1))], "cannot concatenate"),
        (ops.Concat(1), [batched((3,)), batched((3,), "float64")], "cannot concatenate"),
        (ops.Concat(0), [batched((3,)), TensorSpec((5, 3))], "with a fixed size"),
        (ops.Concat(2), [batched((3,))], "axis 2"),
        (ops.Concat(), [], "got none"),
        (ops.Split(1, (2, 2)), [batched((5,))], r"\(2, 2\) do not add up"),
        (ops.Split(1, (6, -1)), [batched((5,))], "do not add up"),
        (ops.Split(1, (5, 0)), [batched((5,))], "do not add up"),
        (ops.Split(1, ()), [batched((5,))], "do not add up"),
        (ops.Split(1, ()), [batched((0,))], "do not add up"),
        (ops.Split(0, (1, -2)), [batched((5,))], "do not add up"),
        (ops.Split(3, (5,)), [batched((5,))], "axis 3"),
        (ops.Slice((0,), (1,), (0,), (1,)), [batched((5,))], "cannot slice axis 0"),
        (ops.Slice((0,), (2**31,), (0,), (1,)), [batched((5,))], "cannot slice axis 0"),
        (ops.Slice((0,), (1, 2), (1,), (1,)), [batched((5,))], "not one start, end and step"),
        (ops.Slice((0, 0), (1, 1), (1, -1), (1, 1)), [batched((5,))], "one twice"),
        (ops.Slice((0,), (1,), (2,), (1,)), [batched((5,))], "axis 2"),
        (ops.Slice((0,), (1,), (1,), (1,)), [batched((0,))], "cannot slice"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(
    op: Primitive, specs: list[TensorSpec], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(*specs)


@pytest.mark.parametrize("parts", [0, -1, 2, 4])
def test_parts_that_are_not_equal_are_refused(parts: int) -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.split(x, parts)[0]

    with pytest.raises(ShapeError, match=f"has no {parts} equal parts"):
        nn.trace(Net(), {"x": batched((3,))})
