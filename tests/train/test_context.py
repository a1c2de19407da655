from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import pytest

from vega_core import nn
from vega_core.backend import State
from vega_core.data import Field, Task
from vega_core.errors import ConfigError
from vega_core.plugins import parameters_of
from vega_core.train import Trainer, build_model
from vega_core.train.evaluator import Statistics
from vega_core.train.function import FunctionTrainer
from vega_core.train.script import ScriptTrainer
from vega_core.train.standard import StandardTrainer


def test_components_are_made_from_their_descriptions(make_context):
    context = make_context({})
    assert context.create("transform", {"type": "RandomShift", "pixels": 2}).pixels == 2
    assert context.create("metric", "accuracy").name == "accuracy"
    assert context.create("optimizer", {"type": "SGD", "params": {"lr": 0.5}}).lr == 0.5
    assert context.create("optimizer", {"type": "SGD", "params": None}).lr > 0
    assert len(context.create("dataset", {"type": "Digits", "test": 0.5}, "test")) == 898


@pytest.mark.parametrize(
    ("kind", "description", "message"),
    [
        ("transform", {"pixels": 2}, "has no 'type'"),
        ("transform", {"type": "RandomShift", "pixel": 2}, "transform 'RandomShift': .*'pixel'"),
        ("dataset", {"type": "Digits"}, "dataset 'Digits': missing a required argument: 'split'"),
    ],
)
def test_descriptions_that_do_not_fit_are_named(make_context, kind, description, message):
    with pytest.raises(ConfigError, match=message):
        make_context({}).create(kind, description)


def test_a_trainer_builds_restores_and_trains(make_context, host):
    calls = []

    class Mine(Trainer):
        def build(self, context):
            calls.append("build")

        def load_state(self, state, position):
            calls.append(("load", position["epoch"]))

        def train_process(self, context):
            calls.append("train")
            context.save(State({}, {}, 3), {"epoch": 1})
            return {"accuracy": 1}

    context = make_context({})
    assert Mine().run(context) == {"accuracy": 1.0}
    assert Mine().run(context) == {"accuracy": 1.0}
    assert calls == ["build", "train", "build", ("load", 1), "train"]
    assert host.checkpoints["last"][0].position == 3


def test_a_user_overrides_the_loop_alone(make_context):
    pytest.importorskip("torch")
    from vega_backend_torch.backend import TorchBackend

    @dataclass(kw_only=True, eq=False)
    class OneStep(StandardTrainer):
        def train_process(self, context):
            batch = next(self.setup.train.epoch(0))
            result = self.setup.executable.train_step(batch, {"seed": context.seed})
            return {"loss": float(result.loss)}

    config = {"dataset": {"type": "Digits"}, "model": {"type": "MLP", "hidden": [8]}}
    metrics = OneStep().run(make_context(config, make_backend=TorchBackend))
    assert 1 < metrics["loss"] < 4


CLASSIFICATION = Task("Classification", ("image",), ("label",), {"type": "CrossEntropy"})
FIELDS = {"image": Field("float32", (1, 8, 8)), "label": Field("int64", classes=4)}


def test_sizes_come_from_the_data(make_context):
    context = make_context({})
    description = {"type": "MLP", "hidden": [5], "num_classes": "auto"}
    model = build_model(description, context.catalog, FIELDS, CLASSIFICATION)
    assert model.description["num_classes"] == 4
    assert model.graph.inputs == {"image": nn.batched((1, 8, 8))}
    counts = Statistics().evaluate(model, context)
    assert counts == {"params": 64 * 5 + 5 + 5 * 4 + 4, "macs": 64 * 5 + 5 * 4}


def test_a_field_that_the_data_lack_is_named(make_context):
    task = Task("Mine", ("imge",), ("label",), {})
    with pytest.raises(ConfigError, match=r"needs a field 'imge', .* did you mean 'image'"):
        build_model({"type": "MLP"}, make_context({}).catalog, FIELDS, task)


@pytest.mark.parametrize("trainer", [StandardTrainer, ScriptTrainer, FunctionTrainer])
def test_every_parameter_has_a_meaning(trainer):
    parameters = parameters_of(trainer)
    assert len(parameters) >= 2
    assert all(parameter.doc for parameter in parameters)


def test_no_framework_is_imported():
    code = (
        "import sys, vega_core.train.standard, vega_core.train.script, vega_core.data; "
        "print([m for m in ('torch', 'sklearn', 'pydantic', 'yaml') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
