"""``vega check`` as a user runs it: broken configurations, the plan, no framework."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from vega_core.cli.main import execute

pytestmark = pytest.mark.skipif(
    find_spec("vega_backend_torch") is None, reason="the configurations name PyTorch"
)

SOUND = """\
general: {backend: torch, workers: 2, seed: 0}
pipeline: [hpo, train]
hpo:
  pipe_step: {type: SearchPipeStep}
  dataset: {type: Digits, batch_size: 64}
  model: {type: ResNet, depth: 8, width: 8, num_classes: auto}
  search_algorithm: {type: AshaHpo, num_samples: 9, eta: 3, max_budget: 9}
  search_space:
    type: SearchSpace
    hyperparameters:
      - {key: trainer.optimizer.type, type: STRING, range: [SGD, Adam]}
      - {key: trainer.optimizer.params.lr, type: FLOAT_EXP, range: [1e-4, 1e-1]}
      - {key: trainer.optimizer.params.momentum, type: FLOAT, range: [0.0, 0.9]}
    condition:
      - key: momentum_of_sgd
        child: trainer.optimizer.params.momentum
        parent: trainer.optimizer.type
        type: EQUAL
        range: [SGD]
  objectives: {accuracy: max}
  trainer: {type: Trainer, epochs: 9}
train:
  pipe_step: {type: TrainPipeStep}
  models: {from: hpo, select: best}
  trainer: {ref: hpo.trainer, epochs: 30}
"""

# Name, what is exchanged, what the place is of, and the rest of the line.
BROKEN = [
    ("unknown key", "epochs: 9", "epoch: 9", "epoch: 9",
     "trainer.epoch: unknown key; did you mean 'epochs'?"),
    ("wrong type", "epochs: 9", "epochs: nine", "epochs: nine",
     "trainer.epochs: expected a whole number, got the text 'nine'"),
    ("cyclic condition", "        range: [SGD]\n",
     "        range: [SGD]\n      - {child: trainer.optimizer.type, parent: "
     "trainer.optimizer.params.momentum, type: IN, range: [0, 0.5]}\n", None,
     "conditions form a cycle: "),
    ("child of an unknown parent", "parent: trainer.optimizer.type",
     "parent: trainer.optimiser.type", "parent: trainer.optimiser",
     "search_space.condition[0].parent: unknown parent 'trainer.optimiser.type'; did you mean "
     "'trainer.optimizer.type'?"),
    ("empty range", "range: [SGD, Adam]", "range: []", "range: []",
     "search_space.hyperparameters[0].range: trainer.optimizer.type: range is empty"),
    ("duplicate step", "[hpo, train]", "[hpo, hpo]", "hpo]",
     "pipeline[1]: duplicate step 'hpo'; a step runs once"),
    ("unknown dataset", "type: Digits", "type: Digit", "type: Digit",
     "dataset.type: unknown dataset 'Digit'; did you mean 'Digits'?"),
    ("missing package", "type: AshaHpo, num_samples: 9, eta: 3, max_budget: 9", "type: CARS",
     "type: CARS", "search_algorithm.type: algorithm 'CARS' is not installed; it is in "
     "vega-algos-nas: pip install vega-algos-nas"),
    ("bad YAML", "batch_size: 64}", "batch_size: 64", ": {type: ResNet", "not valid YAML: "),
    ("ref to nothing", "ref: hpo.trainer", "ref: hop.trainer", "ref: hop",
     "trainer.ref: 'hop.trainer' leads to nothing: no step 'hop'; did you mean 'hpo'?"),
]  # fmt: skip


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


Vega = Callable[..., Done]


@pytest.fixture
def vega(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Vega:
    """Runs ``vega`` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        code = execute(arguments)
        return Done(code, *capfd.readouterr())

    return run


def place(text: str, what: str) -> str:
    at = text.index(what)
    return f"file.yml:{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}: "


@pytest.mark.parametrize(
    ("old", "new", "where", "rest"),
    [row[1:] for row in BROKEN],
    ids=[row[0].replace(" ", "-") for row in BROKEN],
)
@pytest.mark.parametrize("command", ["check", "run"])
def test_a_broken_configuration(
    tmp_path: Path, vega: Vega, command: str, old: str, new: str, where: str | None, rest: str
) -> None:
    assert old in SOUND
    text = SOUND.replace(old, new, 1)
    (tmp_path / "file.yml").write_text(text)
    done = vega(command, "file.yml")
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    if where is None:
        assert line.startswith("file.yml:")
        assert rest in line
    else:
        assert line.startswith(place(text, where) + rest)
    assert [item.name for item in tmp_path.iterdir()] == ["file.yml"]


def test_all_faults_at_once_and_as_json(tmp_path: Path, vega: Vega) -> None:
    text = SOUND
    for name in ("unknown key", "empty range", "unknown dataset"):
        old, new = next(row[1:3] for row in BROKEN if row[0] == name)
        text = text.replace(old, new, 1)
    (tmp_path / "file.yml").write_text(text)
    done = vega("check", "--json", "file.yml")
    assert done.returncode == 2
    errors = json.loads(done.stdout)["errors"]
    assert [error["line"] for error in errors] == sorted(error["line"] for error in errors)
    assert [error["path"] for error in errors] == [
        "hpo.dataset.type", "hpo.search_space.hyperparameters[0].range", "hpo.trainer.epoch",
    ]  # fmt: skip
    assert len(done.stderr.splitlines()) == len(errors)


def test_the_plan(tmp_path: Path, vega: Vega) -> None:
    (tmp_path / "file.yml").write_text(SOUND)
    done = vega("check", "file.yml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "file.yml is valid: backend torch, 2 workers, seed 0",
        "step 1/2: hpo (SearchPipeStep)",
        "  dataset   Digits",
        "  model     ResNet",
        "  trainer   Trainer",
        "  search    AshaHpo for accuracy (max)",
        "  over      trainer.optimizer.type, trainer.optimizer.params.lr, "
        "trainer.optimizer.params.momentum",
        "  rung 0    9 trials of 1 epoch",
        "  rung 1    3 to 7 trials of 3 epochs",
        "  rung 2    1 to 5 trials of 9 epochs",
        "  in total  21 to 53 epochs",
        "step 2/2: train (TrainPipeStep)",
        "  takes     best of the models of 'hpo'",
        "  dataset   Digits",
        "  model     ResNet",
        "  trainer   Trainer",
        "  rung 0    1 trial of 30 epochs",
        "  in total  30 epochs",
    ]
    assert [item.name for item in tmp_path.iterdir()] == ["file.yml"]


def test_the_plan_as_data_with_an_override_and_a_notice(tmp_path: Path, vega: Vega) -> None:
    (tmp_path / "file.yml").write_text(SOUND.replace("SearchPipeStep", "NasPipeStep"))
    done = vega("check", "file.yml", "--json", "--no-data", "--set", "train.models.select=top-3")
    notice = "file.yml:4:15: 'NasPipeStep' is now 'SearchPipeStep'\n"
    assert (done.returncode, done.stderr) == (0, notice)
    data = json.loads(done.stdout)
    assert data["valid"] is True
    search, train = data["plan"]["steps"]
    assert search["trials"] == 9
    assert [rung["budget"] for rung in search["rungs"]] == [1, 3, 9]
    assert (train["trials"], train["budget_at_most"]) == (3, 90)


def test_faults_that_only_the_data_show(tmp_path: Path, vega: Vega) -> None:
    text = SOUND.replace("batch_size: 64", "batch_size: 6400").replace("depth: 8", "depth: 9")
    (tmp_path / "file.yml").write_text(text.replace("eta: 3", "eta: 1"))
    done = vega("check", "file.yml")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0].startswith("file.yml:5:27: dataset.batch_size: is 6400")
    assert lines[1].startswith("file.yml:7:53: search_algorithm.eta: ")
    text = SOUND.replace("depth: 8", "depth: 9")
    (tmp_path / "file.yml").write_text(text)
    done = vega("check", "file.yml")
    assert done.stderr.startswith("file.yml:6:3: model: ResNet: depth")
    assert vega("check", "--no-data", "file.yml").returncode == 0


def test_a_missing_file(tmp_path: Path, vega: Vega) -> None:
    (tmp_path / "file.yml").write_text(SOUND)
    done = vega("check", "fil.yml")
    assert done.returncode == 2
    assert done.stderr == "fil.yml: no such file; did you mean 'file.yml'?\n"


def test_no_framework_is_imported(tmp_path: Path) -> None:
    (tmp_path / "file.yml").write_text(SOUND)
    code = (
        "import sys\nfrom vega_core.cli.main import execute\n"
        "code = execute(['check', 'file.yml'])\n"
        "print(code, sorted({'torch', 'tensorflow', 'mindspore'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


def test_the_command_as_a_process(tmp_path: Path) -> None:
    (tmp_path / "file.yml").write_text(SOUND.replace("type: Digits", "type: Digit"))
    command = [sys.executable, "-m", "vega_core.cli.main", "check", "file.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "file.yml:5:13: dataset.type: unknown dataset 'Digit'; did you mean 'Digits'?\n"
    )


def test_the_schema_command(tmp_path: Path, vega: Vega) -> None:
    done = vega("schema")
    assert done.returncode == 0, done.stderr
    schema: dict[str, Any] = json.loads(done.stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    done = vega("schema", "-o", "vega.schema.json")
    assert done.stdout == "wrote vega.schema.json\n"
    assert json.loads((tmp_path / "vega.schema.json").read_text()) == schema
    assert vega("schema", "-o", "no/such/folder").returncode == 2
