"""What a step takes over from an earlier one, and what outranks what."""

from __future__ import annotations

import pytest

import vega_core as vega
from vega_core.errors import UserError

GRID = {"type": "GridSearch", "points": 5}
BOTH = {
    "hyperparameters": [
        {"key": "trainer.params.x", "type": "FLOAT", "range": [0.0, 1.0]},
        {"key": "trainer.params.y", "type": "INT", "range": [1, 9]},
    ]
}


def train(models=None, params=None, **step):
    block = {"pipe_step": {"type": "TrainPipeStep", **step}}
    if models:
        block["models"] = models
    if params:
        block["trainer"] = {"params": params}
    return block


def test_own_keys_outrank_the_overlay_and_that_the_defaults(project):
    hpo = {
        "trainer": {
            "type": "Function",
            "function": "./objectives.py:given",
            "params": {"y": 100, "z": 7, "w": 1},
        }
    }
    steps = {"train": train(params={"x": 0.125, "w": 2})}
    project.run(hpo=hpo, space=BOTH, steps=steps)
    best = project.output("hpo")["records"][0]
    (model,) = project.output("train")["records"]
    found = model["metrics"]
    assert found["x"] == 0.125  # the step's own key, though the search has tuned it
    assert found["y"] == best["overlay"]["trainer.params.y"]  # tuned, over the search's 100
    assert (found["z"], found["w"]) == (7, 2)
    assert model["overlay"] == {"trainer.params.y": found["y"]}
    assert model["provenance"]["source"] == best["id"]


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("best", ["hpo-0"]),
        ("top-2", ["hpo-0", "hpo-1"]),
        ("all", ["hpo-0", "hpo-1", "hpo-2", "hpo-3", "hpo-4"]),
        ("first", ["hpo-0"]),
    ],
)
def test_selections_with_one_objective(project, select, expected):
    steps = {"train": train({"from": "hpo", "select": select})}
    project.run("given", algorithm=GRID, steps=steps)
    assert [one["provenance"]["source"] for one in project.output("train")["records"]] == expected


def test_the_first_is_the_first_tried_and_not_the_best(project):
    steps = {"train": train({"from": "hpo", "select": "first"})}
    project.run("given", algorithm=GRID, objectives={"loss": "max"}, steps=steps)
    assert project.output("hpo")["records"][0]["id"] == "hpo-4"
    (model,) = project.output("train")["records"]
    assert model["provenance"]["source"] == "hpo-0"


@pytest.mark.parametrize(("select", "count"), [("pareto", 5), ("spread-2", 2)])
def test_selections_with_several_objectives(project, select, count):
    steps = {"train": train({"from": "hpo", "select": select})}
    objectives = {"loss": "min", "size": "min"}
    project.run("two", algorithm=GRID, objectives=objectives, steps=steps)
    found = {one["provenance"]["source"] for one in project.output("train")["records"]}
    assert len(found) == count
    if select == "spread-2":  # the ends of the front are the most isolated
        assert found == {"hpo-0", "hpo-4"}


def test_models_may_come_from_any_earlier_step(project):
    second = project.config("given", algorithm=GRID, objectives={"loss": "max"})["hpo"]
    steps = {
        "second": second,
        "train": train({"from": "hpo", "select": "best"}),
        "again": train(),
    }
    result = project.run("given", algorithm=GRID, steps=steps)
    assert list(result.steps) == ["hpo", "second", "train", "again"]
    assert result.steps["train"][0].provenance["source"] == "hpo-0"
    assert result.steps["train"][0].metrics["x"] == 0.0
    assert result.steps["again"][0].provenance["source"] == "train-0"  # of the step before
    assert result.steps["again"][0].metrics["x"] == 0.0


def test_a_baseline_shows_what_the_search_has_gained(project):
    steps = {"train": train(baseline=True)}
    result = project.run("given", algorithm=GRID, objectives={"loss": "max"}, steps=steps)
    records = {one.provenance["source"]: one for one in result.steps["train"]}
    assert set(records) == {"hpo-4", "hpo-0 (baseline)"}
    (note,) = result.notes
    assert note == (
        "train-0 beats the first configuration of the search (hpo-0) by 1.0000 loss "
        "(1.0000 against 0.0000)"
    )


def test_a_baseline_that_is_the_best_is_said_to_be(project):
    steps = {"train": train(baseline=True)}
    result = project.run("given", algorithm=GRID, steps=steps)
    assert len(result.steps["train"]) == 1
    (note,) = result.notes
    assert "hpo-0" in note
    assert "nothing was gained" in note


def test_a_pipeline_may_train_alone(project):
    config = project.config("given")
    hpo = config.pop("hpo")
    trainer = {**hpo["trainer"], "function": str(project.folder / "objectives.py:given")}
    config["pipeline"] = ["train"]
    config["train"] = {
        **train(),
        "trainer": {**trainer, "params": {"x": 0.5}},
        "objectives": {"loss": "min"},
    }
    result = vega.run(config, general={"output": str(project.out)})
    assert result.best is not None
    assert result.best.metrics["loss"] == 0.5


def test_weights_that_nobody_has_cannot_be_loaded(project):
    with pytest.raises(UserError, match="load_weights"):
        project.run("given", steps={"train": train(load_weights=True)})
