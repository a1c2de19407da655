"""Trained networks: handed on, saved, loaded, and the same after an interruption."""

from __future__ import annotations

import json
import shutil
import signal

import numpy as np
import pytest

import vega_core as vega
from vega_core.errors import DataError, StateError, UserError
from vega_core.store.journal import Journal
from vega_core.store.tensors import load_tensors

pytest.importorskip("torch")
pytest.importorskip("vega_backend_torch")
digits = pytest.importorskip("vega_tasks.classification.datasets.digits")

SPACE = {
    "hyperparameters": [
        {"key": "trainer.optimizer.params.lr", "type": "FLOAT_EXP", "range": [1e-3, 1e-2]},
        {"key": "model.hidden", "type": "CATEGORY", "range": [[16], [24]]},
    ]
}
SECTION = {
    "dataset": {
        "type": "Digits",
        "batch_size": 64,
        "transforms": [
            {"type": "RandomShift", "pixels": 1},
            {"type": "Normalize", "mean": [0.3], "std": [0.4]},
        ],
    },
    "model": {"type": "MLP", "hidden": [16], "num_classes": "auto"},
    "trainer": {"type": "Trainer", "optimizer": {"type": "Adam"}, "epochs": 2},
}
TRAIN = {"pipe_step": {"type": "TrainPipeStep"}, "trainer": {"epochs": 3}}


def config(project, **general):
    return project.config(
        algorithm={"type": "RandomSearch", "num_samples": 3},
        objectives={"accuracy": "max"},
        space=SPACE,
        hpo=SECTION,
        steps={"train": TRAIN},
        **general,
    )


@pytest.fixture(scope="module")
def finished(make_project, tmp_path_factory):
    """A finished run of a search and full training; not to be changed."""
    project = make_project(tmp_path_factory.mktemp("models"))
    vega.run(config(project), general={"output": str(project.out)})
    return project


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of it, to be damaged."""
    return shutil.copytree(finished.out, tmp_path / "copy")


@pytest.fixture(scope="module")
def held_out():
    batch = digits.Digits("test")
    return batch.__getitems__(np.arange(len(batch)))


def best(project):
    return project.output("train")["records"][0]


def test_predictions_have_the_accuracy_that_was_recorded(finished, held_out):
    model = vega.load(finished.out)
    found = model.predict(held_out["image"])
    assert found.shape == held_out["label"].shape
    assert np.mean(found == held_out["label"]) == best(finished)["metrics"]["test_accuracy"]
    assert model.metrics == best(finished)["metrics"]
    assert best(finished)["metrics"]["test_accuracy"] > 0.8


def test_the_size_of_batches_changes_nothing(finished, held_out):
    model = vega.load(finished.out)
    images = held_out["image"]
    (whole,) = model.outputs(images).values()
    (by_seven,) = model.outputs(images, batch_size=7).values()
    (first,) = model.outputs(images[:1]).values()
    assert whole.shape == (len(images), 10)
    np.testing.assert_allclose(by_seven, whole, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(first, whole[:1], rtol=1e-4, atol=1e-5)
    assert model.predict({"image": images[:5]}).tolist() == whole[:5].argmax(1).tolist()
    assert model.predict(images[:3].tolist()).tolist() == whole[:3].argmax(1).tolist()


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((4, 8, 8), r"\(4, 8, 8\).*\(N, 1, 8, 8\)"),
        ((1, 8, 8), r"\(1, 8, 8\)"),
        ((4, 3, 8, 8), r"\(4, 3, 8, 8\)"),
        ((4, 1, 28, 28), r"28"),
        ((), r"shape"),
    ],
)
def test_wrong_shapes_are_named(finished, shape, words):
    with pytest.raises(DataError, match=words):
        vega.load(finished.out).predict(np.zeros(shape, "f4"))


def test_what_is_no_data_is_refused(finished):
    model = vega.load(finished.out)
    with pytest.raises(DataError, match="image"):
        model.predict({"picture": np.zeros((1, 1, 8, 8), "f4")})
    with pytest.raises(DataError, match="image"):
        model.predict(np.full((1, 1, 8, 8), "black"))
    with pytest.raises(DataError, match="no sample"):
        model.predict(np.zeros((0, 1, 8, 8), "f4"))


def test_a_model_file_and_its_folder_load_too(finished, held_out):
    expected = vega.load(finished.out).predict(held_out["image"])
    file = finished.out / best(finished)["artifacts"]["model"]
    for path in (file, file.parent, str(file)):
        assert (vega.load(path).predict(held_out["image"]) == expected).all()


def test_the_parameters_fit_the_description_exactly(finished):
    record = best(finished)
    parameters = load_tensors(finished.out / record["parameters"], record["sha256"])
    (hidden,) = record["overlay"]["model.hidden"]
    assert record["description"] == {"type": "MLP", "hidden": [hidden], "num_classes": 10}
    counted = sum(array.size for array in parameters.values())
    assert counted == record["metrics"]["params"] == 64 * hidden + hidden + hidden * 10 + 10


def test_no_checkpoint_is_left(finished):
    files = finished.out.rglob("*.safetensors")
    kept = {one.relative_to(finished.out).parts[:3] for one in files}
    assert kept == {("steps", "hpo", "models"), ("steps", "train", "models")}
    assert not list(finished.out.glob("steps/*/trials/*/last"))


@pytest.mark.parametrize("place", [0.2, 0.6, 0.999])
def test_a_flipped_byte_in_the_parameters_is_noticed(copied, finished, place):
    path = copied / best(finished)["parameters"]
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 1
    path.write_bytes(data)
    with pytest.raises(StateError, match=r"parameters\.safetensors.*damaged"):
        vega.load(copied)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-30],
        lambda text: text.replace('"format": 1', '"format": 99'),
        lambda text: text.replace('"description"', '"descriptiom"'),
        lambda text: "",
        lambda text: "[1, 2]",
        lambda text: text.replace('"sha256": "', '"sha256": "0'),
    ],
)
def test_a_damaged_model_file_is_noticed(copied, finished, damage):
    path = copied / best(finished)["artifacts"]["model"]
    path.write_text(damage(path.read_text()))
    with pytest.raises(StateError, match=r"model\.json|safetensors"):
        vega.load(copied)


def test_a_missing_file_is_named(copied, finished):
    (copied / best(finished)["parameters"]).unlink()
    with pytest.raises(StateError, match=r"parameters\.safetensors"):
        vega.load(copied)


def test_where_there_is_no_model(tmp_path, project):
    with pytest.raises(UserError, match="holds no run"):
        vega.load(tmp_path / "nowhere")
    project.run()
    with pytest.raises(UserError, match="its trials are functions or programs"):
        vega.load(project.out)


def test_a_record_may_not_lead_out_of_the_run_directory(copied, finished, tmp_path):
    path = copied / "steps" / "train" / "output.json"
    data = json.loads(path.read_text())
    data["records"][0]["artifacts"]["model"] = "../../etc/passwd"
    path.write_text(json.dumps(data))
    with pytest.raises(StateError, match="leads out of the run directory"):
        vega.load(copied)


def test_training_may_start_from_the_weights_of_the_search(project):
    made = config(project)
    made["train"] = {
        "pipe_step": {"type": "TrainPipeStep", "load_weights": True},
        "trainer": {"epochs": 1, "optimizer": {"type": "SGD", "params": {"lr": 1e-30}}},
    }
    vega.run(made, general={"output": str(project.out)})
    before, after = project.output("hpo")["records"][0], best(project)
    assert after["provenance"]["source"] == before["id"]
    first = load_tensors(project.out / before["parameters"], before["sha256"])
    last = load_tensors(project.out / after["parameters"], after["sha256"])
    assert first.keys() == last.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], last[name])


LONG = {
    "dataset": {"type": "Digits", "transforms": [{"type": "RandomShift", "pixels": 1}]},
    "model": {"type": "ResNet", "depth": 8, "width": 8, "num_classes": "auto"},
    "trainer": {"type": "Trainer", "epochs": 4, "optimizer": {"type": "Adam"}},
}


@pytest.fixture(scope="module")
def undisturbed(make_project, tmp_path_factory):
    """The record of a run that trains for some seconds."""
    project = make_project(tmp_path_factory.mktemp("undisturbed"))
    write_long(project)
    done = project.vega("run", "run.yml", "--output", project.out)
    assert done.returncode == 0, done.stderr
    return best(project)


def write_long(project):
    made = {
        "general": {"workers": 1, "seed": 3, "deterministic": True},
        "pipeline": ["train"],
        "train": {"pipe_step": {"type": "TrainPipeStep"}, **LONG},
    }
    (project.folder / "run.yml").write_text(json.dumps(made))


def epochs_reported(project):
    try:
        journal = Journal.read(project.out / "journal.db")
    except StateError:  # the driver has not begun it yet
        return 0
    with journal:
        return len(list(journal.events(kinds=("reported",))))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_an_interrupted_training_gives_the_same_bytes(project, undisturbed, wait_until, number):
    write_long(project)
    process = project.start("run", "run.yml", "--output", project.out)
    wait_until(lambda: epochs_reported(project) >= 2, "the second epoch")
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == (-9 if number == signal.SIGKILL else 143)
    assert epochs_reported(project) < 4
    done = project.vega("run", "run.yml", "--output", project.out, "--resume")
    assert done.returncode == 0, done.stderr
    (trial,) = project.trials("train")
    assert trial.attempts == 2
    assert epochs_reported(project) < 8  # it went on from its checkpoint
    record = best(project)
    assert record["sha256"] == undisturbed["sha256"]
    assert record["metrics"] == undisturbed["metrics"]
