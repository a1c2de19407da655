"""Exporters of Keras's and TensorFlow's formats: the framework alone runs what they write."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import asdict, replace
from importlib.util import find_spec

import keras
import numpy as np
import pytest
import tensorflow as tf

from vega_backend_tf.backend import TensorFlowBackend
from vega_backend_tf.export_keras import KerasExporter
from vega_backend_tf.export_savedmodel import SavedModelExporter
from vega_backend_tf.export_tflite import TFLiteExporter
from vega_core import nn
from vega_core.cli.main import execute
from vega_core.data import Field
from vega_core.errors import ModelError, UserError
from vega_core.exchange import Exportable
from vega_core.exchange.comparison import DisagreementError
from vega_core.nn.reference import evaluate
from vega_core.pipeline.model_io import ModelFile, save_model
from vega_core.plugins import load_catalog

EXPORTERS = {
    "keras": (KerasExporter, "model.keras"),
    "savedmodel": (SavedModelExporter, "model"),
    "tflite": (TFLiteExporter, "model.tflite"),
}


class Pair(nn.Network):
    """Two inputs, two outputs, rows that are twice the batch; dropout, a control."""

    def forward(self, image, extra):
        x = nn.BatchNorm(name="norm")(nn.Conv(4, 3, padding=0, name="conv")(image))
        x = nn.Dropout(0.5, name="drop")(nn.relu(x)) * nn.control("scale", 2.0)
        rows = nn.reshape(x, -1, 2 * 9)
        scores = nn.reshape(nn.Linear(3, name="fc")(rows), -1, 2, 3)
        return {"scores": scores, "sum": nn.flatten(x) + extra}


SPECS = {"image": nn.batched((2, 5, 5)), "extra": nn.batched((1,))}
RNG = np.random.default_rng(0)


def exportable(graph, params=None, **options):
    params = nn.initial_parameters(graph, seed=0) if params is None else params
    sample = {
        name: RNG.standard_normal((8, *spec.shape[1:])).astype(spec.dtype)
        for name, spec in graph.inputs.items()
    }
    return Exportable(
        graph, params, sample, lambda batch: evaluate(graph, params, batch).outputs, **options
    )


MODEL = exportable(nn.trace(Pair(), SPECS), description={"type": "Pair"}, about={"model": "m-1"})

ALONE = {
    "keras": """\
import keras
model = keras.saving.load_model("model.keras")
outputs = model(batch)
""",
    "savedmodel": """\
import tensorflow as tf
loaded = tf.saved_model.load("model")
outputs = loaded.signatures["serving_default"](**{n: tf.constant(x) for n, x in batch.items()})
""",
    "tflite": """\
import tensorflow as tf
outputs = tf.lite.Interpreter("model.tflite").get_signature_runner("serving_default")(**batch)
""",
}
BEFORE = "import sys, numpy as np\nbatch = dict(np.load('batch.npz'))\n"
AFTER = """
np.savez("outputs.npz", **{name: np.asarray(one) for name, one in outputs.items()})
assert not [name for name in sys.modules if name.startswith("vega")]
"""


def named(name):
    """Returns an exporter, and the name of a file of its format."""
    exporter, file = EXPORTERS[name]
    return exporter(), file


@pytest.mark.parametrize("name", EXPORTERS)
def test_the_framework_alone_runs_it_at_any_batch_size(name, tmp_path):
    exporter, file = named(name)
    exported = exporter.export(MODEL, tmp_path / file)
    assert exported.error < 1e-5
    assert exported.batches == (8, 3)
    assert [one.name for one in tmp_path.iterdir()] == [file]
    batch = {key: array[:1] for key, array in MODEL.sample.items()}
    np.savez(tmp_path / "batch.npz", **batch)
    subprocess.run([sys.executable, "-c", BEFORE + ALONE[name] + AFTER], cwd=tmp_path, check=True)
    given = np.load(tmp_path / "outputs.npz")
    for output, wanted in MODEL.predict(batch).items():
        np.testing.assert_allclose(given[output], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_wrong_file_is_found_out(name, tmp_path):
    def predict(batch):
        return {key: array * 1.01 for key, array in MODEL.predict(batch).items()}

    exporter, file = named(name)
    with pytest.raises(DisagreementError, match="differs from the model's"):
        exporter.export(replace(MODEL, predict=predict), tmp_path / file)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_keras_has_layers_of_the_networks_names_and_trains(tmp_path):
    KerasExporter().export(MODEL, tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert {weight.path for weight in model.weights} == {
        "conv/kernel",
        "conv/bias",
        "norm/gamma",
        "norm/beta",
        "norm/moving_mean",
        "norm/moving_variance",
        "fc/kernel",
        "fc/bias",
    }
    kernel = MODEL.parameters["conv.weight"].transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(model.get_layer("conv").kernel.numpy(), kernel)
    with zipfile.ZipFile(tmp_path / "model.keras") as file:
        about = json.loads(file.read("vega.json"))
    assert about == {"description": {"type": "Pair"}, "model": "m-1"}
    model.compile(keras.optimizers.SGD(0.05), {"scores": "mse", "sum": "mse"})
    targets = {"scores": np.zeros((8, 2, 3)), "sum": np.zeros((8, 36))}
    losses = model.fit(MODEL.sample, targets, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_a_savedmodel_has_the_graphs_names(tmp_path):
    SavedModelExporter().export(MODEL, tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    names = {variable.name.partition("/")[2].removesuffix(":0") for variable in loaded.variables}
    assert names == set(MODEL.parameters)
    about = json.loads((tmp_path / "model" / "assets.extra" / "vega.json").read_text())
    assert about == {"description": {"type": "Pair"}, "model": "m-1"}
    with pytest.raises(UserError, match=r"is a folder; .* remove the folder first"):
        SavedModelExporter().export(MODEL, tmp_path / "model", replace=True)


class Erf(nn.Network):
    def forward(self, x):
        return nn.Linear(3, name="fc")(nn.erf(x))


def test_operators_that_tflite_lacks_are_told(tmp_path):
    model = exportable(nn.trace(Erf(), {"x": nn.batched((4,))}))
    with pytest.raises(ModelError, match=r"^TensorFlow Lite has no Erf; export to savedmodel$"):
        TFLiteExporter().export(model, tmp_path / "model.tflite")
    assert list(tmp_path.iterdir()) == []


def test_what_a_file_of_keras_cannot_hold_is_told_with_its_node(tmp_path):
    class Random(nn.Network):
        def forward(self, x):
            return nn.Linear(3, name="fc")(x) + 0 * nn.random_uniform(x, -1, 3)

    model = exportable(nn.trace(Random(), {"x": nn.batched((4,))}))
    message = r"^random_1: a file of Keras holds .* Random is none of them; export to savedmodel"
    with pytest.raises(ModelError, match=message):
        KerasExporter().export(model, tmp_path / "model.keras")
    assert SavedModelExporter().export(model, tmp_path / "model").error < 1e-5


@pytest.mark.parametrize("name", EXPORTERS)
def test_paths_that_cannot_be_written_are_told(name, tmp_path):
    exporter, file = named(name)
    with pytest.raises(UserError, match=r"/proc/.* cannot be written: "):
        exporter.export(MODEL, f"/proc/{file}")
    if name != "savedmodel":
        message = rf"net\.h5: a file of this format ends in \.{name}; name it .*net\.{name}$"
        with pytest.raises(UserError, match=message):
            exporter.export(MODEL, tmp_path / "net.h5")


def test_they_are_components():
    for name, (exporter, _) in EXPORTERS.items():
        assert load_catalog().load("exporter", name) is exporter


@pytest.mark.parametrize("backend", ["torch", "tf"])
@pytest.mark.parametrize("name", EXPORTERS)
def test_the_command_line_exports_what_any_backend_trained(
    name, backend, tmp_path, monkeypatch, capsys
):
    if not find_spec(f"vega_backend_{backend}"):
        pytest.skip(f"vega_backend_{backend} is not installed")
    monkeypatch.chdir(tmp_path)
    description = {"type": "SimpleCnn", "channels": [4, 8], "num_classes": 3}
    graph = nn.build_graph(description, load_catalog(), {"image": (1, 8, 8)})
    content = ModelFile(
        id="train-0",
        description=description,
        inputs={"image": asdict(Field("float32", (1, 8, 8)))},
        classes={"label": 3},
        transforms=(),
        backend=backend,
        sha256="",
        metrics={},
        provenance={},
    )
    save_model(tmp_path / "run", content, nn.initial_parameters(graph, 0))
    file = EXPORTERS[name][1]
    assert execute(["export", "run", "--to", name, "-o", file, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["format"], printed["batches"]) == (name, [8, 3])
    assert printed["error"] < 1e-4
    assert execute(["export", "run", "--to", name, "-o", file, "--json"]) == 2
    assert file in json.loads(capsys.readouterr().out)["error"]


@keras.saving.register_keras_serializable("tests")
class Own(keras.Model):
    """A user's own model, with a layer that draws in training."""

    def __init__(self, hidden=6, **options):
        super().__init__(**options)
        self.hidden = hidden
        self.one = keras.layers.Dense(hidden, "relu")
        self.drop = keras.layers.Dropout(0.5)
        self.norm = keras.layers.BatchNormalization()
        self.two = keras.layers.Dense(3)

    def call(self, x, training=None):
        x = self.norm(self.one(keras.ops.reshape(x, (-1, 8))), training=training)
        return self.two(self.drop(x, training=training))

    def get_config(self):
        return {**super().get_config(), "hidden": self.hidden}


def functional():
    x = keras.Input((2, 4))
    hidden = keras.layers.Dense(6, "relu")(keras.layers.Flatten()(x))
    return keras.Model(x, keras.layers.Dense(3)(hidden))


class Catalog:
    def __init__(self, component):
        self._made = {
            "keras:Own": TensorFlowBackend.network("keras:Own", component),
            "Head": Head,
        }

    def load(self, kind, name):
        return self._made[name]


class Head(nn.Network):
    def forward(self, x):
        return nn.Linear(5, name="scores")(nn.relu(x))


def own(component, description):
    graph = nn.build_graph(description, Catalog(component), {"image": (2, 4)})
    backend = TensorFlowBackend()
    params = backend.initial_parameters(graph, 1)
    executable = backend.compile(graph, backend.store(params))
    return replace(exportable(graph, params, description=description), predict=executable.predict)


ALONE_OWN = {"type": "keras:Own"}
AMONG = {"modules": ["body", "head"], "body": {"type": "keras:Own"}, "head": {"type": "Head"}}


@pytest.mark.parametrize("component", [Own, functional])
@pytest.mark.parametrize("name", EXPORTERS)
def test_a_users_own_model_is_exported(name, component, tmp_path):
    exporter, file = named(name)
    exported = exporter.export(own(component, ALONE_OWN), tmp_path / file)
    assert exported.error < 1e-5
    if name == "keras":
        loaded = keras.saving.load_model(tmp_path / file)
        assert isinstance(loaded, Own if component is Own else type(functional()))


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_users_own_model_among_others_is_exported_but_not_to_keras(name, tmp_path):
    exporter, file = named(name)
    model = own(Own, AMONG)
    if name == "keras":
        with pytest.raises(
            ModelError, match=r"^body.*keras:Own is none of them; export to savedmodel"
        ):
            exporter.export(model, tmp_path / file)
        return
    assert exporter.export(model, tmp_path / file).error < 1e-5
