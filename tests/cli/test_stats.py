"""`vega stats`: every way to name a model, what is printed, and mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest
from safetensors.numpy import save_file

from vega_core import describe_model
from vega_core.cli.main import execute
from vega_core.pipeline.model_io import MODEL, ModelFile
from vega_core.store.atomic import write_json
from vega_core.store.rundir import RunDir

CONFIG = """\
pipeline: [search, train]
search:
  pipe_step: {type: SearchPipeStep}
  dataset: {type: Digits, batch_size: 64}
  model: {type: ResNet, depth: 8, width: 4, num_classes: auto}
  search_algorithm: {type: RandomSearch, num_samples: 2}
  search_space: {hyperparameters: [{key: model.width, type: INT_CAT, range: [4, 8]}]}
  trainer: {type: Trainer, epochs: 1}
train:
  pipe_step: {type: TrainPipeStep}
  model: {type: MLP, num_classes: 10, hidden: [8]}
"""
PLUGIN = '''\
from __future__ import annotations

from typing import TYPE_CHECKING

from vega_core import Provider, hookimpl, nn

if TYPE_CHECKING:
    from pathlib import PurePath


class Pair(nn.Network):
    """Two inputs."""

    variant: str = "s"
    place: PurePath | None = None

    def forward(self, a, b):
        width = {"s": 2, "xl": 3}[self.variant]
        return {"a": nn.Linear(width, name="one")(a), "b": nn.relu(b)}


@hookimpl
def vega_networks():
    yield Provider("Pair", f"{__name__}:Pair")
'''

SEVEN = """\
from vega_core import Provider, hookimpl, nn


class Seven(nn.Network):
    def forward(self, x):
        return nn.reshape(x, 0, 7)


@hookimpl
def vega_networks():
    yield Provider("Seven", f"{__name__}:Seven")
"""


@pytest.fixture
def stats(tmp_path, monkeypatch, capsys):
    """Runs ``vega stats --json`` in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = execute(["stats", *arguments, "--json"])
        out, err = capsys.readouterr()
        data = json.loads(out)
        assert code == data.get("exit_code", 0)
        assert "Traceback" not in err
        return data

    return run


@pytest.fixture
def text(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        assert execute(["stats", *arguments]) == 0
        return capsys.readouterr().out.splitlines()

    return run


def trained(folder, name="train-0", **description):
    content = ModelFile(
        id=name,
        description={"type": "MLP", **description},
        inputs={"image": asdict_of_field((1, 8, 8))},
        classes={"label": 10},
        transforms=({"type": "Normalize", "mean": [0.5], "std": [0.5]},),
        backend="torch",
        sha256="",
        metrics={},
        provenance={},
    )
    folder.mkdir(parents=True)
    write_json(folder / MODEL, {"format": 1, **asdict(content)})
    return folder / MODEL


def asdict_of_field(shape):
    from vega_core.data import Field

    return asdict(Field("float32", shape))


def test_json_of_inline_yaml(stats):
    data = stats("{type: ResNet, depth: 20, num_classes: 10}", "--input", "3x32x32")
    assert (data["params"], data["macs"], data["activations"]) == (272_474, 40_813_184, 200_714)
    assert data["model"] == {"format": 1, "type": "ResNet", "depth": 20, "num_classes": 10}
    assert data["inputs"] == {"image": {"shape": [3, 32, 32], "dtype": "float32"}}
    assert data["inputs_are"] == "given"
    assert "bops" not in data
    assert data["memory_mb"] == pytest.approx(
        (data["parameter_bytes"] + data["peak_activation_bytes"]) / 2**20
    )
    first, *_, last = data["layers"]
    assert first["shape"] == [-1, 16, 32, 32]
    assert set(last) == {
        *("name", "op", "module", "shape", "params", "macs"),
        *("activations", "parameter_bytes", "live_bytes"),
    }
    for key in ("params", "macs", "activations", "parameter_bytes"):
        assert sum(layer[key] for layer in data["layers"]) == data[key]


def test_bit_operations_by_both_conventions(stats):
    data = stats("ResNet", "--input", "3x32x32", "--bits", "w4a4")
    assert data["bops"] == 645_922_816
    common = {"weights": 4, "activations": 4, "last": "float"}
    assert data["bops_by_convention"] == [
        {**common, "first": "float", "bops": 645_922_816},
        {**common, "first": "w8a8", "bops": 674_234_368},
    ]
    assert sum(layer["bops"] for layer in data["layers"]) == data["bops"]
    other = stats("ResNet", "--input", "3x32x32", "--bits", "w4a4,first=same,last=same")
    assert other["bops"] == data["macs"] * 16
    assert other["bops_by_convention"][1]["first"] == "float"


def test_no_layers(stats):
    assert "layers" not in stats("MLP", "--input", "64", "--no-layers")


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("MLP", {"type": "MLP"}),
        ("mlp", {"type": "MLP"}),
        ("vega-tasks:MLP", {"type": "vega-tasks:MLP"}),
        ("MLP:hidden=[8, 4],dropout=0.5", {"type": "MLP", "hidden": [8, 4], "dropout": 0.5}),
        ("vega-tasks:MLP:num_classes=3", {"type": "vega-tasks:MLP", "num_classes": 3}),
        ("ResNet-14", {"type": "ResNet", "depth": 14}),
        ("resnet-14:width=4", {"type": "ResNet", "depth": 14, "width": 4}),
    ],
)
def test_names_of_networks(stats, name, description):
    data = stats(name, "--input", "3x8x8", "--no-layers")
    assert data["model"] == {"format": 1, **description}
    assert data["params"] == describe_model(description).stats((3, 8, 8)).params


def test_files(stats, tmp_path):
    (tmp_path / "net.yml").write_text("type: MLP\nhidden: [8]\n")
    (tmp_path / "net.json").write_text('{"type": "MLP", "hidden": [8]}')
    for file in ("net.yml", "net.json", str(tmp_path / "net.yml")):
        data = stats(file, "--input", "64")
        assert data["params"] == 64 * 8 + 8 + 8 * 10 + 10
        assert data["origin"] == f"of {file}"


def test_configurations(stats, tmp_path):
    (tmp_path / "run.yml").write_text(CONFIG)
    data = stats("run.yml")
    assert data["inputs"] == {"image": {"shape": [1, 8, 8], "dtype": "float32"}}
    assert data["inputs_are"] == "of the dataset"
    assert data["model"] == {
        "format": 1,
        "type": "ResNet",
        "depth": 8,
        "width": 4,
        "num_classes": 10,
    }
    assert data["origin"] == "of step 'search' of run.yml"
    assert stats("run.yml", "--input", "3x32x32")["inputs_are"] == "given"
    step = stats("run.yml", "--step", "train")
    assert (step["model"]["type"], step["inputs"]) == ("MLP", data["inputs"])
    assert "no step 'trian'; did you mean 'train'?" in stats("run.yml", "--step", "trian")["error"]


def test_a_configuration_needs_its_data_only_to_know_sizes(stats, tmp_path):
    text = CONFIG.replace("Digits", "Mnist").replace("64}", "64, path: ./nowhere}")
    (tmp_path / "run.yml").write_text(text)
    assert stats("run.yml")["exit_code"] == 2
    assert stats("run.yml", "--step", "train", "--input", "784")["params"] == 784 * 8 + 8 + 90
    assert stats("run.yml", "--step", "train")["exit_code"] == 2


def test_faults_of_a_configuration_have_their_places(stats, tmp_path):
    (tmp_path / "run.yml").write_text(CONFIG.replace("depth: 8", "depht: 8"))
    error = stats("run.yml")["error"]
    assert error.startswith("run.yml:5:")
    assert "depht" in error


def test_a_configuration_without_a_model(stats, tmp_path):
    (tmp_path / "run.yml").write_text(
        "pipeline: [a]\na:\n  pipe_step: {type: TrainPipeStep}\n"
        "  trainer: {type: Function, function: 'math:sqrt'}\n"
    )
    assert stats("run.yml")["error"] == "run.yml: no step has a model"


def test_trained_models(stats, tmp_path):
    file = trained(tmp_path / "model", hidden=[8])
    for place in ("model", str(tmp_path / "model"), "model/model.json"):
        data = stats(place)
        assert data["params"] == 64 * 8 + 8 + 8 * 10 + 10
        assert data["inputs_are"] == "of the dataset"
        assert data["inputs"]["image"]["shape"] == [1, 8, 8]
        assert data["origin"] == f"trained as train-0 in {place}"
    assert stats("model", "--input", "16")["params"] == 16 * 8 + 8 + 8 * 10 + 10
    file.write_text(file.read_text().replace('"format": 1', '"format": 2'))
    data = stats("model")
    assert data["exit_code"] == 1
    assert "was made by a newer Vega; upgrade vega-core" in data["error"]


def test_a_run_gives_its_best_model(stats, tmp_path):
    run = RunDir.create(tmp_path / "run")
    run.journal.touch()
    run.config.write_text("general: {}\npipeline: [train]\n")
    records = []
    for name, width in (("train-1", 4), ("train-0", 8)):
        file = trained(run.models("train") / name, name, hidden=[width])
        records.append(
            {
                "id": name,
                "description": None,
                "overlay": {},
                "parameters": None,
                "sha256": None,
                "metrics": {"accuracy": 0.5},
                "provenance": {},
                "artifacts": {"model": run.relative(file)},
            }
        )
    run.output("train").parent.mkdir(parents=True, exist_ok=True)
    content = {"format": 1, "objectives": {"accuracy": "max"}, "records": records}
    write_json(run.output("train"), content)
    data = stats("run")
    assert data["params"] == 64 * 4 + 4 + 4 * 10 + 10
    assert data["origin"] == "trained as train-1 in run"
    assert stats("run", "--step", "train") == data
    assert "has no step 'trian'; did you mean 'train'" in stats("run", "--step", "trian")["error"]
    one = stats("run/steps/train/models/train-0", "--step", "train")["error"]
    assert "is one model; only a run has steps" in one
    lost = stats("run/steps/train/models/train-7")["error"]
    assert lost.startswith("run/steps/train/models/train-7: no such file or folder; step 'train' ")
    assert lost.endswith("keeps the parameters of train-0, train-1 (see keep_models)")
    run.output("train").unlink()
    assert "holds no trained model yet" in stats("run")["error"]


def test_plugins_and_several_inputs(stats, tmp_path):
    (tmp_path / "pair.py").write_text(PLUGIN)
    both = ("--input", "a=5", "--input", "b=3x2:float64")
    data = stats("Pair-XL", *both, "--plugin", "./pair.py")
    assert data["params"] == 5 * 3 + 3
    assert data["inputs"]["b"] == {"shape": [3, 2], "dtype": "float64"}
    assert data["peak_activation_bytes"] == 4 * 3 + 8 * 6 * 2
    missing = stats("Pair", "--input", "5", "--plugin", "./pair.py")
    assert "Pair takes the inputs a, b, and was given image" in missing["error"]
    assert "no network" in stats("Pair", *both)["error"]


def test_a_configuration_with_plugins(stats, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/pair.py").write_text(PLUGIN)
    (tmp_path / "more.py").write_text(PLUGIN.replace("Pair", "More"))
    text = "plugins: [./pair.py]\n" + CONFIG.replace(
        "{type: MLP, num_classes: 10, hidden: [8]}", "{type: Pair}"
    )
    (tmp_path / "sub/run.yml").write_text(text)
    options = ("--step", "train", "--input", "a=5", "--input", "b=2")
    assert stats("sub/run.yml", *options)["params"] == 5 * 2 + 2
    (tmp_path / "sub/run.yml").write_text(text.replace("{type: Pair}", "{type: More}"))
    assert stats("sub/run.yml", *options)["exit_code"] == 2
    assert stats("sub/run.yml", *options, "--plugin", "more.py")["params"] == 5 * 2 + 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ResNt"], "no file, no run directory and no network; did you mean 'ResNet'?"),
        (["Resnt-20"], "no network"),
        (["no/such.yml"], "no/such.yml: no such file or folder; there is no folder 'no'"),
        (["nothere.yml"], "nothere.yml: no such file or folder"),
        (["lost.yml"], "lost.yml: no such file or folder; did you mean 'list.yml'?"),
        (["sub/foldr"], "sub/foldr: no such file or folder; did you mean 'folder'?"),
        (["~/no/such"], "~/no/such: no such file or folder"),
        (["x" * 5000], "is no file"),
        (["a\0b"], "is no file"),
        ([""], "'' is no file"),
        (["."], "no file"),
        (["sub/folder"], "holds no run"),
        (["MLP-3"], "MLP has neither variant nor depth; write MLP:key=value"),
        (["ResNet:depht=20"], "did you mean 'depth'"),
        (["ResNet:depth=[1"], "not valid YAML"),
        (["ResNet:depth=7"], "got 7"),
        (["ResNet:depth=a"], "expected int, got 'a'"),
        (["ResNet:depth=20,depth=14"], "duplicate key"),
        (["ResNet:type=MLP"], "'ResNet:type=MLP': 'type' is said twice"),
        (["ResNet-50:depth=20"], "'depth' is said twice"),
        (["Graph-3"], "Graph has neither variant nor depth; write Graph:key=value,..., of file"),
        (["{type: ResNet"], "not valid YAML"),
        (["{depth: 20}"], "needs a 'type'"),
        (["{}"], "needs a 'type'"),
        (["{type: [1]}"], "needs a 'type'"),
        (["{type: ResNet, num_classes: auto}"], "'num_classes' is 'auto'"),
        (["list.yml"], "described by a mapping"),
        (["odd.yml"], "its keys are x"),
        (["empty.yml"], "empty"),
        (["weights.safetensors"], "no description in YAML or JSON"),
        (["huge.yml"], "no description in YAML or JSON"),
        (["ResNet", "--input", "3,32,32"], "expected a shape such as 3x224x224"),
        (["ResNet", "--input", "3x0x32"], "sizes are positive"),
        (["ResNet", "--input", "3x32x32:floaty"], "is no element type"),
        (["ResNet", "--input", "3x8x8", "--input", "3x9x9"], "there is an input 'image' already"),
        (["ResNet", "--bits", "four"], "bits 'four'"),
        (["ResNet", "--step", "x"], "only a configuration"),
        (["{type: MLP}", "--step", "x"], "only a configuration"),
        (["ResNet", "--plugin", "./none.py"], "none.py"),
        ([], "Missing argument"),
        (["ResNet", "--bitts", "w4a4"], "No such option"),
    ],
)
def test_mistakes(stats, tmp_path, arguments, words):
    (tmp_path / "sub/folder").mkdir(parents=True)
    (tmp_path / "list.yml").write_text("- a\n")
    (tmp_path / "odd.yml").write_text("x: 1\n")
    (tmp_path / "empty.yml").write_text("")
    (tmp_path / "huge.yml").write_text("#" * 1_000_001)
    save_file({}, tmp_path / "weights.safetensors")
    data = stats(*arguments)
    assert data["exit_code"] == 2
    assert words in data["error"]


def test_an_assumed_input_is_said(stats, text, tmp_path):
    (tmp_path / "seven.py").write_text(SEVEN)
    error = stats("Seven", "--plugin", "seven.py")["error"]
    assert "(N, 3, 224, 224)" in error
    assert "this input is assumed, --input gives another" in error
    wrong = stats("Seven", "--plugin", "seven.py", "--input", "8")["error"]
    assert "(N, 8)" in wrong
    assert "assumed" not in wrong
    assert stats("MLP", "--no-layers")["inputs_are"] == "assumed"
    assert text("MLP", "--no-layers")[1] == (
        "input image 3x224x224 (assumed; --input gives another)"
    )


def test_text(text):
    lines = text("ResNet-8:width=4", "--input", "1x8x8", "--bits", "w4a8,last=w8a8")
    assert lines[0] == "ResNet depth=8 width=4, by its name"
    assert lines[1] == "input image 1x8x8 (given)"
    assert lines[3].split() == [
        *("layer", "operator", "output", "params", "macs", "activations", "bops")
    ]
    assert lines[4].split() == [
        "stem.conv",
        "Conv",
        *["(N,", "4,", "8,", "8)", "36", "2,304", "256", "0"],
    ]
    (fc,) = [line for line in lines if line.startswith("fc ")]
    assert fc.split() == ["fc", "Gemm", "(N,", "10)", "170", "160", "10", "10,240"]
    assert len({len(line) for line in lines[3 : lines.index(fc) + 1]}) == 1
    assert "operators without parameters and multiply-adds" in lines[lines.index(fc) + 1]
    totals = dict(line.split("  ", 1) for line in lines[lines.index(fc) + 3 :])
    assert totals["multiply-adds"].strip().endswith(" K)")
    assert (
        "at w4a8, first layer in float (not counted), last layer at w8a8"
        in (totals["bit operations"])
    )
    assert "first layer at w8a8" not in totals["bit operations"]
    assert "at w4a8, first and last layer at w8a8" in totals["or"]
    assert totals["memory"].strip().startswith("0.0")


PROGRAM = """
import sys
from vega_core.cli.main import execute
code = execute(["stats", *sys.argv[1:], "--json"])
heavy = {"torch", "tensorflow", "mindspore", "onnx"}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("model", ["ResNet-20", "run.yml", "{type: MLP}", "model"])
def test_no_framework_is_imported(tmp_path, model):
    (tmp_path / "run.yml").write_text(CONFIG)
    trained(tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, model],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.strip()) == (0, "[]")
