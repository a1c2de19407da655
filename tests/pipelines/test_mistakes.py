"""A user's mistakes: one line each, exit code 2, and nothing is written."""

from __future__ import annotations

import json
import re
import struct

import pytest
import yaml

from vega_core.cli.main import execute

GOOD = """\
general: {workers: 1, seed: 0}
pipeline: [hpo, train]
hpo:
  pipe_step: {type: SearchPipeStep}
  objectives: {loss: min}
  search_algorithm: {type: RandomSearch, num_samples: 4}
  search_space:
    hyperparameters:
      - {key: trainer.params.x, type: FLOAT, range: [0.0, 1.0]}
      - {key: trainer.params.y, type: STRING, range: [a, b]}
  trainer: {type: Function, function: "./objectives.py:square"}
train:
  pipe_step: {type: TrainPipeStep}
"""
CYCLE = """
    condition:
      - {key: c1, child: trainer.params.x, parent: trainer.params.y, type: EQUAL, range: [a]}
      - {key: c2, child: trainer.params.y, parent: trainer.params.x, type: EQUAL, range: [0.5]}
  trainer:"""
ORPHAN = """
    condition:
      - {key: c1, child: trainer.params.x, parent: trainer.params.z, type: EQUAL, range: [a]}
  trainer:"""

BROKEN = {
    "unknown key": ("objectives:", "objektives:", r"5:3: .*unknown key.*did you mean 'objectives'"),
    "wrong type": ("workers: 1", "workers: one", r"1:11: general\.workers: .*'one'"),
    "cyclic condition": ("\n  trainer:", CYCLE, r"1\d:\d+: .*cycle.*trainer\.params\.[xy]"),
    "unknown parent": ("\n  trainer:", ORPHAN, r"1\d:\d+: .*'trainer\.params\.z'"),
    "empty range": ("[0.0, 1.0]", "[1.0, 0.0]", r"9:\d+: .*range"),
    "duplicate step": ("[hpo, train]", "[hpo, hpo]", r"2:17: .*duplicate step 'hpo'"),
    "unknown dataset": (
        "  objectives:",
        "  dataset: {type: Digitz}\n  objectives:",
        r"5:\d+: dataset\.type: unknown dataset 'Digitz'",
    ),
    "missing package": (
        "type: Function, function",
        "type: CycleSR, function",
        r"11:\d+: trainer\.type: .*pip install vega-algos-augment",
    ),
    "bad YAML": ("[hpo, train]", "[hpo, train", r"\d+:\d+: "),
    "ref to nothing": (
        "  pipe_step: {type: TrainPipeStep}",
        "  pipe_step: {type: TrainPipeStep}\n  trainer: {ref: hpo.trainr}",
        r"14:\d+: .*'hpo\.trainr' leads to nothing.*did you mean 'trainer'",
    ),
}


@pytest.fixture
def fails(project, capsys, monkeypatch):
    """Runs a configuration that is wrong; gives the line that says so."""
    monkeypatch.chdir(project.folder)

    def run(text, *arguments):
        (project.folder / "run.yml").write_text(text)
        before = {path: path.stat().st_mtime_ns for path in project.folder.rglob("*")}
        code = execute(["run", "run.yml", "--output", "out", *arguments])
        out, err = capsys.readouterr()
        after = {path: path.stat().st_mtime_ns for path in project.folder.rglob("*")}
        left = {path for path in after if "__pycache__" not in str(path)} - set(before)
        assert left == set(), "something was written"
        assert (code, out) == (2, ""), err
        assert "Traceback" not in err
        return err.rstrip("\n")

    return run


def test_the_configuration_that_is_broken_below_is_good(project, capsys, monkeypatch):
    monkeypatch.chdir(project.folder)
    (project.folder / "run.yml").write_text(GOOD)
    assert execute(["check", "run.yml"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_configuration(fails, case):
    old, new, pattern = BROKEN[case]
    assert GOOD.count(old) >= 1
    line = fails(GOOD.replace(old, new, 1))
    assert "\n" not in line
    assert re.match(r"run\.yml:" + pattern, line), line


def test_all_faults_come_at_once(fails):
    text = GOOD.replace("objectives:", "objektives:").replace("workers: 1", "workers: one")
    lines = fails(text.replace("num_samples: 4", "num_samples: -4")).splitlines()
    assert [line.split(":")[1] for line in lines] == ["1", "5"]


def test_a_bad_override(fails):
    assert "did you mean 'num_samples'?" in fails(
        GOOD, "--set", "hpo.search_algorithm.num_sample_s=3"
    )
    assert "general.seed" in fails(GOOD, "--set", "general.seed=-1")


def test_no_such_file(project, capsys, monkeypatch):
    monkeypatch.chdir(project.folder)
    assert execute(["run", "nowhere.yml"]) == 2
    assert "nowhere.yml" in capsys.readouterr().err
    assert not (project.folder / "runs").exists()


@pytest.mark.parametrize("output", ["file", "file/below"])
def test_an_output_that_is_no_folder(project, capsys, monkeypatch, output):
    monkeypatch.chdir(project.folder)
    (project.folder / "run.yml").write_text(GOOD)
    (project.folder / "file").write_text("precious")
    assert execute(["run", "run.yml", "--output", output]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert output in line
    assert (project.folder / "file").read_text() == "precious"


def test_an_output_with_odd_characters(project, capsys, monkeypatch):
    monkeypatch.chdir(project.folder)
    (project.folder / "run.yml").write_text(GOOD)
    output = "my runs/1e3: {a} #1 %s"
    assert execute(["run", "run.yml", "--output", output, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(project.folder / output)
    assert execute(["run", output, "--resume", "--json"]) == 0


def idx(shape, values, kind=0x08):
    return struct.pack(f">HBB{len(shape)}I", 0, kind, len(shape), *shape) + bytes(values)


IMAGES = idx((20, 28, 28), [7] * 20 * 784)
LABELS = idx((20,), list(range(10)) * 2)

DAMAGE = {
    "truncated": ("train-images-idx3-ubyte", IMAGES[:-1], "truncated"),
    "no IDX file": ("train-images-idx3-ubyte", b"<html>404</html>", "is no IDX file"),
    "empty": ("train-labels-idx1-ubyte", b"", "is no IDX file"),
    "wrong shape": ("train-images-idx3-ubyte", idx((20, 8, 8), [7] * 20 * 64), r"shape \[8, 8\]"),
    "wrong rank": ("train-labels-idx1-ubyte", idx((20, 1), [1] * 20), "2 dimensions"),
    "label out of range": ("train-labels-idx1-ubyte", idx((20,), [*range(19), 77]), "outside 0"),
    "lengths differ": ("train-labels-idx1-ubyte", idx((19,), [1] * 19), "19 labels for 20"),
    "broken gzip": ("train-images-idx3-ubyte", b"\x1f\x8b\x08\x00broken", "cannot be read"),
    "missing": ("train-labels-idx1-ubyte", None, "is expected there"),
    "held-out data too": ("t10k-labels-idx1-ubyte", LABELS[:-3], "truncated"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_bad_data_are_named_before_anything_starts(project, fails, case):
    pytest.importorskip("vega_tasks")
    name, content, pattern = DAMAGE[case]
    folder = project.folder / "mnist"
    folder.mkdir()
    for prefix in ("train", "t10k"):
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(IMAGES)
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(LABELS)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    config = yaml.safe_load(GOOD)
    config["hpo"]["dataset"] = {"type": "Mnist", "path": "./mnist", "batch_size": 4, "val": 0.5}
    lines = fails(json.dumps(config)).splitlines()
    assert len(lines) == 1, lines
    where = str(folder) if content is None else str(folder / name)
    assert where in lines[0], lines[0]
    assert re.search(pattern, lines[0]), lines[0]
