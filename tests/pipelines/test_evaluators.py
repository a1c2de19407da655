"""What is measured of a model besides its training; without a framework."""

from __future__ import annotations

import json

import pytest

import vega_core as vega
from vega_core.errors import SearchError, UserError

pytest.importorskip("vega_tasks")

PLUGIN = '''
import numpy as np
from vega_core import Provider, hookimpl
from vega_core.backend import State
from vega_core.nn import initial_parameters
from vega_core.train import Evaluator, Trainer

class Norm(Evaluator):
    """Needs trained parameters."""

    def evaluate(self, model, context):
        weights = sum(float(np.square(one).sum()) for one in model.parameters.values())
        return {"norm": weights}

class Depth(Evaluator):
    analytic = True

    def evaluate(self, model, context):
        assert model.parameters is None
        return {"nodes": len(model.graph.nodes)}

class Twice(Evaluator):
    analytic = True

    def evaluate(self, model, context):
        return {"nodes": 1}

class Saves(Trainer):
    """Trains nothing, but saves parameters as if it had."""

    def __init__(self, *, scale: float = 1.0, extra: str = "", saves: bool = True) -> None:
        self.scale, self.extra, self.saves = scale, extra, saves

    def train_process(self, context):
        weights = {"linear_1.weight": np.full((2, 2), self.scale, "f4")}
        if self.saves:
            context.save(State(WEIGHTS(context, self.scale), {}, 1), {})
        found = {"loss": self.scale}
        return {**found, self.extra: 123.0} if self.extra else found

def WEIGHTS(context, scale):
    from vega_core.pipeline.data import Preview
    graph = Preview(context.config, context.catalog).model({}).graph
    return {name: np.full(spec.shape, scale, "f4") for name, spec in graph.parameters.items()}

class Absent:
    """Stands in for a framework that is not installed: nothing here trains."""

@hookimpl
def vega_evaluators():
    for one in (Norm, Depth, Twice):
        yield Provider(one.__name__, f"{__name__}:{one.__name__}")

@hookimpl
def vega_trainers():
    yield Provider("Saves", f"{__name__}:Saves")

@hookimpl
def vega_backends():
    yield Provider("absent", f"{__name__}:Absent")
'''
SPACE = {
    "hyperparameters": [
        {"key": "trainer.scale", "type": "FLOAT", "range": [0.5, 1.0]},
        {"key": "model.hidden", "type": "CATEGORY", "range": [[4], [8], [16], [32]]},
    ]
}


@pytest.fixture
def run(project):
    (project.folder / "own.py").write_text(PLUGIN)

    def start(space=SPACE, objectives=None, **hpo):
        section = {
            "dataset": {"type": "Digits"},
            "model": {"type": "MLP", "hidden": [8], "num_classes": "auto"},
            "trainer": {"type": "Saves"},
            **hpo,
        }
        config = project.config(
            hpo=section,
            space=space,
            objectives=objectives,
            algorithm={"type": "RandomSearch", "num_samples": 8},
            backend="absent",
        )
        path = project.folder / "run.yml"
        path.write_text(json.dumps({**config, "plugins": ["./own.py"]}))
        return vega.run(path, general={"output": str(project.out)}).steps["hpo"]

    return start


def params(hidden):
    return 64 * hidden + hidden + hidden * 10 + 10


def test_parameters_and_macs_are_counted_of_every_model(run):
    records = run()
    assert len(records) == 8
    for one in records:
        (hidden,) = one.overlay["model.hidden"]
        assert one.metrics["params"] == params(hidden)
        assert one.metrics["macs"] == 64 * hidden + hidden * 10
        assert list(one.metrics) == ["loss", "params", "macs"]


def test_they_can_be_objectives(run):
    records = run(objectives={"loss": "min", "params": "min"})
    best = min(one.metrics["loss"] for one in records)
    small = min(one.metrics["params"] for one in records)
    assert best in (records[0].metrics["loss"], records[1].metrics["loss"])
    assert small in [one.metrics["params"] for one in records[:2]]


def test_constraints_keep_large_models_from_being_trained(run, project):
    records = run(constraints={"params": f"<= {params(8)}"})
    assert len(records) == 8
    assert {one.overlay["model.hidden"][0] for one in records} <= {4, 8}
    assert {sample["model.hidden"][0] for *_, sample, _ in project.told()} <= {4, 8}


def test_the_papers_name_of_macs_is_understood(run, project):
    records = run(constraints="flops <= 1200", objectives={"loss": "min", "flops": "min"})
    assert {one.metrics["macs"] for one in records} <= {296, 592, 1184}
    assert {sample["model.hidden"][0] for *_, sample, _ in project.told()} == {4, 16}
    assert project.output()["objectives"] == {"loss": "min", "macs": "min"}


def test_constraints_that_nothing_keeps_end_the_search(run):
    with pytest.raises(SearchError, match="params <= 3"):
        run(constraints="params <= 3")


def test_constraints_may_use_a_steps_own_analytic_evaluator(run):
    with pytest.raises(SearchError, match="nodes >= 1000"):
        run(evaluator={"type": "Depth"}, constraints="nodes >= 1000")


def test_own_evaluators_see_the_graph_before_and_the_parameters_after(run):
    records = run(evaluator=[{"type": "Norm"}, {"type": "Depth"}])
    for one in records:
        (hidden,) = one.overlay["model.hidden"]
        expected = params(hidden) * one.overlay["trainer.scale"] ** 2
        assert one.metrics["norm"] == pytest.approx(expected, rel=1e-5)
        assert one.metrics["nodes"] > 2
        assert one.metrics["params"] == params(hidden)


@pytest.mark.parametrize(
    ("section", "providers"),
    [
        ({"evaluator": [{"type": "Depth"}, {"type": "Twice"}]}, "Depth and from Twice"),
        (
            {"evaluator": {"type": "Depth"}, "trainer": {"type": "Saves", "extra": "nodes"}},
            "Depth and from the trainer",
        ),
        (
            {"evaluator": {"type": "Norm"}, "trainer": {"type": "Saves", "extra": "norm"}},
            "the trainer and from Norm",
        ),
    ],
)
def test_two_providers_of_one_metric_are_an_error(run, section, providers):
    with pytest.raises((UserError, vega.VegaError), match=providers) as caught:
        run(**section)
    assert "each metric has one provider" in str(caught.value)


def test_a_trainer_that_counts_parameters_itself_has_the_last_word(run):
    records = run(trainer={"type": "Saves", "extra": "params"})
    assert {one.metrics["params"] for one in records} == {123.0}


def test_an_evaluator_of_parameters_that_nobody_saved(run):
    with pytest.raises(vega.VegaError, match="Norm evaluates trained parameters"):
        run(evaluator={"type": "Norm"}, trainer={"type": "Saves", "saves": False})


def test_an_unknown_evaluator_has_its_place(run):
    with pytest.raises(UserError, match=r"run\.yml:\d+:\d+: evaluator\.type: .*'Statistic'"):
        run(evaluator={"type": "Statistic"})


def test_latency_is_measured_under_onnxruntime(run):
    pytest.importorskip("onnxruntime")
    records = run(
        evaluator={"type": "OnnxLatency", "max_seconds": 0.2},
        objectives={"loss": "min", "latency_ms": "min"},
    )
    for one in records:
        assert 0 < one.metrics["latency_ms"] < one.metrics["latency_p99_ms"] * 1.05
        assert one.metrics["latency_spread"] >= 0


def test_estimated_latency_bounds_what_is_trained(run, project):
    pytest.importorskip("onnxruntime")
    from vega_core.measure.table import LatencyTable
    from vega_core.measure.units import units
    from vega_core.nn import batched, trace
    from vega_tasks.classification.networks import MLP

    operators = {}
    for hidden in (4, 8, 16, 32):
        graph = trace(MLP(hidden=[hidden], num_classes=10), {"image": batched((1, 8, 8))})
        names = [unit.signature for unit in units(graph)]
        operators |= {name: float(hidden) if "Gemm" in name else 0.0 for name in names}
    table = project.folder / "table.json"
    LatencyTable(operators, 1, 1, "none").save(table)
    records = run(
        evaluator={"type": "LatencyEstimate", "table": table.name},  # beside the configuration
        constraints="latency_estimate_ms <= 40",
    )
    assert {one.metrics["latency_estimate_ms"] for one in records} == {8, 32}
    assert {sample["model.hidden"][0] for *_, sample, _ in project.told()} == {4, 16}


@pytest.mark.parametrize("key", ["batch", "threads", "tolerance", "max_seconds"])
def test_latency_refuses_senseless_numbers(run, key):
    pytest.importorskip("onnxruntime")
    with pytest.raises((UserError, vega.VegaError), match=f"{key} must be"):
        run(evaluator={"type": "OnnxLatency", key: 0})
