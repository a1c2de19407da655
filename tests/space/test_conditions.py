"""Conditions: against a plain interpreter, and the errors of bad ones."""

from __future__ import annotations

import numpy as np
import pytest

from vega_core.errors import SpaceError
from vega_core.space import Condition, Integer, SearchSpace, find_faults


def number(key, low=0, high=9):
    return {"key": key, "type": "INT", "range": [low, high]}


def edge(child, parent, kind, values):
    return {"child": child, "parent": parent, "type": kind, "range": values}


def build(parameters, condition, forbidden=()):
    return SearchSpace.from_config(
        {"hyperparameters": parameters, "condition": condition, "forbidden": list(forbidden)}
    )


def interpret(space, full):
    """Which names of a full assignment are active: the rules, row by row, without NumPy."""

    def holds(condition):
        value = full[condition.parent]
        if condition.type == "EQUAL":
            return value == condition.range[0]
        if condition.type == "NOT_EQUAL":
            return all(value != other for other in condition.range)
        if condition.type == "FORBIDDEN":
            elements = value if isinstance(value, list) else []
            return all(value != other and other not in elements for other in condition.range)
        if isinstance(value, str):
            return value in condition.range
        return condition.range[0] <= value <= condition.range[1]

    def active(name):
        return all(active(c.parent) and holds(c) for c in space.conditions if c.child == name)

    return {name for name in full if active(name)}


LETTERS = {"key": "letter", "type": "STRING", "range": ["p", "q", "r"]}


@pytest.mark.parametrize(
    "conditions",
    [
        [edge("x", "letter", "EQUAL", ["q"])],
        [edge("x", "letter", "EQUAL", "q")],
        [edge("x", "letter", "NOT_EQUAL", ["q"])],
        [edge("x", "letter", "NOT_EQUAL", ["q", "p"])],
        [edge("x", "letter", "IN", ["q", "p"])],
        [edge("x", "letter", "FORBIDDEN", ["q"])],
        [edge("x", "y", "IN", [2, 5])],
        [edge("x", "y", "IN", [2.5, 100])],
        [edge("x", "y", "EQUAL", [3])],
        [edge("x", "y", "NOT_EQUAL", [3, 4])],
        [edge("x", "y", "IN", [2, 8]), edge("x", "letter", "EQUAL", ["p"])],
        [edge("x", "y", "IN", [2, 8]), edge("y", "letter", "EQUAL", ["p"])],
        [edge("x", "y", "IN", [2, 8]), edge("x", "y", "NOT_EQUAL", [5])],
        [edge("x", "list", "FORBIDDEN", [1])],
        [edge("x", "list", "FORBIDDEN", [[1, 0], 2])],
        [edge("x", "list", "EQUAL", [[1, 2]]), edge("y", "x", "IN", [0, 4])],
        [edge("letter", "x", "IN", [0, 4]), edge("y", "letter", "FORBIDDEN", ["p", "r"])],
    ],
)
def test_activity_agrees_with_a_plain_interpreter(conditions):
    array = {"key": "list", "type": "IntArray", "range": [[0, 2], [0, 2]]}
    space = build([number("x"), LETTERS, number("y"), array], conditions)
    samples = space.sample(400, 1)
    full = [
        {name: samples[name].tolist()[row] for name in space.names} for row in range(samples.size)
    ]
    dicts = samples.to_dicts()
    for row, given in zip(full, dicts, strict=True):
        expected = interpret(space, row)
        assert given == {name: row[name] for name in expected}
    assert any(set(row) != set(space.names) for row in dicts)


def test_several_parents_mean_and():
    space = build(
        [number("a", 0, 1), number("b", 0, 1), number("child")],
        [edge("child", "a", "EQUAL", [1]), edge("child", "b", "EQUAL", [1])],
    )
    for row in space.sample(200, 0, as_dicts=True):
        assert ("child" in row) == (row["a"] == 1 and row["b"] == 1)


def test_children_of_an_inactive_parent_are_inactive_whatever_the_condition():
    space = build(
        [number("a", 0, 1), number("b", 0, 1), number("c")],
        [edge("b", "a", "EQUAL", [1]), edge("c", "b", "NOT_EQUAL", [0])],
    )
    rows = space.sample(200, 0, as_dicts=True)
    assert all("c" not in row for row in rows if row["a"] == 0)
    assert any("c" in row for row in rows)


def test_a_long_chain_in_which_each_hangs_on_the_next():
    count = 1500
    names = [f"p{i}" for i in range(count)]
    conditions = [edge(names[i], names[i + 1], "IN", [0, 9]) for i in range(count - 1)]
    space = build([number(name) for name in names], conditions)
    assert len(space.sample(3, 0, as_dicts=True)[2]) == count


def test_a_space_in_which_all_but_one_are_conditional():
    names = [f"p{i}" for i in range(6)]
    conditions = [edge(names[i + 1], names[i], "IN", [0, 4]) for i in range(5)]
    rows = build([number(name) for name in names], conditions).sample(500, 2, as_dicts=True)
    lengths = {len(row) for row in rows}
    assert lengths == {1, 2, 3, 4, 5, 6}
    for row in rows:
        assert list(row) == names[: len(row)]


def test_category_choices_that_are_lists_can_be_contained():
    space = build(
        [
            {"key": "ops", "type": "CATEGORY", "range": [["flip"], ["flip", "crop"], []]},
            number("x"),
        ],
        [edge("x", "ops", "FORBIDDEN", ["crop"])],
    )
    for row in space.sample(100, 0, as_dicts=True):
        assert ("x" in row) == ("crop" not in row["ops"])


def test_a_cycle_is_printed():
    with pytest.raises(SpaceError, match=r"form a cycle: a -> b -> a$") as error:
        build(
            [number("a"), number("b")],
            [edge("b", "a", "EQUAL", [1]), edge("a", "b", "EQUAL", [1])],
        )
    assert error.value.path[0] == "condition"


def test_a_long_cycle_behind_a_tail_is_printed_alone():
    with pytest.raises(SpaceError, match="cycle") as error:
        build(
            [number(name) for name in ("tail", "a", "b", "c")],
            [
                edge("tail", "a", "EQUAL", [1]),
                edge("b", "a", "EQUAL", [1]),
                edge("c", "b", "EQUAL", [1]),
                edge("a", "c", "EQUAL", [1]),
            ],
        )
    text = str(error.value)
    assert text.endswith("a -> b -> c -> a")
    assert "tail" not in text


def test_a_parameter_of_itself():
    with pytest.raises(SpaceError, match=r"cycle: a -> a$"):
        build([number("a")], [edge("a", "a", "EQUAL", [1])])


@pytest.mark.parametrize(
    ("condition", "path", "text"),
    [
        (
            edge("chidl", "a", "EQUAL", [1]),
            ("child",),
            "unknown child 'chidl'; did you mean 'child'",
        ),
        (edge("child", "b", "EQUAL", [1]), ("parent",), "unknown parent 'b'"),
        (edge("child", "a", "EQUALS", [1]), ("type",), "did you mean 'EQUAL'"),
        (edge("child", "a", "EQUAL", []), ("range",), "empty"),
        (edge("child", "a", "EQUAL", [1, 2]), ("range",), "one value"),
        (edge("child", "a", "EQUAL", [99]), ("range",), r"99 is not in \[0, 9\]"),
        (edge("child", "a", "EQUAL", ["1"]), ("range",), "'1' is not an integer"),
        (edge("child", "a", "IN", [5, 2]), ("range",), "reversed"),
        (edge("child", "a", "IN", [1, 2, 3]), ("range",), r"IN takes \[low, high\]"),
        (edge("child", "a", "IN", [20, 30]), ("range",), "never holds"),
        (edge("child", "a", "IN", [1, float("nan")]), ("range",), "finite"),
        (edge("child", "opt", "IN", ["Adma"]), ("range",), "did you mean 'Adam'"),
        ({"child": "child", "parent": "a", "type": "EQUAL"}, (), "no 'range'"),
        ({**edge("child", "a", "EQUAL", [1]), "rang": 1}, ("rang",), "did you mean 'range'"),
        (edge(["child"], "a", "EQUAL", [1]), ("child",), "name of one parameter"),
        ("child", (), "is a mapping"),
    ],
)
def test_errors_name_the_place(condition, path, text):
    optimizer = {"key": "opt", "type": "STRING", "range": ["Adam", "SGD"]}
    good = edge("child", "opt", "EQUAL", ["SGD"])
    mapping = {
        "hyperparameters": [number("a"), number("child"), optimizer],
        "condition": [good, condition],
    }
    with pytest.raises(SpaceError, match=text) as error:
        SearchSpace.from_config(mapping)
    assert error.value.path == ("condition", 1, *path)
    assert [fault.path for fault in find_faults(mapping)] == [("condition", 1, *path)]


def test_conditions_of_typed_python():
    space = SearchSpace(
        {"a": Integer(0, 1), "b": Integer(0, 5)}, [Condition("b", "a", "EQUAL", (1,))]
    )
    assert np.array_equal(*(lambda s: (s.active["b"], s["a"] == 1))(space.sample(50, 0)))


def test_masks_cannot_be_changed_by_accident():
    samples = SearchSpace.from_dict({"a": (0, 1), "b": (0, 1)}).sample(3, 0)
    with pytest.raises(ValueError, match="read-only"):
        samples.active["a"][0] = False
