from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.backend.batches import check_batch_size, resolve_controls, samples, take
from vega_core.errors import DataError, ModelError, ShapeError
from vega_core.nn import TensorSpec, batched
from vega_tasks.classification.networks import MLP, ResNet

INPUTS = {"image": batched((1, 8, 8)), "label": batched((), "int64")}


def batch(n: int = 3) -> dict[str, np.ndarray]:
    return {"image": np.zeros((n, 1, 8, 8), np.float32), "label": np.zeros(n, np.int64)}


def test_a_batch_of_any_size_fits_and_extra_fields_are_ignored() -> None:
    for n in (1, 3):
        taken = take(INPUTS, {**batch(n), "sample_valid": np.ones(n, bool)})
        assert list(taken) == ["image", "label"]
        assert samples(INPUTS, taken) == n


def test_types_are_converted_where_nothing_is_lost_in_kind() -> None:
    mixed = {"image": np.zeros((2, 1, 8, 8), np.float64), "label": np.zeros(2, np.int32)}
    taken = take(INPUTS, mixed)
    assert taken["image"].dtype == np.float32
    assert taken["label"].dtype == np.int64


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.zeros(3)}, "no field 'label'; did you mean 'labels'"),
        ({"label": np.zeros(3, np.float32)}, "field 'label' is float32, and the graph reads int64"),
        ({"label": np.zeros((3, 1), np.int64)}, r"field 'label' is \(3, 1\), .* reads \(N,\)"),
        ({"image": np.zeros((3, 1, 8, 9), np.float32)}, r"\(3, 1, 8, 9\), .*\(N, 1, 8, 8\)"),
        ({"image": np.zeros((0, 1, 8, 8), np.float32)}, r"\(0, 1, 8, 8\)"),
        ({"label": np.zeros(4, np.int64)}, "differ in their number of samples"),
    ],
)
def test_batches_that_do_not_fit_are_typed_errors(
    changes: dict[str, np.ndarray], message: str
) -> None:
    given = {**batch(), **changes}
    if "labels" in changes:
        del given["label"]
    with pytest.raises(DataError, match=message):
        take(INPUTS, given)


def test_multiples_of_the_batch() -> None:
    spec = {"boxes": TensorSpec((-4, 2))}
    assert samples(spec, take(spec, {"boxes": np.zeros((12, 2), np.float32)})) == 3
    with pytest.raises(DataError, match=r"reads \(4N, 2\)"):
        take(spec, {"boxes": np.zeros((13, 2), np.float32)})


def test_controls_take_defaults_and_refuse_strangers() -> None:
    controls = {"drop.rate": nn.ControlSpec(0.1)}
    step = resolve_controls(controls, {"lr": 0.5}, {"lr": 1, "seed": 3}, 9)
    assert (step.graph, step.update) == ({"drop.rate": 0.1}, {"lr": 1.0})
    assert (step.seed, step.step) == (3, 9)
    assert resolve_controls({}, {}, {"step": 4}, 9).step == 4
    with pytest.raises(ModelError, match=r"no control 'drop.rat'; did you mean 'drop.rate'"):
        resolve_controls(controls, {"lr": 0.5}, {"drop.rat": 1.0}, 0)


def test_a_control_may_be_an_array_or_a_whole_number() -> None:
    controls = {"mask": nn.ControlSpec(1.0, (3,)), "op": nn.ControlSpec(0, (), "int64")}
    step = resolve_controls(controls, {}, {"op": 2.0}, 0)
    assert step.graph["op"] == 2
    np.testing.assert_array_equal(step.graph["mask"], np.ones(3, np.float32))
    given = resolve_controls(controls, {}, {"mask": [0, 1, 0]}, 0).graph["mask"]
    assert given.dtype == np.float32
    np.testing.assert_array_equal(given, [0, 1, 0])
    with pytest.raises(ModelError, match=r"control 'mask' is \(2,\), and \(3,\) in the graph"):
        resolve_controls(controls, {}, {"mask": [0, 1]}, 0)
    with pytest.raises(ModelError, match="control 'op' is one number"):
        resolve_controls(controls, {}, {"op": [0, 1]}, 0)


def test_batch_normalization_needs_two_values_a_channel() -> None:
    graph = nn.trace(ResNet(8, 4), {"image": batched((1, 1, 1))})
    check_batch_size(graph, 2)
    with pytest.raises(ShapeError, match=r"stem\.norm: .*the batch size is 1"):
        check_batch_size(graph, 1)
    check_batch_size(nn.trace(ResNet(8, 4, mode="eval"), {"image": batched((1, 1, 1))}), 1)
    check_batch_size(nn.trace(MLP(3), {"x": batched((4,))}), 1)


def test_arrays_come_in_c_order() -> None:
    image = np.arange(128, dtype=np.float32).reshape(2, 8, 8, 1)
    number = {"rate": TensorSpec(())}
    views = (image.transpose(0, 3, 1, 2)[..., ::-1], np.asfortranarray(image.reshape(2, 1, 8, 8)))
    for view in views:
        taken = take(INPUTS, {"image": view, "label": np.arange(4)[::-2]})
        assert all(array.flags.c_contiguous for array in taken.values())
        np.testing.assert_array_equal(taken["image"], view)
        assert taken["label"].tolist() == [3, 1]
    assert take(number, {"rate": np.float32(2)})["rate"].shape == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rate": "high"}, "control 'rate' is one number, and got 'high'"),
        ({"rate": None}, "control 'rate' is one number, and got None"),
        ({"rate": [[1.0], [1.0, 2.0]]}, "control 'rate' is no array"),
        ({"rate": 10**400}, "control 'rate' is too large"),
        ({"op": math.nan}, "control 'op' is a whole number, and got nan"),
        ({"op": math.inf}, "control 'op' is a whole number, and got inf"),
        ({"seed": "3.0"}, "control 'seed' is one number, and got '3.0'"),
        ({"lr": np.ones(1)}, r"control 'lr' is one number, and got \(1,\) of them"),
        ({"mask": [[1.0], [1.0, 2.0]]}, "control 'mask' is no array"),
        ({"mask": ["a", "b", "c"]}, "control 'mask' is no array"),
    ],
)
def test_controls_that_are_no_numbers_are_typed_errors(given: Any, message: str) -> None:
    controls = {
        "rate": nn.ControlSpec(0.1),
        "op": nn.ControlSpec(0, (), "int64"),
        "mask": nn.ControlSpec(1.0, (3,)),
    }
    with pytest.raises(ModelError, match=message):
        resolve_controls(controls, {"lr": 0.5}, given, 0)


@pytest.mark.parametrize("seed", [2**53 + 1, np.int64(2**53 + 1), 2**70 + 1])
def test_a_seed_keeps_every_digit(seed: int) -> None:
    assert resolve_controls({}, {}, {"seed": seed}, 0).seed == int(seed)


def test_a_field_of_rows_of_unlike_lengths_is_told() -> None:
    with pytest.raises(DataError, match="field 'x' is no array"):
        take({"x": batched((1,))}, {"x": [[1.0], [1.0, 2.0]]})  # type: ignore[dict-item]
