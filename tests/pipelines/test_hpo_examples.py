"""The examples of `examples/hpo`: all are valid, and the small ones run."""

from __future__ import annotations

from pathlib import Path

import pytest

import vega_core as vega
from vega_core.cli.main import execute

pytest.importorskip("vega_tasks")

ROOT = Path(__file__).parents[2] / "examples" / "hpo"
FILES = sorted(ROOT.glob("*/*.yml"))
SMOKE = [path for path in FILES if path.stem == "smoke"]


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_they_are_valid(path, capsys):
    pytest.importorskip("vega_backend_torch")
    assert execute(["check", str(path)]) == 0, capsys.readouterr().err


def test_each_algorithm_has_both():
    assert SMOKE
    for path in SMOKE:
        assert (path.parent / "paper.yml").exists()


@pytest.mark.parametrize("path", SMOKE, ids=name_of)
def test_the_small_ones_run_with_two_workers(path, tmp_path):
    pytest.importorskip("torch")
    records = vega.run(path, general={"output": str(tmp_path / "run")}).steps["hpo"]
    assert records[0].metrics["accuracy"] > 0.8
