"""What holds for every space, on spaces drawn by hypothesis."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_core.errors import SpaceError
from vega_core.space import SearchSpace, cast

common = settings(max_examples=40, deadline=None)
small = st.integers(1, 4)
ends = st.tuples(st.integers(-5, 5), st.integers(0, 6)).map(lambda t: [t[0], t[0] + t[1]])
positive_ends = st.tuples(small, st.integers(0, 20)).map(lambda t: [t[0], t[0] + t[1]])
items = st.one_of(
    ends.map(lambda r: {"type": "INT", "range": r}),
    positive_ends.map(lambda r: {"type": "INT_EXP", "range": r}),
    ends.map(lambda r: {"type": "FLOAT", "range": [r[0] / 2, r[1] / 2]}),
    positive_ends.map(lambda r: {"type": "FLOAT_EXP", "range": r}),
    st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True).map(
        lambda r: {"type": "INT_CAT", "range": r}
    ),
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True).map(
        lambda r: {"type": "STRING", "range": r}
    ),
    st.just({"type": "CATEGORY", "range": [None, [1, 2], "a", 0.5]}),
    st.just({"type": "BOOL"}),
    st.lists(ends, min_size=1, max_size=3).map(lambda r: {"type": "IntArray", "range": r}),
    st.tuples(small, small).map(lambda r: {"type": "BinaryArray", "range": list(r)}),
    small.map(lambda n: {"type": "BINARY_CODE", "range": [n]}),
    small.map(lambda n: {"type": "BINARY_CODE", "range": [n, n // 2]}),
    st.integers(1, 6).map(lambda n: {"type": "HALF", "range": [n]}),
    st.integers(2, 4).map(lambda n: {"type": "AdjacencyList", "range": [n]}),
    small.map(
        lambda n: {"type": "MultiPositionArray", "range": [2], "length": n, "times": 1, "n": 2}
    ),
)


@st.composite
def mappings(draw, forbid=True):
    """A valid configuration of one to six parameters with conditions between them."""
    keys = [f"p{i}" for i in range(draw(st.integers(1, 6)))]
    parameters = [{"key": key, **draw(items)} for key in keys]
    kinds = dict(cast(item) for item in parameters)
    rank = draw(st.permutations(range(len(keys))))

    def value_of(key):
        unit = draw(st.sampled_from([0.01, 0.4, 0.7, 0.99]))
        kind = kinds[key]
        return kind.values(kind.decode(np.full((len(kind.axes), 1), unit))).tolist()[0]

    conditions = []
    for parent, child in draw(st.lists(st.tuples(st.sampled_from(keys), st.sampled_from(keys)))):
        if rank[keys.index(parent)] >= rank[keys.index(child)]:
            continue
        kind = draw(st.sampled_from(["EQUAL", "NOT_EQUAL", "IN", "FORBIDDEN"]))
        values = [value_of(parent)]
        if kind == "IN" and kinds[parent].bounds:
            values = sorted([values[0], value_of(parent)])
        conditions.append({"child": child, "parent": parent, "type": kind, "range": values})
    clauses = []
    if forbid and len(keys) > 1 and draw(st.booleans()):
        pair = draw(st.lists(st.sampled_from(keys), min_size=2, max_size=2, unique=True))
        clauses.append({key: value_of(key) for key in pair})
    return {"hyperparameters": parameters, "condition": conditions, "forbidden": clauses}


def rows_of(space, n=30):
    """Samples as dictionaries; none where (nearly) everything is forbidden."""
    try:
        return space.sample(n, 0, as_dicts=True)
    except SpaceError as error:
        if error.path != ("forbidden",):
            raise
        return []


def alike(one, other):
    """Whether rows are equal, real numbers to rounding."""
    assert one.keys() == other.keys()
    for name, value in one.items():
        if isinstance(value, float):
            assert other[name] == pytest.approx(value, rel=1e-9, abs=1e-12)
        else:
            assert other[name] == value
            assert type(other[name]) is type(value)


@common
@given(mappings())
def test_samples_are_valid(mapping):
    space = SearchSpace.from_config(mapping)
    for row in rows_of(space):
        space.validate(row)
        json.dumps(row)


@common
@given(mappings())
def test_encoding_round_trips(mapping):
    space = SearchSpace.from_config(mapping)
    rows = rows_of(space)
    places, mask = space.encode(rows)
    assert places.shape == mask.shape == (len(rows), len(space.dimensions))
    assert ((places >= 0) & (places <= 1)).all()
    for row, active in zip(rows, mask, strict=True):
        names = {d.name for d, on in zip(space.dimensions, active, strict=True) if on}
        assert names == set(row)
    for before, after in zip(rows, space.decode(places).to_dicts(), strict=True):
        alike(before, after)


@common
@given(mappings())
def test_columns_and_dictionaries_encode_alike(mapping):
    space = SearchSpace.from_config(mapping)
    if not rows_of(space, 1):
        return
    samples = space.sample(20, 3)
    for one, other in zip(
        space.encode(samples), space.encode(space.to_dicts(samples)), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@common
@given(mappings(), st.data())
def test_every_place_is_a_valid_configuration(mapping, data):
    space = SearchSpace.from_config(mapping)
    if not rows_of(space, 1):
        return
    coordinate = st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(0, 1))
    width = len(space.dimensions)
    place = data.draw(st.lists(coordinate, min_size=width, max_size=width))
    row = space.decode([place]).to_dicts()[0]
    space.validate(row)
    again = space.decode(space.encode([row])[0]).to_dicts()[0]
    alike(row, again)


@common
@given(mappings())
def test_neighbours_are_valid_and_differ_in_one_place(mapping):
    space = SearchSpace.from_config(mapping)
    for row in rows_of(space, 3):
        for near in space.neighbours(row, 1, 8):
            space.validate(near)
            assert near != row
            changed = {name for name in row.keys() & near.keys() if row[name] != near[name]}
            assert len(changed) == 1


@common
@given(mappings())
def test_a_configuration_round_trips(mapping):
    space = SearchSpace.from_config(mapping)
    again = SearchSpace.from_config(json.loads(json.dumps(space.to_config())))
    assert again == space
    assert again.signature == space.signature
    assert again.describe() == space.describe()
    if rows_of(space, 1):
        assert again.sample(5, 1, as_dicts=True) == space.sample(5, 1, as_dicts=True)


def everything(space, points):
    """All configurations by the definition: the product, less what is inactive or forbidden."""
    columns = [kind.values(kind.grid(points)).tolist() for kind in space.parameters.values()]
    found = {}
    for values in itertools.product(*columns):
        full = dict(zip(space.names, values, strict=True))
        for size in range(len(full), -1, -1):
            for names in itertools.combinations(full, size):
                row = {name: full[name] for name in names}
                try:
                    space.validate(row)
                except SpaceError:
                    continue
                found[json.dumps(row, sort_keys=True)] = row
    return set(found)


@settings(common, max_examples=25)
@given(mappings())
def test_the_grid_is_the_product_without_doubles(mapping):
    space = SearchSpace.from_config(mapping)
    sizes = [kind.grid_size(2) for kind in space.parameters.values()]
    if math.prod(sizes) * 2 ** len(sizes) > 3000:
        return
    rows = [json.dumps(row, sort_keys=True) for row in space.grid(2)]
    assert len(rows) == len(set(rows))
    assert set(rows) == everything(space, 2)


@settings(common, max_examples=25)
@given(mappings())
def test_the_cardinality_counts_configurations(mapping):
    space = SearchSpace.from_config(mapping)
    sizes = [kind.cardinality for kind in space.parameters.values()]
    if math.inf in sizes:
        assert space.cardinality == math.inf
    elif math.prod(sizes) * 2 ** len(sizes) <= 3000:
        assert space.cardinality == len(everything(space, None))
