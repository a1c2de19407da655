from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega_core.errors import ShapeError
from vega_core.nn.shapes import (
    BATCH,
    TensorSpec,
    axis_of,
    batched,
    broadcast,
    show,
    windows,
    with_batch,
)

SIZES = st.integers(1, 5)


@given(st.lists(SIZES, max_size=4), st.lists(SIZES, max_size=4))
def test_broadcast_is_numpys_rule(a: list[int], b: list[int]) -> None:
    try:
        expected = np.broadcast_shapes(tuple(a), tuple(b))
    except ValueError:
        with pytest.raises(ShapeError, match="cannot broadcast"):
            broadcast(a, b)
    else:
        assert broadcast(a, b) == expected


def test_the_batch_stays_open_when_broadcasting() -> None:
    assert broadcast((BATCH, 3, 8, 8), (3, 1, 1)) == (BATCH, 3, 8, 8)
    assert broadcast((1, 3), (BATCH, 1)) == (BATCH, 3)
    with pytest.raises(ShapeError):
        broadcast((BATCH, 3), (2, 3))


@given(
    size=st.integers(1, 9),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    begin=st.integers(0, 2),
    end=st.integers(0, 2),
    dilation=st.integers(1, 2),
    ceil_mode=st.booleans(),
)
def test_windows_are_those_one_can_place(
    size: int, kernel: int, stride: int, begin: int, end: int, dilation: int, ceil_mode: bool
) -> None:
    reach = dilation * (kernel - 1) + 1
    padded = size + begin + end
    starts = range(0, padded, stride)
    inside = [s for s in starts if s + reach <= padded]
    if not inside:
        with pytest.raises(ShapeError, match="does not fit"):
            windows((size,), (kernel,), (stride,), (begin, end), (dilation,), ceil_mode)
        return
    count = len(inside)
    next_start = inside[-1] + stride
    leaves_a_rest = inside[-1] + reach < padded
    if ceil_mode and leaves_a_rest and next_start < size + begin:
        count += 1
    assert windows((size,), (kernel,), (stride,), (begin, end), (dilation,), ceil_mode) == (count,)


@pytest.mark.parametrize(
    ("spatial", "kernel", "stride", "pads"),
    [((4,), (0,), (1,), (0, 0)), ((4,), (3,), (0,), (0, 0)), ((4,), (3,), (1,), (-1, 0))],
)
def test_impossible_windows_are_refused(
    spatial: tuple[int], kernel: tuple[int], stride: tuple[int], pads: tuple[int, int]
) -> None:
    with pytest.raises(ShapeError, match="must be positive"):
        windows(spatial, kernel, stride, pads, (1,))


def test_a_window_needs_an_axis_each() -> None:
    with pytest.raises(ShapeError, match="2 axes"):
        windows((4,), (3, 3), (1, 1), (0, 0, 0, 0), (1, 1))


def test_shapes_read_as_people_write_them() -> None:
    assert show((BATCH, 3, 32, 32)) == "(N, 3, 32, 32)"
    assert show((-4, 5)) == "(4N, 5)"
    assert show((BATCH,)) == "(N,)"
    assert str(batched((), "int64")) == "(N,) int64"
    assert TensorSpec((-4, 5)).per_sample == 20


def test_shapes_at_a_batch_size() -> None:
    assert with_batch((BATCH, 3, -4, 0), 2) == (2, 3, 8, 0)
    assert with_batch((), 2) == ()


def test_axis() -> None:
    assert axis_of(-1, (BATCH, 4)) == 1
    with pytest.raises(ShapeError, match="axis 2"):
        axis_of(2, (BATCH, 4))


@pytest.mark.parametrize(
    ("strides", "pads", "dilations"),
    [((1,), (0,) * 4, (1, 1)), ((1, 1), (0,) * 2, (1, 1)), ((1, 1), (0,) * 4, (1, 1, 1))],
)
def test_windows_need_a_size_for_every_axis(
    strides: tuple[int, ...], pads: tuple[int, ...], dilations: tuple[int, ...]
) -> None:
    with pytest.raises(ShapeError, match=r"needs 2 strides, 2 dilations and 4 pads, and got"):
        windows((4, 4), (2, 2), strides, pads, dilations)
