"""Checks the core with one pack in an environment that holds nothing else.

Run by ``nox -s isolation`` with the interpreter of that environment: ``python isolated.py
vega-algos-hpo``, or ``python isolated.py vega-backend-torch vega-tasks``: a backend has the tasks
beside it, to train something. Everything happens in an empty folder, through the installed command.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FRAMEWORKS = {
    "vega-backend-torch": "torch",
    "vega-backend-tf": "tensorflow",
    "vega-backend-ms": "mindspore",
}
PACKS = ("vega-algos-hpo", "vega-tasks", *FRAMEWORKS)
PROVIDED = {
    "vega-algos-hpo": ("algorithm", {"RandomSearch", "GridSearch", "AshaHpo"}),
    "vega-tasks": ("dataset", {"Digits", "Mnist"}),
    "vega-backend-torch": ("backend", {"torch"}),
    "vega-backend-tf": ("backend", {"tf"}),
    "vega-backend-ms": ("backend", {"ms"}),
}

RUN = """\
general: {workers: 2, seed: 1, output: out}
pipeline: [hpo, train]
hpo:
  pipe_step: {type: SearchPipeStep}
  objectives: {loss: min}
  search_algorithm: {type: AshaHpo, num_samples: 9, eta: 3, max_budget: 9}
  search_space:
    hyperparameters:
      - {key: trainer.params.x, type: FLOAT, range: [0.0, 1.0]}
  trainer: {type: Function, function: "./objective.py:objective"}
train:
  pipe_step: {type: TrainPipeStep}
"""
OBJECTIVE = """\
def objective(config, budget, report):
    return (config["x"] - 0.5) ** 2 + 1 / budget
"""
TRAIN = """\
general: {backend: BACKEND, seed: 1, output: trained}
pipeline: [train]
train:
  pipe_step: {type: TrainPipeStep}
  dataset: {type: Digits, batch_size: 32}
  model: {type: SimpleCnn, num_classes: auto}
  trainer: {type: Trainer, epochs: 4, optimizer: {type: Adam, params: {lr: 0.003}}}
"""
TUNE = """\
import vega_core as vega

def objective(config):
    return (config["x"] - 0.5) ** 2

found = vega.tune(objective, {"x": ("FLOAT", 0, 1)}, trials=9, workers=2, max_budget=3)
assert found.metrics["loss"] < 0.1, found
"""


def say(text: str) -> None:
    print(f"isolated: {text}", flush=True)


def vega(*arguments: str, code: int = 0) -> str:
    """Runs the installed command and returns its standard output."""
    command = Path(sys.executable).with_name("vega")
    assert command.is_file(), f"the command {command} is not installed"
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    words = f"vega {' '.join(arguments)} ended with {done.returncode}, not {code}"
    assert done.returncode == code, f"{words}:\n{done.stdout}\n{done.stderr}"
    say(f"vega {' '.join(arguments)}: ended with {code}, as it must")
    return done.stdout


def vega_json(*arguments: str) -> Any:
    return json.loads(vega(*arguments, "--json"))


def check_absent(packs: Sequence[str]) -> None:
    others = [pack for pack in PACKS if pack not in packs]
    absent = [name.replace("-", "_") for name in others]
    absent += [FRAMEWORKS[name] for name in others if name in FRAMEWORKS]
    absent += ["mlxtend"] if "vega-tasks" in packs else ["mlxtend", "sklearn"]
    for name in absent:
        found = importlib.util.find_spec(name)
        assert found is None, f"{name} is installed beside {packs}: {found}"
    say(f"absent, as they must be: {', '.join(absent)}")


def check_files(packs: Sequence[str]) -> None:
    for name in ("vega-core", *packs):
        distribution = importlib.metadata.distribution(name)
        files = {str(path) for path in distribution.files or ()}
        module = name.replace("-", "_")
        assert f"{module}/py.typed" in files, f"{name} has no py.typed"
        licences = [path for path in files if path.endswith("licenses/LICENSE")]
        assert licences, f"{name} brings no licence"
        assert not any(path.startswith("tests/") for path in files), f"{name} brings tests"
        assert importlib.util.find_spec(module), f"{module} cannot be found"
    say("all distributions bring py.typed and their licence")


def check_commands(packs: Sequence[str]) -> None:
    text = vega("--help")
    for command in ("run", "status", "check", "schema", "plugins", "describe", "doctor"):
        assert command in text, f"vega --help does not list '{command}'"
    plugins = vega_json("plugins")["plugins"]
    states = {one["name"]: one["status"] for one in plugins}
    assert states == dict.fromkeys(("vega-core", *packs), "ok"), states
    from vega_core.plugins import load_catalog

    catalog = load_catalog()
    for pack in packs:
        kind, names = PROVIDED[pack]
        assert names <= set(catalog.names(kind)), f"{pack} does not provide {names}"
    assert vega_json("describe", "SearchPipeStep")["plugin"] == "vega-core"
    assert "properties" in json.loads(vega("schema"))
    doctor = vega_json("doctor")
    assert {one["name"] for one in doctor["plugins"]} == {"vega-core", *packs}, doctor


def check_algos_hpo() -> None:
    assert vega_json("describe", "AshaHpo")["plugin"] == "vega-algos-hpo"
    Path("run.yml").write_text(RUN)
    Path("objective.py").write_text(OBJECTIVE)
    vega("check", "run.yml")
    result = vega_json("run", "run.yml")
    best = result["steps"]["hpo"][0]
    assert best["provenance"]["budget"] == 9, best
    assert result["steps"]["train"][0]["provenance"]["source"] == best["id"], result
    status = vega_json("status", "out")
    assert status["state"] == "finished", status
    Path("tune.py").write_text(TUNE)
    subprocess.run([sys.executable, "tune.py"], check=True)
    say("a search with two workers in a run and in a script")
    Path("torch.yml").write_text(RUN.replace("workers: 2,", "workers: 2, backend: torch,"))
    vega("run", "torch.yml", code=2)


def check_tasks() -> None:
    described = vega_json("describe", "Digits")
    assert described["plugin"] == "vega-tasks", described
    import numpy as np

    from vega_core.plugins import load_catalog

    digits = load_catalog().load("dataset", "Digits")
    sizes = {split: len(digits(split)) for split in ("train", "val", "test")}
    assert sum(sizes.values()) == 1797, sizes
    batch = digits("test").__getitems__(np.arange(5))
    assert batch["image"].shape == (5, 1, 8, 8), batch["image"].shape
    say(f"read the digits: {sizes}")


def check_backend(pack: str) -> None:
    (name,) = PROVIDED[pack][1]
    doctor = vega("doctor")
    assert name in doctor, doctor
    assert "cpu" in doctor.lower(), f"vega doctor shows no device:\n{doctor}"
    Path("train.yml").write_text(TRAIN.replace("BACKEND", name))
    result = vega_json("run", "train.yml")
    accuracy = result["steps"]["train"][0]["metrics"]["accuracy"]
    assert accuracy > 0.8, f"a small network learns nothing: {result}"
    say(f"vega doctor shows the device, and a small network reaches {accuracy:.3f} on the digits")


def main() -> None:
    pack, *beside = sys.argv[1:]
    assert pack in PACKS, f"there are no checks for {pack}"
    sys.path.pop(0)  # the folder of this file
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        check_absent((pack, *beside))
        check_files((pack, *beside))
        check_commands((pack, *beside))
        if pack in FRAMEWORKS:
            check_backend(pack)
        else:
            {"vega-algos-hpo": check_algos_hpo, "vega-tasks": check_tasks}[pack]()
        os.chdir("/")
    say(f"{pack} and the core stand alone")


if __name__ == "__main__":
    main()
