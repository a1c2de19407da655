"""A user's own torch.nn.Module through a whole run: searched, resumed, handed on, loaded."""

from __future__ import annotations

import json
import re
import shutil
import signal

import numpy as np
import pytest

import vega_core as vega
from vega_core.cli.main import execute
from vega_core.config import InvalidConfigError, catalog_of, load_config
from vega_core.errors import PluginError
from vega_core.pipeline.plan import plan_run
from vega_core.store.atomic import read_json, write_json

pytest.importorskip("torch")
pytest.importorskip("vega_backend_torch")
digits = pytest.importorskip("vega_tasks.classification.datasets.digits")

NETS = """
import pathlib
import torch

pathlib.Path(__file__).with_name("imported").touch()


class MyNet(torch.nn.Module):
    def __init__(self, num_classes, hidden=16, dropout=0.2):
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(64, hidden), torch.nn.BatchNorm1d(hidden),
            torch.nn.ReLU(), torch.nn.Dropout(dropout),
        )
        self.head = torch.nn.Linear(hidden, num_classes)

    def forward(self, x):
        return self.head(self.body(x))


class Narrow(MyNet):
    def forward(self, x):
        return x.view(-1, 7)
"""
SPACE = {
    "hyperparameters": [
        {"key": "trainer.optimizer.params.lr", "type": "FLOAT_EXP", "range": [1e-3, 1e-2]},
        {"key": "model.hidden", "type": "CATEGORY", "range": [16, 24, 32]},
    ]
}


def section(**model):
    given = {"type": "torch:./nets.py:MyNet", "hidden": 16, "num_classes": "auto", **model}
    return {
        "dataset": {
            "type": "Digits",
            "batch_size": 64,
            "transforms": [{"type": "RandomShift", "pixels": 1}],
        },
        "model": {key: value for key, value in given.items() if value is not None},
        "trainer": {"type": "Trainer", "optimizer": {"type": "Adam"}, "epochs": 2},
    }


def options(*, model=None, **general):
    return {
        "algorithm": {"type": "RandomSearch", "num_samples": 3},
        "objectives": {"accuracy": "max"},
        "space": SPACE,
        "hpo": section(**(model or {})),
        "steps": {"train": {"pipe_step": {"type": "TrainPipeStep"}, "trainer": {"epochs": 3}}},
        "backend": {"type": "pytorch", "threads": 1},
        **general,
    }


@pytest.fixture
def nets(project):
    (project.folder / "nets.py").write_text(NETS)
    return project


@pytest.fixture(scope="module")
def finished(make_project, tmp_path_factory):
    """A finished run with workers; not to be changed."""
    project = make_project(tmp_path_factory.mktemp("own"))
    (project.folder / "nets.py").write_text(NETS)
    path = project.write(**options(workers=1))
    done = project.vega("run", path, "--output", project.out)
    assert done.returncode == 0, done.stderr
    project.shown = done.stdout
    return project


def test_it_is_searched_trained_and_handed_on(finished):
    records = finished.output()["records"]
    assert len(records) == 3
    for record in records:
        assert record["description"]["hidden"] == record["overlay"]["model.hidden"]
        assert record["metrics"]["params"] == 77 * record["description"]["hidden"] + 10
        assert "macs" not in record["metrics"]
    (trained,) = finished.output("train")["records"]
    assert trained["description"]["num_classes"] == 10
    assert trained["metrics"]["test_accuracy"] > 0.5


@pytest.mark.parametrize("backend", ["torch", "pytorch"])
def test_it_predicts_what_was_recorded_where_the_user_allows_its_code(finished, backend):
    batch = digits.Digits("test")
    data = batch.__getitems__(np.arange(len(batch)))
    model = vega.load(finished.out, plugins=[f"{backend}:{finished.folder}/nets.py:MyNet"])
    accuracy = float((model.predict(data["image"]) == data["label"]).mean())
    assert accuracy == pytest.approx(model.metrics["test_accuracy"])


def test_who_may_load_it_is_told(finished):
    own = f"torch:{finished.folder}/nets.py:MyNet"
    call = f"vega_core.load({str(finished.out)!r}, plugins=[{own!r}]).predict(x)"
    assert finished.shown.splitlines()[-1].strip() == call
    hint = f"allow it: plugins=['{own}'], or on the command line --plugin '{own}'"
    with pytest.raises(PluginError) as caught:
        vega.load(finished.out)
    assert str(caught.value).endswith(hint)
    for words in (["stats", finished.out], ["export", finished.out, "--to", "onnx", "-o", "a"]):
        done = finished.vega(*words)
        assert done.returncode == 2
        assert done.stderr.rstrip().endswith(hint)


def test_what_is_not_counted_is_not_known(finished, monkeypatch, capsys):
    monkeypatch.chdir(finished.folder)

    def stats(*words):
        assert execute(["stats", *map(str, words), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    own = "torch:./nets.py:MyNet"
    plugin = ("--plugin", own)
    for words in (
        ("run.yml",),
        (finished.out, *plugin),
        (finished.out, "--step", "hpo", *plugin),
        (f"{own}:num_classes=10,hidden=16", "--input", "1x8x8", *plugin),
    ):
        data = stats(*words, "--bits", "w4a4")
        (layer,) = data["layers"]
        assert data["params"] == layer["params"] > 1000
        assert data["parameter_bytes"] >= 4 * data["params"]
        for name in ("macs", "activations", "peak_activation_bytes", "memory_mb", "bops"):
            assert data[name] is None
        for name in ("macs", "activations", "live_bytes", "bops"):
            assert layer[name] is None
        assert data["uncounted"] == [layer["name"]]
        assert data["bops_by_convention"] == []
    assert execute(["stats", "run.yml"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"module  Native .* \?  +\?\n", text)
    assert "multiply-adds  not known: a framework's own module (module) hides its own" in text
    assert "MB of parameters, and values that are not known" in text


def test_no_code_is_imported_because_a_file_says_so(finished, tmp_path):
    run = shutil.copytree(finished.out, tmp_path / "copy")
    (model,) = run.rglob("steps/train/**/model.json")
    content = read_json(model)
    evil = tmp_path / "evil.py"
    evil.write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n")
    content["description"]["type"] = f"torch:{evil}:Net"
    content.pop("check", None)
    write_json(model, content)
    with pytest.raises(PluginError, match=r"evil\.py:Net' is code of the user's own, which noth"):
        vega.load(model).predict(np.zeros((1, 1, 8, 8), np.float32))
    # Allowing one module allows no other.
    own = f"torch:{finished.folder}/nets.py:MyNet"
    with pytest.raises(PluginError, match="allow it: plugins="):
        vega.load(model, plugins=[own]).predict(np.zeros((1, 1, 8, 8), np.float32))
    assert not (tmp_path / "ran").exists()


def test_a_record_that_was_changed_imports_nothing_in_the_next_step(nets, tmp_path):
    """The step after reads what the step before has left."""
    path = nets.write(**options())
    vega.run(path, general={"output": str(nets.out)})
    output = nets.out / "steps" / "hpo" / "output.json"
    evil = tmp_path / "evil.py"
    evil.write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n")
    text = output.read_text()
    output.write_text(text.replace("/nets.py:MyNet", "/evil.py:MyNet"))
    assert output.read_text() != text
    drop_step(nets.out, "train")
    with pytest.raises(Exception, match=r"evil\.py:MyNet' is code of the user's own"):
        vega.run(path, general={"output": str(nets.out)}, resume=True)
    assert not (tmp_path / "ran").exists()


def drop_step(run, step):
    """Forgets that a step was run."""
    import sqlite3

    connection = sqlite3.connect(run / "journal.db")
    with connection:
        connection.execute("DELETE FROM events WHERE step = ?", (step,))
    connection.close()
    shutil.rmtree(run / "steps" / step, ignore_errors=True)


def test_an_interrupted_run_ends_as_the_undisturbed_one(nets, finished, wait_until):
    path = nets.write(**options())
    process = nets.start("run", path, "--output", nets.out)
    wait_until(lambda: any(nets.out.rglob("last/*")) or process.poll() is not None, "a checkpoint")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    again = nets.vega("run", path, "--output", nets.out, "--resume")
    assert again.returncode == 0, again.stderr
    for step in ("hpo", "train"):
        ours, theirs = (one.output(step)["records"] for one in (nets, finished))
        assert [one["metrics"] for one in ours] == [one["metrics"] for one in theirs]
        assert [one["sha256"] for one in ours] == [one["sha256"] for one in theirs]


def test_a_run_goes_on_by_its_directory_alone(nets, monkeypatch, tmp_path_factory):
    path = nets.write(**options())
    vega.run(path, general={"output": str(nets.out)})
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert vega.run(nets.out, resume=True).exit_code == 0


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"type": "torch:nowhere.MyNet"}, "model.type: .*No module named 'nowhere'"),
        ({"type": "torch:./lost.py:MyNet"}, r"model.type: .* there is no file .*lost\.py"),
        ({"type": "torch:./nets.py:MyNets"}, "model.type: .*did you mean 'MyNet'"),
        ({"type": "torch:./nets.py"}, r"model.type: .*names no class; write '.*nets\.py:MyNet'"),
        ({"hiden": 3}, "model.hiden: .*has no hyperparameter 'hiden'; did you mean 'hidden'"),
        ({"num_classes": None}, "model: .*needs the hyperparameter 'num_classes'"),
        ({"dropout": "x"}, "model: .*cannot be made of the arguments .*'dropout'|dropout"),
        (
            {"type": "torch:./nets.py:Narrow"},
            r"model: .*fails on a batch of 2 .* '\[-1, 7\]'",
        ),
        ({"type": "jax:my.Net"}, "unknown network 'jax:my.Net'|there is no plugin"),
    ],
)
def test_faults_are_told_with_their_place_before_anything_is_written(nets, model, message):
    path = nets.write(**options(model=model))
    with pytest.raises(InvalidConfigError, match=message) as caught:
        vega.run(path, general={"output": str(nets.out)})
    assert "run.yml:" in str(caught.value)
    assert not nets.out.exists()


def test_types_may_be_searched(nets):
    space = json.loads(json.dumps(SPACE))
    types = ["torch:./nets.py:MyNet", "MLP"]
    space["hyperparameters"] = [{"key": "model.type", "type": "CATEGORY", "range": types}]
    given = options(model={"hidden": [16]})
    result = nets.run(**{**given, "space": space, "hpo": section(hidden=None), "steps": None})
    kinds = {record.description["type"].rpartition("/")[2] for record in result.steps["hpo"]}
    assert kinds <= {"nets.py:MyNet", "MLP"}


def test_constraints_on_parameters_hold(nets):
    given = options()
    given["hpo"]["constraints"] = {"params": "<= 2000"}
    given["steps"] = None
    result = nets.run(**given)
    assert {record.description["hidden"] for record in result.steps["hpo"]} <= {16, 24}
    assert all(record.metrics["params"] <= 2000 for record in result.steps["hpo"])


@pytest.mark.parametrize(
    ("section", "value"), [("constraints", {"macs": "<= 2000"}), ("objectives", {"macs": "min"})]
)
def test_what_needs_to_look_inside_says_so_when_it_is_checked(nets, section, value):
    given = options()
    given["hpo"][section] = value
    message = rf"run\.yml:\d+:\d+: {section}: 'macs' is not known of torch:.*MyNet: multiply-adds"
    config = load_config(nets.write(**given))
    with pytest.raises(InvalidConfigError, match=message):
        plan_run(config, catalog_of(config))


def test_a_name_of_the_space_that_it_does_not_take(nets):
    given = options()
    space = json.loads(json.dumps(SPACE))
    space["hyperparameters"][1]["key"] = "model.hiden"
    config = load_config(nets.write(**given | {"space": space}))
    message = r"hyperparameters\[1\]\.key: model\.hiden: .* did you mean 'hidden'\?$"
    with pytest.raises(InvalidConfigError, match=message):
        plan_run(config, catalog_of(config))
