"""The space as a whole: sampling, encoding, validation, identity."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from vega_core.errors import SpaceError
from vega_core.space import Dimension, Integer, SearchSpace


@pytest.fixture
def space():
    return SearchSpace.from_dict(
        {
            "trainer.lr": ("FLOAT_EXP", 1e-5, 1e-1),
            "trainer.optimizer": ["Adam", "SGD"],
            "trainer.momentum": (0.0, 0.99),
            "model.depth": (2, 5),
            "model.strides": {"type": "IntArray", "range": [[1, 2]], "length": 3},
        },
        condition=[
            {
                "child": "trainer.momentum",
                "parent": "trainer.optimizer",
                "type": "EQUAL",
                "range": ["SGD"],
            }
        ],
        forbidden=[{"trainer.optimizer": "Adam", "model.depth": 5}],
    )


def test_equal_seeds_give_equal_samples(space):
    assert space.sample(20, 7, as_dicts=True) == space.sample(20, 7, as_dicts=True)
    assert space.sample(20, 7, as_dicts=True) != space.sample(20, 8, as_dicts=True)
    rng = np.random.default_rng(7)
    assert space.sample(20, rng, as_dicts=True) == space.sample(20, 7, as_dicts=True)
    assert space.sample(20, rng, as_dicts=True) != space.sample(20, 7, as_dicts=True)


def test_samples_do_not_depend_on_the_process(space):
    code = (
        "from vega_core.space import SearchSpace\n"
        f"s = SearchSpace.from_config({space.to_config()!r})\n"
        "print(s.signature, s.sample(5, 1, as_dicts=True))"
    )
    run = [sys.executable, "-c", code]
    outputs = {
        subprocess.run(
            run,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{space.signature} {space.sample(5, 1, as_dicts=True)}\n"}


@pytest.mark.parametrize("n", [0, 1])
def test_few_samples(space, n):
    samples = space.sample(n, 0)
    assert samples.size == n
    assert samples["model.strides"].shape == (n, 3)
    assert samples.active["trainer.momentum"].shape == (n,)
    assert len(space.to_dicts(samples)) == n
    places, mask = space.encode(samples)
    assert places.shape == mask.shape == (n, 7)
    assert len(space.decode(places).to_dicts()) == n
    assert space.encode([])[0].shape == (0, 7)


def test_columns_are_a_mapping(space):
    samples = space.sample(10, 0)
    assert list(samples) == list(space.names)
    assert len(samples) == 5
    assert samples["trainer.lr"].dtype == np.float64
    assert samples["model.depth"].dtype == np.int64
    assert set(samples["trainer.optimizer"]) == {"Adam", "SGD"}
    with pytest.raises(KeyError):
        samples["nothing"]


def test_a_space_of_one_point():
    space = SearchSpace.from_dict({"a": [None], "b": (3, 3), "c": (0.5, 0.5)})
    row = {"a": None, "b": 3, "c": 0.5}
    assert space.sample(3, 0, as_dicts=True) == [row] * 3
    assert space.decode(np.random.default_rng(0).random((2, 3))).to_dicts() == [row] * 2
    assert space.grid() == [row]
    assert space.cardinality == 1


def test_dimensions_say_what_the_columns_are(space):
    assert space.dimensions == (
        Dimension("trainer.lr", "continuous"),
        Dimension("trainer.optimizer", "categorical", 2),
        Dimension("trainer.momentum", "continuous"),
        Dimension("model.depth", "integer", 4),
        *[Dimension("model.strides", "integer", 2)] * 3,
    )
    assert space.columns_of("model.strides") == slice(4, 7)


def test_inactive_columns_lie_in_the_middle(space):
    row = {
        "trainer.lr": 1e-3,
        "trainer.optimizer": "Adam",
        "model.depth": 2,
        "model.strides": [1, 2, 1],
    }
    places, mask = space.encode([row])
    np.testing.assert_allclose(places[0], [0.5, 0.25, 0.5, 0.125, 0.25, 0.75, 0.25])
    assert mask[0].tolist() == [True, True, False, True, True, True, True]


def test_places_beyond_the_cube_count_as_its_border(space):
    low, high = space.decode([[-1.0] * 7, [2.0] * 7]).to_dicts()
    assert low["model.strides"] == [1, 1, 1]
    assert high["model.strides"] == [2, 2, 2]
    assert high["trainer.lr"] == pytest.approx(0.1)


@pytest.mark.parametrize("places", [[[0.5] * 6], [0.5] * 7, [[np.nan] * 7], [[np.inf] * 7]])
def test_places_that_are_none(space, places):
    with pytest.raises(SpaceError, match="places have"):
        space.decode(places)


def test_decoding_leaves_its_argument_alone(space):
    places = np.random.default_rng(0).random((5, 7))
    before = places.copy()
    space.decode(places)
    space.decode(np.asfortranarray(places))
    assert np.array_equal(places, before)


GOOD = {
    "trainer.lr": 1e-3,
    "trainer.optimizer": "SGD",
    "trainer.momentum": 0.9,
    "model.depth": 2,
    "model.strides": [1, 2, 1],
}


@pytest.mark.parametrize(
    ("change", "path", "text"),
    [
        ({"trainer.lr": 1.0}, ("trainer.lr",), r"trainer.lr: 1.0 is not in \[1e-05, 0.1\]"),
        ({"trainer.lr": "1e-3"}, ("trainer.lr",), "not a number"),
        ({"trainer.optimizer": "sgd"}, ("trainer.optimizer",), "did you mean 'SGD'"),
        ({"trainer.optimizer": "Adam"}, ("trainer.momentum",), "inactive; it needs trainer.optim"),
        ({"model.depth": None}, ("model.depth",), "not an integer"),
        ({"model.strides": [1, 2]}, ("model.strides",), "has 2 values, not 3"),
        ({"model.strides": [1, 2, 3]}, ("model.strides",), "3 is not in"),
        ({"model.strides": 1}, ("model.strides",), "not a list"),
        ({"model.dept": 3}, ("model.dept",), "unknown parameter 'model.dept'; did you mean"),
    ],
)
def test_validation_names_the_parameter(space, change, path, text):
    space.validate(GOOD)
    with pytest.raises(SpaceError, match=text) as error:
        space.validate({**GOOD, **change})
    assert error.value.path == path


def test_validation_of_what_is_missing(space):
    with pytest.raises(SpaceError, match=r"trainer.momentum: the configuration has no value"):
        space.validate({k: v for k, v in GOOD.items() if k != "trainer.momentum"})
    with pytest.raises(SpaceError, match="no value"):
        space.validate({})


def test_a_configuration_is_a_mapping(space):
    with pytest.raises(SpaceError, match="is a mapping"):
        space.validate(None)


def test_errors_of_many_name_the_row(space):
    with pytest.raises(SpaceError) as error:
        space.encode([GOOD, {**GOOD, "model.depth": 9}])
    assert error.value.path == (1, "model.depth")


def test_spaces_join(space):
    joined = space | SearchSpace.from_dict({"dataset.batch": [1, 2]})
    assert joined.names == (*space.names, "dataset.batch")
    assert joined.conditions == space.conditions
    assert joined.forbidden == space.forbidden
    with pytest.raises(SpaceError, match=r"both search spaces have 'model\.depth'"):
        space | SearchSpace.from_dict({"model.depth": (0, 1)})


def test_identity(space):
    again = SearchSpace.from_config(space.to_config())
    assert again == space
    assert hash(again) == hash(space)
    assert again.signature == space.signature
    assert len(space.signature) == 64
    other = SearchSpace.from_dict({"model.depth": (2, 6)})
    assert other != space
    assert other.signature != SearchSpace.from_dict({"model.depth": (2, 5)}).signature
    assert space != "space"


def test_it_can_be_sent_to_another_process(space):
    rows = space.sample(3, 0, as_dicts=True)
    assert SearchSpace.from_config(space.to_config()).sample(3, 0, as_dicts=True) == rows
    assert pickle.loads(pickle.dumps(Integer(2, 5))) == Integer(2, 5)


def test_it_describes_itself(space):
    assert repr(SearchSpace.from_dict({"a": (0, 1)})) == "SearchSpace(a)"
    lines = space.describe().splitlines()
    assert lines[0].split() == ["name", "type", "range", "active", "when"]
    momentum = "trainer.momentum FLOAT [0.0, 0.99] trainer.optimizer EQUAL ['SGD']"
    assert " ".join(lines[3].split()) == momentum
    assert lines[-1] == "forbidden: trainer.optimizer = 'Adam' and model.depth = 5"


def test_a_big_space():
    names = [f"layer{i}" for i in range(500)]
    space = SearchSpace.from_dict(
        {
            **{f"{name}.ops": ["conv", "pool", "skip"] for name in names},
            **{f"{name}.channels": ("INT_EXP", 16, 512) for name in names},
        },
        condition=[
            {"child": f"{n}.channels", "parent": f"{n}.ops", "type": "NOT_EQUAL", "range": ["skip"]}
            for n in names
        ],
    )
    rows = space.sample(50, 0, as_dicts=True)
    places, _ = space.encode(rows)
    assert places.shape == (50, 1000)
    assert space.decode(places).to_dicts() == rows
    assert len(space.neighbours(rows[0], 0, 5)) == 5


def test_many_cells_and_one_huge_mask():
    space = SearchSpace.from_dict({"mask": {"type": "HALF", "range": [2048]}})
    rows = space.sample(20, 0, as_dicts=True)
    assert {sum(row["mask"]) for row in rows} <= {1024, 2048}
    assert space.decode(space.encode(rows)[0]).to_dicts() == rows
