from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vega_core.backend import State, check_state
from vega_core.errors import StateError

EXPECTED = {"fc.weight": ((2, 3), "float32"), "fc.bias": ((2,), "float32")}


def state(**slots: np.ndarray) -> State:
    arrays = {"fc.weight": np.ones((2, 3), np.float32), "fc.bias": np.ones(2, np.float32)}
    return State(arrays, slots, 7)


def test_a_state_goes_through_a_flat_dictionary() -> None:
    before = state(**{"fc.weight/velocity": np.ones((2, 3), np.float32)})
    arrays = before.to_arrays()
    assert sorted(arrays) == [
        "parameters/fc.bias",
        "parameters/fc.weight",
        "position",
        "slots/fc.weight/velocity",
    ]
    after = State.from_arrays(arrays)
    assert after.position == 7
    assert list(after.parameters) == ["fc.weight", "fc.bias"]
    np.testing.assert_array_equal(
        after.slots["fc.weight/velocity"], before.slots["fc.weight/velocity"]
    )


def test_a_damaged_dictionary_is_refused() -> None:
    arrays = state().to_arrays()
    with pytest.raises(StateError, match="'other/x' belongs to no part"):
        State.from_arrays({**arrays, "other/x": np.ones(1)})
    del arrays["position"]
    with pytest.raises(StateError, match="no position"):
        State.from_arrays(arrays)


def test_a_state_that_fits_passes() -> None:
    check_state(state(**{"fc.bias/steps": np.asarray(3)}), EXPECTED)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fc.bias": None}, r"'fc\.bias' is missing"),
        ({"fc.bias": None, "fc.bia": np.ones(2)}, r"'fc\.bias' is missing; did you mean 'fc\.bia'"),
        ({"head": np.ones(2)}, r"'head' is not in the model"),
        ({"fc.bias": np.ones(3, np.float32)}, r"'fc\.bias' is \(3,\), and \(2,\) in the model"),
        ({"fc.bias": np.ones(2)}, r"'fc\.bias' is float64, and float32 in the model"),
    ],
)
def test_parameters_that_do_not_fit_are_named(
    changes: dict[str, np.ndarray | None], message: str
) -> None:
    arrays = {**state().parameters, **changes}
    broken = State({name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(StateError, match=message):
        check_state(broken, EXPECTED)


def test_all_faults_are_named_at_once() -> None:
    broken = State({"fc.weight": np.ones((3, 2), np.float32), "x": np.ones(1)})
    with pytest.raises(StateError, match=r"'fc\.bias' is missing.*\(3, 2\).*'x' is not"):
        check_state(broken, EXPECTED)


def test_slots_belong_to_parameters() -> None:
    with pytest.raises(StateError, match="slot 'head/velocity' belongs to no parameter"):
        check_state(state(**{"head/velocity": np.ones(1)}), EXPECTED)


COUNT = np.asarray(3)


@pytest.mark.parametrize(
    ("slot", "form", "message"),
    [
        (np.ones(3, np.float32), None, r"is \(3,\) float32, its parameter \(2,\) float32"),
        (np.ones(2), None, r"is \(2,\) float64, its parameter \(2,\) float32"),
        (np.ones(2, np.int64), None, r"is \(2,\) int64, its parameter \(2,\) float32"),
        (np.ones((), np.float32), "copy", r"is \(\) float32, its parameter \(2,\) float32"),
        (np.ones((), np.float32), "count", r"is \(\) float32, and a count in the store"),
        (np.asarray(3, np.int32), None, r"is \(\) int32, its parameter \(2,\) float32"),
        (np.ones(2, np.float32), "count", r"is \(2,\) float32, and a count in the store"),
        (COUNT, "parameter", r"is \(\) int64, its parameter \(2,\) float32"),
        (COUNT, "number", r"is \(\) int64, and a number in the store"),
    ],
)
def test_slots_that_do_not_fit_are_named(slot: np.ndarray, form: Any, message: str) -> None:
    forms = {} if form is None else {"fc.bias/x": form}
    with pytest.raises(StateError, match=rf"slot 'fc\.bias/x' {message}"):
        check_state(state(**{"fc.bias/x": slot}), EXPECTED, forms)


def test_slots_that_fit_pass() -> None:
    like = np.ones(2, np.float32)
    slots = {
        "fc.bias/steps": COUNT,
        "fc.bias/velocity": like,
        "fc.bias/sum": like,
        "fc.bias/threshold": np.ones((), np.float32),
    }
    check_state(state(**slots), EXPECTED)
    forms: Any = dict(zip(slots, ("count", "parameter", "copy", "number"), strict=True))
    check_state(state(**slots), EXPECTED, forms)


@pytest.mark.parametrize("position", [np.asarray(1.5), np.asarray([1, 2]), np.asarray([1])])
def test_a_position_is_one_whole_number(position: np.ndarray) -> None:
    with pytest.raises(StateError, match="position of the saved state"):
        State.from_arrays({**state().to_arrays(), "position": position})
