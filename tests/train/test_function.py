from __future__ import annotations

import numpy as np
import pytest

from vega_core.errors import PluginError, RunFailed
from vega_core.train.function import FunctionTrainer


def write(folder, body):
    (folder / "objective.py").write_text(body)
    return "./objective.py:objective"


def test_a_number_is_the_first_objective(make_context, tmp_path):
    function = write(
        tmp_path, "def objective(config, budget, report):\n    return config['x'] ** 2"
    )
    trainer = FunctionTrainer(function=function, params={"x": 3, "y": 0})
    context = make_context({"objectives": {"error": "min", "macs": "min"}})
    assert trainer.run(context) == {"error": 9.0}


def test_sampled_values_and_the_budget_arrive(make_context, tmp_path):
    body = """
def objective(config, budget, report):
    return {"budget": budget, **config}
"""
    trainer = FunctionTrainer(function=write(tmp_path, body), params={"x": 3, "z": 1})
    context = make_context({}, budget=9, sample={"trainer.params.x": 4, "lr": 0.5})
    assert trainer.run(context) == {"budget": 9, "x": 4, "z": 1, "lr": 0.5}


def test_reports_go_out_and_tell_when_to_stop(make_context, host, tmp_path):
    body = """
def objective(config, budget, report):
    for step in range(1, 100):
        if report(1 / step, step):
            return {"loss": 1 / step}
"""
    context = make_context({"objectives": "loss"})

    def stop_after_three(metrics, step):
        host.reports.append((step, metrics))
        host.should_stop = step >= 3

    host.report = stop_after_three
    assert FunctionTrainer(function=write(tmp_path, body)).run(context) == {"loss": 1 / 3}
    assert [step for step, _ in host.reports] == [1, 2, 3]


def test_reports_without_a_step_are_counted(make_context, host, tmp_path):
    body = """
def objective(config, budget, report):
    report({"loss": 2.0})
    report({"loss": 1.0})
    return {"loss": 0.5}
"""
    FunctionTrainer(function=write(tmp_path, body)).run(make_context({}))
    assert host.reports == [(1, {"loss": 2.0}), (2, {"loss": 1.0})]


@pytest.mark.parametrize("arguments", ["config", "config, budget", "*everything"])
def test_a_function_may_take_fewer_arguments(make_context, tmp_path, arguments):
    function = write(tmp_path, f"def objective({arguments}):\n    return 1")
    assert FunctionTrainer(function=function).run(make_context({})) == {"objective": 1.0}


@pytest.mark.parametrize("value", ["None", "'0.5'", "[1, 2]", "{'loss': 'low'}", "{'loss': None}"])
def test_what_is_no_number_fails_the_trial(make_context, tmp_path, value):
    function = write(tmp_path, f"def objective(config):\n    return {value}")
    with pytest.raises(RunFailed, match="return a number, or a dict of numbers"):
        FunctionTrainer(function=function).run(make_context({}))


def test_numpy_numbers_are_numbers(make_context, tmp_path):
    body = "import numpy as np\ndef objective(config):\n    return np.float32(0.25)"
    metrics = FunctionTrainer(function=write(tmp_path, body)).run(make_context({}))
    assert metrics == {"objective": 0.25}
    assert not isinstance(metrics["objective"], np.floating)


def test_a_missing_function_is_named(make_context, tmp_path):
    function = write(tmp_path, "def objectve(config):\n    return 1")
    with pytest.raises(PluginError, match="has no 'objective'; did you mean 'objectve'"):
        FunctionTrainer(function=function).run(make_context({}))


def test_what_the_function_raises_passes_through(make_context, tmp_path):
    function = write(tmp_path, "def objective(config):\n    raise ZeroDivisionError('mine')")
    with pytest.raises(ZeroDivisionError, match="mine"):
        FunctionTrainer(function=function).run(make_context({}))
