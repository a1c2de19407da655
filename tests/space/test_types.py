"""Each parameter type: its values, edges and errors."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_core.errors import SpaceError
from vega_core.space import Category, HalfArray, Integer, Real, SearchSpace, cast
from vega_core.space.units import BELOW_ONE

ITEMS = {
    "int": {"type": "INT", "range": [-3, 4]},
    "int_one": {"type": "INT", "range": [4, 4]},
    "int_exp": {"type": "INT_EXP", "range": [1, 40]},
    "int_exp_one": {"type": "INT_EXP", "range": [7, 7]},
    "float": {"type": "FLOAT", "range": [-0.5, 2.5]},
    "float_one": {"type": "FLOAT", "range": [0.3, 0.3]},
    "float_exp": {"type": "FLOAT_EXP", "range": [1e-6, 10.0]},
    "float_exp_one": {"type": "FLOAT_EXP", "range": [0.3, 0.3]},
    "int_cat": {"type": "INT_CAT", "range": [8, 16, 32]},
    "int_cat_one": {"type": "INT_CAT", "range": [3]},
    "float_cat": {"type": "FLOAT_CAT", "range": [0.1, 1, 2.5]},
    "string": {"type": "STRING", "range": ["a", "b", "c"]},
    "category": {"type": "CATEGORY", "range": [None, True, 1, 2.5, "a", [1, [2]], {"a": [1]}]},
    "many": {"type": "INT_CAT", "range": list(range(300))},
    "bool": {"type": "BOOL"},
    "int_array": {"type": "IntArray", "range": [[0, 2], [5, 5], [-1, 1]]},
    "positions": {"type": "MultiPositionArray", "range": [4], "length": 5, "times": 2, "n": 3},
    "positions_none": {"type": "MultiPositionArray", "range": [4], "length": 3, "times": 0, "n": 2},
    "positions_all": {"type": "MultiPositionArray", "range": [4], "length": 3, "times": 3, "n": 2},
    "matrix": {"type": "BinaryArray", "range": [3, 4]},
    "matrix_one": {"type": "BinaryArray", "range": [2, 1]},
    "code": {"type": "BINARY_CODE", "range": [5]},
    "code_ones": {"type": "BINARY_CODE", "range": [5, 2]},
    "half": {"type": "HALF", "range": [6]},
    "half_one": {"type": "HALF", "range": [1]},
    "half_ratio": {"type": "HALF", "range": [20], "prune_ratio": 0.5},
    "edge": {"type": "AdjacencyList", "range": ["in", "a", "out"]},
    "edge_count": {"type": "AdjacencyList", "range": [2]},
}
KINDS = {name: cast({"key": name, **item})[1] for name, item in ITEMS.items()}
each = pytest.mark.parametrize("name", list(ITEMS))


def native(value):
    if isinstance(value, list):
        return all(native(item) for item in value)
    if isinstance(value, dict):
        return all(native(item) for item in value.values())
    return value is None or type(value) in (bool, int, float, str)


def draw(kind, n, seed=0):
    return kind.decode(np.random.default_rng(seed).random((len(kind.axes), n)))


@each
def test_codes_and_places_agree(name):
    kind = KINDS[name]
    codes = draw(kind, 200)
    places = kind.encode(codes)
    assert places.shape == (len(kind.axes), 200)
    assert ((places >= 0) & (places <= 1)).all()
    again = kind.decode(np.minimum(places, BELOW_ONE))
    if codes.dtype.kind == "f":
        np.testing.assert_allclose(again, codes, rtol=1e-12)
    else:
        np.testing.assert_array_equal(again, codes)


@each
def test_values_are_native_and_have_codes(name):
    kind = KINDS[name]
    codes = draw(kind, 100)
    for code, value in zip(codes, kind.values(codes).tolist(), strict=True):
        assert native(value)
        assert json.loads(json.dumps(value)) == value
        assert np.array_equal(kind.code(value), code)
        assert kind.equals(value)(codes).any()


@each
def test_the_whole_cube_decodes(name):
    kind = KINDS[name]
    corners = np.array([0.0, 0.5, BELOW_ONE])
    codes = kind.decode(np.tile(corners, (len(kind.axes), 1)))
    for value in kind.values(codes).tolist():
        kind.code(value)


@each
def test_a_configuration_makes_it_again(name):
    kind = KINDS[name]
    item = json.loads(json.dumps(kind.to_config()))
    assert cast({"key": "k", **item})[1] == kind


@each
def test_a_step_goes_elsewhere_and_stays_inside(name):
    kind = KINDS[name]
    codes = draw(kind, 300)
    before = codes.copy()
    moved = kind.step(codes, np.random.default_rng(1))
    assert np.array_equal(codes, before)
    assert moved.shape == codes.shape
    same = np.equal(moved, codes).reshape(300, -1).all(axis=1)
    assert same.all() if kind.cardinality == 1 else not same.any()
    for value in kind.values(moved).tolist():
        kind.code(value)


@each
def test_no_columns(name):
    kind = KINDS[name]
    codes = draw(kind, 0)
    assert len(codes) == 0
    assert kind.values(codes).tolist() == []
    assert kind.encode(codes).shape == (len(kind.axes), 0)
    assert len(kind.step(codes, np.random.default_rng(0))) == 0


@each
def test_the_grid_of_a_finite_type_is_everything(name):
    kind = KINDS[name]
    if kind.cardinality == math.inf:
        return
    values = [json.dumps(value) for value in kind.values(kind.grid(None)).tolist()]
    assert len(values) == len(set(values)) == kind.cardinality == kind.grid_size(None)
    drawn = {json.dumps(value) for value in kind.values(draw(kind, 3000)).tolist()}
    assert drawn <= set(values)
    if kind.cardinality <= 30:
        assert drawn == set(values)


@each
@pytest.mark.parametrize("value", [object(), {1}, "no such", [], [[]], [0.5], {"a": 1}, -99, 1e9])
def test_what_is_no_value(name, value):
    with pytest.raises(SpaceError):
        KINDS[name].code(value)


@each
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_is_no_value(name, value):
    with pytest.raises(SpaceError):
        KINDS[name].code(value)


def test_true_is_no_number_and_one_is_no_truth():
    for name in ("int", "float", "int_exp", "float_exp"):
        with pytest.raises(SpaceError, match="True is not"):
            KINDS[name].code(True)
    with pytest.raises(SpaceError):
        KINDS["bool"].code(1)
    category = Category((1, True, "1"))
    assert [category.code(value) for value in (1, True, "1")] == [0, 1, 2]


def test_numpy_scalars_are_values():
    assert KINDS["int"].code(np.int32(2)) == 2
    assert KINDS["float"].code(np.float32(0.5)) == 0.5
    assert KINDS["string"].code(np.str_("b")) == 1
    assert KINDS["bool"].code(np.bool_(False)) == 1


def test_integers_are_real_numbers_but_not_the_reverse():
    assert KINDS["float"].code(2) == 2.0
    assert KINDS["float_cat"].code(1) == 1
    with pytest.raises(SpaceError, match=r"2\.0 is not an integer"):
        KINDS["int"].code(2.0)


def test_drawn_choices_are_not_shared():
    space = SearchSpace.from_dict({"x": [["a"], ["b"]]})
    for row in space.sample(50, 0, as_dicts=True):
        row["x"].append("spoilt")
    assert {tuple(row["x"]) for row in space.sample(50, 0, as_dicts=True)} == {("a",), ("b",)}
    space.to_config()["hyperparameters"][0]["range"][0].append("spoilt")
    assert space.parameters["x"].choices == (["a"], ["b"])


@given(
    st.integers(-(2**48), 2**48), st.integers(-(2**48), 2**48), st.floats(0, 1, exclude_max=True)
)
@settings(deadline=None)
def test_wide_integers(one, other, unit):
    kind = Integer(min(one, other), max(one, other))
    codes = np.array([kind.low, kind.high, *kind.decode(np.array([[unit]]))])
    assert kind.low <= codes[2] <= kind.high
    assert np.array_equal(kind.decode(kind.encode(codes)), codes)


@given(st.integers(1, 2**40), st.integers(1, 2**40), st.floats(0, 1, exclude_max=True))
@settings(deadline=None)
def test_wide_int_exp(one, other, unit):
    kind = Integer(min(one, other), max(one, other), log=True)
    codes = np.array([kind.low, kind.high, *kind.decode(np.array([[unit]]))])
    assert kind.low <= codes[2] <= kind.high
    assert np.array_equal(kind.decode(kind.encode(codes)), codes)


positive = st.floats(min_value=1e-300, max_value=1e300)


@given(positive, positive, st.floats(0, 1, exclude_max=True))
@settings(deadline=None)
def test_wide_float_exp(one, other, unit):
    kind = Real(min(one, other), max(one, other), log=True)
    codes = kind.decode(np.array([[0.0, unit, BELOW_ONE]]))
    assert ((codes >= kind.low) & (codes <= kind.high)).all()
    again = kind.decode(np.minimum(kind.encode(codes), BELOW_ONE))
    np.testing.assert_allclose(again, codes, rtol=1e-11)


def test_the_ends_of_integers_are_the_ends_of_the_cube():
    for kind in (Integer(3, 10), Integer(3, 10, log=True)):
        assert kind.decode(np.array([[0.0, BELOW_ONE]])).tolist() == [3, 10]


def test_choices_lie_in_the_middles_of_equal_cells():
    assert KINDS["int_cat"].encode(np.arange(3))[0].tolist() == [1 / 6, 3 / 6, 5 / 6]


@pytest.mark.parametrize(
    ("length", "ones"),
    [(1, 1), (2, 1), (15, 7), (16, 8), (20, 16), (24, 16), (32, 16), (48, 32), (64, 32), (100, 48)],
)
def test_half_of_the_channels(length, ones):
    assert HalfArray(length).ones == ones


def test_positions_multiply_from_where_they_are():
    kind = KINDS["positions"]
    mask = np.array([[False, True, False, True, False]])
    assert kind.values(mask).tolist() == [[4, 12, 12, 36, 36]]
    for wrong in ([4, 12, 12, 12, 12], [4, 4, 36, 36, 36], [4, 12, 12, 36, 12], [4, 12]):
        with pytest.raises(SpaceError):
            kind.code(wrong)


def test_pairs_of_nodes_are_in_order():
    kind = KINDS["edge"]
    assert kind.values(kind.grid(None)).tolist() == [["in", "a"], ["in", "out"], ["a", "out"]]
    with pytest.raises(SpaceError, match="a before b"):
        kind.code(["out", "a"])
