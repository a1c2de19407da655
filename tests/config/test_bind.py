"""Binding of samples: what is set, what is left, and how long it takes."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega_core.config.bind import bind

STEP = {
    "pipe_step": {"type": "SearchPipeStep"},
    "dataset": {
        "type": "Digits",
        "batch_size": 64,
        "transforms": [{"type": "RandomShift", "pixels": 1}],
    },
    "model": {"type": "ResNet", "depth": 8, "num_classes": "auto"},
    "search_algorithm": {"type": "AshaHpo", "num_samples": 30, "eta": 3, "max_budget": 9},
    "search_space": {
        "type": "SearchSpace",
        "hyperparameters": [
            {"key": f"name{index}", "type": "FLOAT", "range": [0.0, 1.0]} for index in range(6)
        ],
    },
    "objectives": {"accuracy": "max"},
    "trainer": {
        "type": "Trainer",
        "epochs": 9,
        "optimizer": {"type": "SGD", "params": {"lr": 0.1, "momentum": 0.9}},
        "lr_scheduler": {"type": "CosineAnnealing", "params": {}},
        "metrics": ["accuracy"],
    },
}


def section(root: str, **sample: Any) -> Any:
    return bind(STEP, {f"{root}.{name.replace('__', '.')}": v for name, v in sample.items()})[root]


def test_keys_of_sections() -> None:
    assert section("dataset", batch_size=32)["batch_size"] == 32
    assert section("trainer", optimizer__params__lr=0.5)["optimizer"] == {
        "type": "SGD", "params": {"lr": 0.5, "momentum": 0.9},
    }  # fmt: skip
    assert section("dataset", transforms__0__pixels=3)["transforms"] == [
        {"type": "RandomShift", "pixels": 3}
    ]


def test_blocks_are_made() -> None:
    assert section("trainer", loss__label_smoothing=0.1)["loss"] == {"label_smoothing": 0.1}
    assert bind({}, {"trainer.optimizer.params.lr": 1}) == {
        "trainer": {"optimizer": {"params": {"lr": 1}}}
    }
    assert bind({"trainer": {"loss": None}}, {"trainer.loss.type": "X"}) == {
        "trainer": {"loss": {"type": "X"}}
    }
    assert bind({"trainer": {"loss": "CE"}}, {"trainer.loss.x": 1}) == {
        "trainer": {"loss": {"type": "CE", "x": 1}}
    }


@pytest.mark.parametrize("reverse", [False, True])
def test_another_type_forgets_the_params_of_the_first(reverse: bool) -> None:
    sample = {"trainer.optimizer.type": "Adam", "trainer.optimizer.params.lr": 0.01}
    ordered = dict(reversed(sample.items())) if reverse else sample
    assert bind(STEP, ordered)["trainer"]["optimizer"] == {"type": "Adam", "params": {"lr": 0.01}}
    same = {"trainer.optimizer.type": "SGD", "trainer.optimizer.params.lr": 0.01}
    assert bind(STEP, same)["trainer"]["optimizer"]["params"] == {"lr": 0.01, "momentum": 0.9}


CHOICES = {
    "model": {"MLP": ["format", "hidden", "num_classes"], "ResNet": ["depth", "num_classes"]},
    "dataset": {"Mnist": ["batch_size", "path", "transforms", "val"]},
    "dataset.transforms.0": {"Cutout": ["size"]},
}


@pytest.mark.parametrize("reverse", [False, True])
def test_another_type_keeps_what_both_take(reverse: bool) -> None:
    step = {**STEP, "choices": CHOICES}
    sample = {"model.type": "MLP", "model.hidden": [8], "model.l1.k": 3, "dataset.type": "Mnist"}
    bound = bind(step, dict(reversed(sample.items())) if reverse else sample)
    assert bound["model"] == {
        "type": "MLP", "num_classes": "auto", "hidden": [8], "overrides": {"l1.k": 3},
    }  # fmt: skip
    assert bound["dataset"] == {**STEP["dataset"], "type": "Mnist"}
    assert bind(step, {"model.type": "ResNet"})["model"] == STEP["model"]
    assert bind(step, {"dataset.transforms.0.type": "Cutout"})["dataset"]["transforms"] == [
        {"type": "Cutout"}
    ]


def test_another_type_of_which_nothing_is_known_keeps_the_keys_of_the_engine() -> None:
    assert section("model", type="Other") == {"type": "Other"}
    assert section("dataset", type="Other") == {**STEP["dataset"], "type": "Other"}
    assert section("trainer", type="Other") == {"type": "Other"}


def test_a_type_where_none_is_configured_forgets_nothing() -> None:
    given = {"trainer": {"epochs": 3}}
    assert bind(given, {"trainer.type": "X"}) == {"trainer": {"epochs": 3, "type": "X"}}


def test_outer_names_are_set_first() -> None:
    sample = {
        "trainer.optimizer.params.lr": 0.5,
        "trainer.optimizer": {"type": "Adam"},
        "dataset.transforms.0.pixels": 4,
        "dataset.transforms": ["RandomShift"],
    }
    bound = bind(STEP, sample)
    assert bound["trainer"]["optimizer"] == {"type": "Adam", "params": {"lr": 0.5}}
    assert bound["dataset"]["transforms"] == [{"type": "RandomShift", "pixels": 4}]


def test_items_of_a_list_by_name_alone() -> None:
    step = {
        "dataset": {"transforms": ["Flip", "RandomShift"]},
        "trainer": {"metrics": ["accuracy"], "callbacks": ["EarlyStop"]},
        "evaluator": ["Latency"],
    }
    sample = {"dataset.transforms.1.pixels": 3, "trainer.metrics.0.k": 5,
              "trainer.callbacks.0.patience": 2, "evaluator.0.runs": 9}  # fmt: skip
    assert bind(step, sample) == {
        "dataset": {"transforms": ["Flip", {"type": "RandomShift", "pixels": 3}]},
        "trainer": {
            "metrics": [{"type": "accuracy", "k": 5}],
            "callbacks": [{"type": "EarlyStop", "patience": 2}],
        },
        "evaluator": [{"type": "Latency", "runs": 9}],
    }


def test_places_in_lists_of_the_model() -> None:
    step = {"model": {"type": "MLP", "hidden": [1, 2], "stages": [{"n": 1}], "rewrites": [
        {"type": "Widen", "by": 2}]}}  # fmt: skip
    sample = {"model.hidden.1": 7, "model.stages.0.n": 5, "model.rewrites.0.by": 4,
              "model.hidden.0.out": 3, "model.hidden.2": 9}  # fmt: skip
    assert bind(step, sample)["model"] == {
        "type": "MLP", "hidden": [1, 7], "stages": [{"n": 5}],
        "rewrites": [{"type": "Widen", "by": 4}],
        "overrides": {"hidden.0.out": 3, "hidden.2": 9},
    }  # fmt: skip


def test_what_follows_overrides_is_one_key() -> None:
    sample = {"model.overrides.layer1.0.conv1.out_channels": 24, "model.overrides.depth": 3}
    assert section("model", **{k.removeprefix("model."): v for k, v in sample.items()})[
        "overrides"
    ] == {"layer1.0.conv1.out_channels": 24, "depth": 3}
    whole = bind(STEP, {"model.overrides.a.b": 2, "model.overrides": {"c.d": 1}})
    assert whole["model"]["overrides"] == {"c.d": 1, "a.b": 2}


def test_names_in_the_model() -> None:
    model = section("model", depth=14, width=8)
    assert model == {"type": "ResNet", "depth": 14, "num_classes": "auto", "width": 8}
    assert section("model", layer1__0__conv1__out_channels=24)["overrides"] == {
        "layer1.0.conv1.out_channels": 24
    }
    parts = {"model": {"modules": ["a", "b"], "a": {"type": "X"}, "b": {"type": "Y"}}}
    assert bind(parts, {"model.a.depth": 3, "model.b.conv.k": 5})["model"] == {
        "modules": ["a", "b"],
        "a": {"type": "X", "depth": 3},
        "b": {"type": "Y", "overrides": {"conv.k": 5}},
    }
    given = {"model": {"type": "X", "overrides": {"l1.k": 3}}}
    assert bind(given, {"model.l2.k": 5})["model"]["overrides"] == {"l1.k": 3, "l2.k": 5}


def test_a_transform_by_name_alone() -> None:
    assert section("dataset", transforms="Cutout")["transforms"] == [{"type": "Cutout"}]
    assert section("trainer", metrics="f1")["metrics"] == [{"type": "f1"}]
    whole = {"type": "top_k_accuracy", "k": 5}
    assert section("trainer", metrics=whole)["metrics"] == [whole]


def test_it_is_the_function_that_the_package_gives() -> None:
    import vega_core.config
    import vega_core.config.model

    assert vega_core.config.bind is bind


def test_names_that_bind_nothing() -> None:
    assert bind(STEP, {"x": 1, "some.thing": 2, "dataset": 3}) == STEP


names = st.sampled_from([
    "dataset.batch_size", "trainer.epochs", "trainer.optimizer.params.lr", "model.depth",
    "model.a.b.c", "trainer.optimizer.type", "trainer.lr_scheduler.params.min_lr", "x",
    "dataset.transforms.0.pixels", "trainer.new.block.value",
])  # fmt: skip
samples = st.dictionaries(names, st.integers() | st.floats(0, 1) | st.text("ab", max_size=3)
                          | st.lists(st.integers(), max_size=3))  # fmt: skip


@given(samples)
def test_the_configuration_is_not_changed_and_nothing_is_shared(sample: dict[str, Any]) -> None:
    before, drawn = copy.deepcopy(STEP), copy.deepcopy(sample)
    bound = bind(STEP, sample)
    assert before == STEP
    spoil(bound)
    assert before == STEP
    assert drawn == sample


@given(samples)
def test_every_bound_name_is_found_again(sample: dict[str, Any]) -> None:
    bound = bind(STEP, sample)
    for name, value in sample.items():
        if name == "model.a.b.c":
            assert bound["model"]["overrides"]["a.b.c"] == value
        elif name != "x":
            node: Any = bound
            for key in name.split("."):
                node = node[int(key)] if isinstance(node, list) else node[key]
            assert node == value
    unsampled = {name for name in ("dataset.batch_size", "model.depth") if name not in sample}
    for name in unsampled:
        root, key = name.split(".")
        assert bound[root][key] == STEP[root][key]


@given(samples)
def test_binding_twice_is_binding_once(sample: dict[str, Any]) -> None:
    bound = bind(STEP, sample)
    assert bind(bound, sample) == bound


def test_it_is_fast() -> None:
    sample = {
        "dataset.batch_size": 32, "trainer.optimizer.type": "SGD", "model.depth": 14,
        "trainer.optimizer.params.lr": 0.01, "trainer.optimizer.params.momentum": 0.5,
        "model.width": 8,
    }  # fmt: skip
    best = min(timed(lambda: bind(STEP, sample), 200) for _ in range(5))
    assert best < 100e-6


def timed(call: Any, times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def spoil(value: Any) -> None:
    if isinstance(value, dict):
        for item in value.values():
            spoil(item)
        value["spoilt"] = True
    elif isinstance(value, list):
        for item in value:
            spoil(item)
        value.append("spoilt")
