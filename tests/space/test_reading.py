"""Configurations as people write them: the paper's listings, and errors with their places."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from vega_core.errors import SpaceError
from vega_core.plugins import parameters_of
from vega_core.space import SearchSpace, cast, find_faults

PAPER_4_1 = """
type: SearchSpace
hyperparameters:
  - key: dataset.batch_size
    type: INT_CAT
    range: [8, 16, 32, 64, 128, 256]
  - key: dataset.transformers
    type: STRING
    range: ['Cutout', 'Rotate', 'Brightness', 'Color']
  - key: trainer.optim.params.lr
    type: FLOAT_EXP
    range: [0.00001, 0.1]
  - key: trainer.optim.type
    type: STRING
    range: ['Adam', 'SGD']
  - key: trainer.optim.params.momentum
    type: FLOAT
    range: [0.0, 0.99]
  - key: network.custom.G1_nodes
    type: INT
    range: [3, 10]
  - key: network.custom.G1_K
    type: INT
    range: [2, 5]
  - key: network.custom.G1_P
    type: FLOAT
    range: [0.1, 1.0]
condition:
  - key: condition_for_sgd_momentum
    child: trainer.optim.params.momentum
    parent: trainer.optim.type
    type: EQUAL
    range: ["SGD"]
"""

PAPER_4_2 = """
type: SearchSpace
hyperparameters:
  - key: resnet.cell.inchannels
    type: MutilyPositionArray
    range: [64]
    length: 8
    times: 3
    n: 2
  - key: resnet.cell.strides
    type: IntArray
    range: (1,2)
    length: 8
  - key: resnet.conv5.inchannels
    type: IntArray
    range: [(0,16), (0,16), (0,16), (0,32),
            (0,32), (0,32), (0,32), (0,32)]
  - key: darts.weight.count
    type: INT.CAT
    range: [3]
  - key: darts.weight.value
    type: BinaryArray
    range: [4, 5]
"""


def one(**item):
    return cast({"key": "k", **item})[1]


def test_the_listing_of_section_4_1():
    space = SearchSpace.from_config(yaml.safe_load(PAPER_4_1))
    assert len(space) == 8
    for row in space.sample(200, 0, as_dicts=True):
        assert ("trainer.optim.params.momentum" in row) == (row["trainer.optim.type"] == "SGD")
        assert type(row["dataset.batch_size"]) is int
        assert type(row["dataset.transformers"]) is str
        assert type(row["trainer.optim.params.lr"]) is float
        assert 1e-5 <= row["trainer.optim.params.lr"] <= 0.1
        assert 3 <= row["network.custom.G1_nodes"] <= 10
        space.validate(row)


def test_the_listings_of_section_4_2():
    space = SearchSpace.from_config(yaml.safe_load(PAPER_4_2))
    rows = space.sample(300, 0, as_dicts=True)
    for row in rows:
        channels = row["resnet.cell.inchannels"]
        assert len(channels) == 8
        assert channels[-1] == 64 * 2**3
        assert all(b in (a, 2 * a) for a, b in zip([64, *channels], channels, strict=False))
        assert len(row["resnet.cell.strides"]) == 8
        assert set(row["resnet.cell.strides"]) <= {1, 2}
        assert row["darts.weight.count"] == 3
        matrix = np.array(row["darts.weight.value"])
        assert matrix.shape == (4, 5)
        assert (matrix.sum(axis=1) == 1).all()
    channels = np.array([row["resnet.conv5.inchannels"] for row in rows])
    assert channels.max(axis=0).tolist() == [16, 16, 16, 32, 32, 32, 32, 32]
    assert channels.min() == 0


@pytest.mark.parametrize(
    "given",
    ["(1,2)", "(1, 2)", [1, 2], (1, 2), ["(1", "2)"], ["(1,2)"], [[1, 2]], np.array([1, 2])],
)
def test_a_pair_in_every_spelling(given):
    assert one(type="INT", range=given) == one(type="INT", range=[1, 2])
    assert one(type="IntArray", range=given, length=3).to_config()["range"] == [[1, 2]] * 3


@pytest.mark.parametrize(
    "given",
    ["[(0,16), (0, 32)]", "(0, 16), (0, 32)", ["(0", "16)", "(0", "32)"], ["(0,16)", "(0,32)"],
     [(0, 16), (0, 32)], [[0, 16], [0, 32]]],
)  # fmt: skip
def test_pairs_in_every_spelling(given):
    assert one(type="IntArray", range=given).to_config()["range"] == [[0, 16], [0, 32]]


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [("INT.CAT", "INT_CAT"), ("int", "INT"), ("Float_Exp", "FLOAT_EXP"), ("category", "CATEGORY")],
)
def test_spellings_of_types(spelling, canonical):
    assert one(type=spelling, range=[1, 2]).to_config()["type"] == canonical


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("HALF", "HalfArray"),
        ("HalfArray", "HalfArray"),
        ("ADJACENCY_LIST", "AdjacencyList"),
        ("BINARY_LIST", "BINARY_CODE"),
        ("BINARY_CODE", "BINARY_CODE"),
    ],
)
def test_spellings_of_array_types(spelling, canonical):
    assert one(type=spelling, range=[32]).to_config()["type"] == canonical


def test_yaml_1_1_leaves_exponents_as_strings():
    assert one(type="FLOAT_EXP", range=yaml.safe_load("[1e-4, 1e-1]")).bounds == (1e-4, 0.1)


def test_choices_may_look_like_tuples():
    assert one(type="STRING", range=["(1,2)", "b"]).choices == ("(1,2)", "b")
    assert one(type="CATEGORY", range=["(1", "2)", "(3", "4)"]).choices == ([1, 2], [3, 4])
    assert one(type="INT_CAT", range="(8, 16, 32)").choices == (8, 16, 32)


def test_tuples_of_python_are_lists():
    assert one(type="CATEGORY", range=[(1, 2), (3, 4)]).choices == ([1, 2], [3, 4])


ITEM_ERRORS = [
    ({"type": "INT", "range": [5, 2]}, ("range",), r"reversed; write \[2, 5\]"),
    ({"type": "FLOAT", "range": [0.5, 0.1]}, ("range",), "reversed"),
    ({"type": "INT", "range": []}, ("range",), "empty"),
    ({"type": "CATEGORY", "range": []}, ("range",), "empty"),
    ({"type": "INT", "range": [3]}, ("range",), r"must be \[low, high\], got 1 value"),
    ({"type": "INT", "range": [1, 2, 3]}, ("range",), "INT_CAT"),
    ({"type": "INT", "range": 3}, ("range",), "must be a list"),
    ({"type": "INT", "range": None}, ("range",), "must be a list"),
    ({"type": "INT", "range": [1.5, 3]}, ("range",), "integers, got 1.5"),
    ({"type": "INT", "range": [True, 3]}, ("range",), "numbers, got True"),
    ({"type": "INT", "range": ["a", "b"]}, ("range",), "numbers, got 'a'"),
    ({"type": "INT", "range": "(1, b)"}, ("range",), "'b' in a range of tuples"),
    ({"type": "INT", "range": [0, 2**60]}, ("range",), "beyond"),
    ({"type": "FLOAT", "range": [0, float("nan")]}, ("range",), "nan is not a finite"),
    ({"type": "FLOAT", "range": [0, float("inf")]}, ("range",), "inf is not a finite"),
    ({"type": "INT", "range": [0, 10**400]}, ("range",), "a float can hold"),
    ({"type": "FLOAT", "range": [-1e308, 1e308]}, ("range",), "too wide"),
    ({"type": "FLOAT_EXP", "range": [0.0, 1.0]}, ("range",), "no logarithm"),
    ({"type": "INT_EXP", "range": [0, 10]}, ("range",), "no logarithm"),
    ({"type": "FLOAT_EXP", "range": [-1.0, 1.0]}, ("range",), "start above 0"),
    ({"type": "INT_CAT", "range": [1, "2"]}, ("range",), "integers, got '2'"),
    ({"type": "FLOAT_CAT", "range": [1, "x"]}, ("range",), "numbers, got 'x'"),
    ({"type": "FLOAT_CAT", "range": [1, float("nan")]}, ("range",), "finite"),
    ({"type": "STRING", "range": ["a", 1]}, ("range",), "strings, got 1; write it in quotes"),
    ({"type": "STRING", "range": "SGD"}, ("range",), "must be a list, got 'SGD'"),
    ({"type": "BOOL", "range": [1, 0]}, ("range",), "True and False"),
    ({"type": "CATEGORY", "range": ["a", "b", "a"]}, ("range",), "'a' twice"),
    ({"type": "CATEGORY", "range": [1, 1.0]}, ("range",), "twice"),
    ({"type": "CATEGORY", "range": [{1, 2}]}, ("range",), "is a set"),
    ({"type": "CATEGORY"}, (), "needs 'range'"),
    ({"type": "INT", "range": [1, 2], "slcie": 3}, ("slcie",), "did you mean 'slice'"),
    ({"type": "INT", "range": [1, 2], "slice": 0}, ("slice",), "at least 1"),
    ({"type": "INT", "range": [1, 2], "length": 3}, ("length",), "has no key 'length'"),
    ({"type": "FLOATEXP2", "range": [1, 2]}, ("type",), "did you mean 'FLOAT_EXP'"),
    ({"type": 3, "range": [1, 2]}, ("type",), "unknown parameter type 3"),
    ({"range": [1, 2]}, (), "no 'type'"),
    ({"type": "IntArray", "range": [[0, 1], [0, 2]], "length": 3}, ("range",), "2 pairs"),
    ({"type": "IntArray", "range": [[0, 1], [2, 1]]}, ("range",), "reversed"),
    ({"type": "IntArray", "range": [0, 1], "length": 0}, ("length",), "at least 1"),
    ({"type": "MultiPositionArray", "range": [64], "length": 3, "times": 1}, (), "needs 'n'"),
    (
        {"type": "MultiPositionArray", "range": [64], "length": 3, "times": 4, "n": 2},
        ("times",),
        "more than the length",
    ),
    (
        {"type": "MultiPositionArray", "range": [64, 3], "length": 3, "times": 1, "n": 2},
        ("range",),
        "initial value",
    ),
    (
        {"type": "MultiPositionArray", "range": [64], "length": 99, "times": 99, "n": 2},
        ("n",),
        "too large",
    ),
    ({"type": "BinaryArray", "range": [4]}, ("range",), r"\[rows, columns\]"),
    ({"type": "BinaryArray", "range": [4, 0]}, ("range",), "at least 1"),
    ({"type": "BINARY_CODE", "range": [4, 5]}, ("range",), "5 ones in 4"),
    ({"type": "BINARY_CODE", "range": [1, 2, 3]}, ("range",), "length, ones"),
    ({"type": "HALF", "range": [16, 2]}, ("range",), r"\[length\]"),
    ({"type": "HALF", "range": [16], "prune_ratio": 1.5}, ("prune_ratio",), "between 0 and 1"),
    ({"type": "HALF", "range": [16], "prune_ratio": "a"}, ("prune_ratio",), "needs numbers"),
    ({"type": "AdjacencyList", "range": ["a", "a"]}, ("range",), "different nodes"),
    ({"type": "AdjacencyList", "range": [1]}, ("range",), "at least 2"),
]


@pytest.mark.parametrize(("item", "path", "text"), ITEM_ERRORS)
def test_errors_of_a_parameter_name_the_place(item, path, text):
    good = {"key": "good", "type": "BOOL"}
    mapping = {"hyperparameters": [good, {"key": "k", **item}]}
    with pytest.raises(SpaceError, match=text) as error:
        SearchSpace.from_config(mapping)
    assert error.value.path == ("hyperparameters", 1, *path)


@pytest.mark.parametrize(
    ("mapping", "path", "text"),
    [
        ({}, (), "needs a list of hyperparameters"),
        ({"hyperparameters": []}, ("hyperparameters",), "needs a list"),
        ([], (), "is a mapping"),
        ({"hyperparameter": []}, ("hyperparameter",), "did you mean 'hyperparameters'"),
        ({"hyperparameters": {"key": "a"}}, ("hyperparameters",), "put a dash"),
        ({"hyperparameters": [3]}, ("hyperparameters", 0), "is a mapping"),
        ({"hyperparameters": [{"type": "BOOL"}]}, ("hyperparameters", 0), "no 'key'"),
        ({"hyperparameters": [{"key": "", "type": "BOOL"}]}, ("hyperparameters", 0, "key"), "name"),
        ({"hyperparameters": [{"key": 3, "type": "BOOL"}]}, ("hyperparameters", 0, "key"), "got 3"),
        (
            {"hyperparameters": [{"key": "a", "type": "BOOL"}] * 2},
            ("hyperparameters", 1, "key"),
            "'a' stands twice",
        ),
        (
            {"hyperparameters": [{"key": "a", "type": "BOOL"}], "condition": {"child": "a"}},
            ("condition",),
            "put a dash",
        ),
        (
            {"hyperparameters": [{"key": "a", "type": "BOOL"}], "forbidden": 3},
            ("forbidden",),
            "list",
        ),
    ],
)
def test_errors_of_the_whole_name_the_place(mapping, path, text):
    with pytest.raises(SpaceError, match=text) as error:
        SearchSpace.from_config(mapping)
    assert error.value.path == path


def test_all_faults_are_found_at_once():
    faults = find_faults(
        {
            "hyperparameters": [
                {"key": "a", "type": "INT", "range": [2, 1]},
                {"key": "b", "type": "INTT", "range": [2, 1]},
                {"key": "c", "type": "BOOL"},
            ],
            "condition": [{"child": "a", "parent": "c", "type": "SAME", "range": [True]}],
            "extra": 1,
        }
    )
    assert {fault.path for fault in faults} == {
        ("extra",),
        ("hyperparameters", 0, "range"),
        ("hyperparameters", 1, "type"),
        ("condition", 0, "type"),
    }


def test_faults_of_names_are_found_at_once():
    faults = find_faults(
        {
            "hyperparameters": [{"key": "a", "type": "BOOL"}],
            "condition": [
                {"child": "x", "parent": "a", "type": "EQUAL", "range": [True]},
                {"child": "a", "parent": "y", "type": "EQUAL", "range": [True]},
            ],
            "forbidden": [{"z": 1}],
        }
    )
    assert [fault.path for fault in faults] == [
        ("condition", 0, "child"),
        ("condition", 1, "parent"),
        ("forbidden", 0, "z"),
    ]


def test_a_valid_space_has_no_faults():
    assert find_faults(yaml.safe_load(PAPER_4_1)) == []


def test_paths_lead_into_a_larger_configuration():
    with pytest.raises(SpaceError) as error:
        cast({"key": "a", "type": "INT", "range": [2, 1]}, ("search_space", "hyperparameters", 4))
    assert error.value.path == ("search_space", "hyperparameters", 4, "range")
    assert str(error.value).startswith("a: range")


def test_its_parameters_are_the_keys_of_a_configuration() -> None:
    found = {one.name: (one.type, one.required) for one in parameters_of(SearchSpace)}
    assert found == {
        "hyperparameters": ("list[dict[str, any]]", True),
        "condition": ("list[dict[str, any]]", False),
        "forbidden": ("list[dict[str, any]]", False),
    }
    assert all(one.doc for one in parameters_of(SearchSpace))
