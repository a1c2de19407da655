"""`vega export`: which model, which format, what is checked and printed, and mistakes."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.util import find_spec

import click
import numpy as np
import pytest

import vega_core as vega
from vega_core import nn
from vega_core.backend import Device
from vega_core.cli.export import command
from vega_core.cli.main import execute
from vega_core.data import Field
from vega_core.errors import DataError, UserError
from vega_core.pipeline.exporting import predictor
from vega_core.pipeline.model_io import MODEL, ModelFile, save_model
from vega_core.plugins import load_catalog
from vega_core.store.atomic import write_json
from vega_core.store.rundir import RunDir

needs_onnx = pytest.mark.skipif(
    not (find_spec("onnx") and find_spec("onnxruntime")), reason="the extra onnx is not installed"
)
needs_torch = pytest.mark.skipif(
    not (find_spec("torch") and find_spec("vega_backend_torch")), reason="PyTorch is not installed"
)

PLUGIN = '''\
from vega_core import Provider, hookimpl, nn
from vega_core.data import Transform
from vega_core.exchange import Exporter


class Net(nn.Network):
    """A small network with words and a picture."""

    classes: int = 3

    def forward(self, image, word):
        x = nn.Linear(self.classes, name="fc")(nn.flatten(image))
        return x + nn.Embedding(7, self.classes, name="table")(word)


class Halved(Transform):
    """Halves the picture."""

    random = False

    def __call__(self, batch, rng):
        return {**batch, "image": batch["image"] / 2}


class Needy(Exporter):
    """Needs a level."""

    suffix = ".txt"

    def __init__(self, *, level: int):
        pass

    def _write(self, model, path):
        return {}

    def _load(self, path, graph):
        return None


@hookimpl
def vega_exporters():
    yield Provider("needy", f"{__name__}:Needy")


@hookimpl
def vega_networks():
    yield Provider("Net", f"{__name__}:Net")


@hookimpl
def vega_transforms():
    yield Provider("Halved", f"{__name__}:Halved")
'''
FIELDS = {
    "image": Field("float32", (1, 2, 4)),
    "word": Field("int64", vocabulary=7),
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(PLUGIN)
    trained(tmp_path / "model")
    return tmp_path


@pytest.fixture
def export(project, capsys):
    """Runs ``vega export --json`` in a folder with a trained model."""

    def run(*arguments, code=0):
        plugin = () if "--plugin" in arguments else ("--plugin", "./net.py")
        assert execute(["export", *arguments, *plugin, "--json"]) == code
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return json.loads(out)

    return run


def trained(folder, name="train-0", seed=0, **description):
    description = {"type": "Net", **description}
    specs = {name: nn.batched(field.padded_shape, field.dtype) for name, field in FIELDS.items()}
    graph = nn.build_graph(description, load_catalog(["./net.py"]), specs)
    content = ModelFile(
        id=name,
        description=description,
        inputs={name: asdict(field) for name, field in FIELDS.items()},
        classes={"label": 3},
        transforms=({"type": "Halved"},),
        backend="torch",
        sha256="",
        metrics={"accuracy": 0.5},
        provenance={},
    )
    save_model(folder, content, nn.initial_parameters(graph, seed))
    return folder / MODEL


def make_run(folder):
    """A run of three steps, of which the last has not finished."""
    run = RunDir.create(folder)
    run.journal.touch()
    run.config.write_text("general: {}\npipeline: [search, train, more]\n")
    for step, widths in (("search", (2, 3)), ("train", (4, 5))):
        records = []
        for number, width in enumerate(widths):
            name = f"{step}-{number}"
            file = trained(run.models(step) / name, name, classes=width)
            records.append(
                {
                    "id": name,
                    "description": None,
                    "overlay": {},
                    "parameters": None,
                    "sha256": None,
                    "metrics": {},
                    "provenance": {},
                    "artifacts": {"model": run.relative(file)},
                }
            )
        run.output(step).parent.mkdir(parents=True, exist_ok=True)
        content = {"format": 1, "objectives": {"accuracy": "max"}, "records": records}
        write_json(run.output(step), content)
    return run


@needs_onnx
def test_onnx_is_held_against_the_reference(export, project):
    data = export("model", "--to", "onnx", "-o", "net.onnx", "--reference")
    assert data["file"] == "net.onnx"
    assert data["bytes"] == (project / "net.onnx").stat().st_size
    assert (data["model"], data["format"], data["opset"]) == ("train-0", "onnx", 23)
    assert data["batches"] == [8, 3]
    assert data["error"] < 1e-5
    assert data["transforms"] == [{"type": "Halved"}]


@needs_onnx
@needs_torch
def test_onnx_is_held_against_the_backend_that_trained(export):
    assert export("model/model.json", "--to", "onnx", "-o", "net.onnx")["error"] < 1e-5


@needs_torch
def test_torch(export, project):
    data = export("model", "--to", "torch", "-o", "net.pt2", "--batch", "4")
    assert data["batches"] == [4, 1]
    assert data["torch"]
    assert (project / "net.pt2").stat().st_size == data["bytes"]


@needs_onnx
def test_what_people_read(project, capsys):
    arguments = ["export", "model", "--to", "onnx", "--reference", "--plugin", "./net.py"]
    assert execute([*arguments, "-o", "net.onnx"]) == 0
    first, of, transforms, checked = capsys.readouterr().out.splitlines()
    assert first.startswith("net.onnx  ")
    assert first.endswith(" onnx (opset 23)")
    assert "train-0: Net of image (N, 1, 2, 4), word (N)" in of.replace("(N, )", "(N)")
    assert transforms.startswith("not in the file: the transforms Halved, which its inputs")
    assert checked.startswith("checked in batches of 8 and 3: largest relative error ")
    assert execute([*arguments, "-o", "other.onnx", "--no-check"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "not checked"


@needs_onnx
def test_a_file_is_replaced_only_by_force(export, project):
    arguments = ("model", "--to", "onnx", "-o", "net.onnx", "--reference")
    export(*arguments)
    before = (project / "net.onnx").read_bytes()
    assert "net.onnx is there already; --force" in export(*arguments, code=2)["error"]
    assert export(*arguments, "--force", "--opset", "21")["opset"] == 21
    assert (project / "net.onnx").read_bytes() != before


@needs_onnx
def test_samples_of_ones_own(export, project):
    rng = np.random.default_rng(0)
    arrays = {
        "image": rng.standard_normal((5, 1, 2, 4)).astype("float32"),
        "word": np.arange(5),
    }
    np.savez(project / "some.npz", **arrays)
    data = export("model", "--to", "onnx", "-o", "a.onnx", "--reference", "--data", "some.npz")
    assert data["batches"] == [5, 1]
    np.savez(project / "same.npz", **{name: array[[0] * 5] for name, array in arrays.items()})
    same = ("model", "--to", "onnx", "-o", "b.onnx", "--reference", "--data", "same.npz")
    assert "the check shows nothing" in export(*same, code=1)["error"]
    whole = (project / "some.npz").read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 3] ^= 255
    for content in (b"no arrays", b"PK\x03\x04 and no more", whole[: len(whole) // 2], damaged):
        (project / "bad.npz").write_bytes(content)
        bad = ("model", "--to", "onnx", "-o", "b.onnx", "--reference", "--data", "bad.npz")
        assert "bad.npz cannot be read as .npy or .npz" in export(*bad, code=2)["error"]
    assert not (project / "b.onnx").exists()


@needs_torch
def test_one_sample_is_too_few(export, project):
    one = {"image": np.ones((1, 1, 2, 4), "float32"), "word": np.arange(1)}
    np.savez(project / "one.npz", **one)
    arguments = ("model", "--to", "torch", "-o", "net.pt2", "--data", "one.npz")
    for more in ((), ("--no-check",)):
        error = export(*arguments, *more, code=2)["error"]
        assert error.startswith("an export needs two samples or more, and got 1")
    assert not (project / "net.pt2").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("README.md", "it is no such file"),
        ("empty.npy", "it is no such file"),
        ("objects.npy", "it holds Python objects, and not only numbers"),
        ("lost.npy", "No such file or directory"),
        (".", "Is a directory"),
    ],
)
def test_data_that_are_no_arrays(export, project, name, message):
    (project / "README.md").write_text("# Read me\n")
    (project / "empty.npy").touch()
    np.save(project / "objects.npy", np.array([{}], object), allow_pickle=True)
    error = export("model", "--to", "onnx", "-o", "n.onnx", "--data", name, code=2)["error"]
    assert error == f"{name} cannot be read as .npy or .npz: {message}"


@needs_onnx
@pytest.mark.parametrize(
    ("options", "model"),
    [
        ((), "train-0"),
        (("--step", "search"), "search-0"),
        (("--model", "train-1"), "train-1"),
        (("--model", "search-1"), "search-1"),
        (("--step", "train", "--model", "train-1"), "train-1"),
    ],
)
def test_models_of_a_run(export, project, options, model):
    make_run(project / "run")
    data = export("run", "--to", "onnx", "-o", "net.onnx", "--reference", *options)
    assert data["model"] == model


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--step", "serch"), "has no step 'serch'; did you mean 'search'?"),
        (("--step", "more"), "step 'more' has not finished"),
        (("--model", "train-9"), "no trained model 'train-9'; did you mean 'train-"),
        (("--step", "search", "--model", "train-1"), "no trained model 'train-1'"),
    ],
)
def test_models_that_a_run_does_not_have(export, project, options, message):
    make_run(project / "run")
    assert message in export("run", "--to", "onnx", "-o", "net.onnx", *options, code=2)["error"]


@pytest.mark.parametrize("options", [(), ("--model", "a"), ("--step", "search")])
def test_a_call_of_tune_has_no_models(export, project, options):
    RunDir.create(project / "tuned").journal.touch()
    error = export("tuned", "--to", "onnx", "-o", "net.onnx", *options, code=2)["error"]
    assert error.startswith("tuned is of a call of vega_core.tune, which leaves no model")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("model", "--to", "onxx", "-o", "n"), "unknown exporter 'onxx'; did you mean 'onnx'?"),
        (("none", "--to", "onnx", "-o", "n"), "none"),
        (("model", "--to", "onnx", "-o", "n", "--step", "train"), "model is one model"),
        (("model", "--to", "onnx", "-o", "n", "--set", "opset"), "write it as key=value"),
        (("model", "--to", "onnx", "-o", "n", "--set", "opset=x"), "expected a whole number"),
        (("model", "--to", "onnx", "-o", "n", "--set", "obset=20"), "did you mean 'opset'?"),
        (("model", "--to", "needy", "-o", "n"), "missing a required argument: 'level'"),
        (("model", "--to", "onnx", "-o", "no/n.onnx"), "there is no folder no"),
        (("model", "--to", "onnx", "-o", "."), "is a folder"),
        (("model", "--to", "onnx", "-o", "n.pt2"), "ends in .onnx; name it n.onnx"),
        (("net.py", "--to", "onnx", "-o", "n.onnx"), "net.py is no trained model; name a run"),
        (("other.json", "--to", "onnx", "-o", "n.onnx"), "other.json is no trained model"),
        (("model", "--to", "onnx", "-o", "n", "--reference", "--backend", "torch"), "give one"),
        (("model", "--to", "onnx"), "Missing option '-o'"),
    ],
)
def test_mistakes(export, project, arguments, message):
    (project / "other.json").write_text('{"format": 1}')
    before = sorted(project.iterdir())
    assert message in export(*arguments, code=2)["error"]
    assert sorted(project.iterdir()) == before


@pytest.mark.parametrize(("name", "package"), [("tflite", "tf"), ("mindir", "ms")])
def test_a_format_of_a_backend_that_is_not_installed(export, name, package):
    if find_spec(f"vega_backend_{package}"):
        pytest.skip("it is installed")
    error = export("model", "--to", name, "-o", f"n.{name}", code=2)["error"]
    assert error == (
        f"exporter '{name}' is not installed; it is in vega-backend-{package}: "
        f"pip install vega-backend-{package}"
    )


def test_a_damaged_model_is_told_as_such(export, project):
    path = project / "model" / MODEL
    path.write_text(path.read_text()[:50])
    error = export("model/model.json", "--to", "onnx", "-o", "n.onnx", code=1)["error"]
    assert error.startswith("model/model.json is no model file: ")


@needs_torch
def test_a_format_of_another_frameworks_name_is_refused(export):
    error = export("model", "--to", "torch", "-o", "net.onnx", code=2)["error"]
    assert error == "net.onnx: a file of this format ends in .pt2; name it net.pt2"


@needs_onnx
def test_from_python(project):
    model = vega.load("model", plugins=["./net.py"])
    exported = model.export("onnx", "net.onnx", against="reference", opset=22)
    assert exported.error < 1e-5
    assert exported.details == {"opset": 22}
    batch = {"image": np.ones((3, 1, 2, 4)), "word": np.arange(3)}
    assert model.export("onnx", "b.onnx", sample=batch, against="reference").batches == (3, 1)
    with pytest.raises(UserError, match="expected 'backend' or 'reference'"):
        model.export("onnx", "c.onnx", against="numpy")
    with pytest.raises(DataError, match="the model takes image, word"):
        model.export("onnx", "c.onnx", sample={"image": batch["image"]})


def test_formats_are_completed_whatever_their_case(project):
    (found,) = [one for one in command.params if one.name == "to"]
    context = click.Context(command)
    assert "onnx" in [one.value for one in found.shell_complete(context, "ON")]


def test_predictions_to_check_against_are_made_on_the_host():
    class Fake:
        def __init__(self):
            made.append(self)

        def devices(self):
            return [Device("cuda:0", "cuda"), Device("cpu", "cpu")]

        def store(self, parameters, device):
            return device

        def compile(self, graph, store):
            self.predict = lambda batch: store.name
            return self

    class Catalog:
        def load(self, kind, name):
            assert (kind, name) == ("backend", "fake")
            return Fake

    made = []
    predict = predictor(None, {}, "backend", Catalog(), "fake")
    assert made == []
    assert [predict({}), predict({})] == ["cpu", "cpu"]
    assert len(made) == 1
