"""A run directory is used once, and a run in it goes on from where it stands."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import vega_core as vega
from vega_core.errors import StateError, UserError

KILL_RESUME = Path(__file__).parents[2] / "benchmarks" / "kill_resume.py"


def tree(folder):
    """Everything in a folder but what a look at the lock changes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "run.lock"
    }


def test_a_second_run_in_the_same_directory_is_refused(project):
    project.run()
    before = tree(project.out)
    with pytest.raises(UserError, match=r"holds a run already; resume it"):
        project.run()
    assert tree(project.out) == before


def test_other_peoples_folders_are_left_alone(project):
    project.out.mkdir()
    (project.out / "thesis.tex").write_text("precious")
    with pytest.raises(UserError, match="is not empty and holds no run"):
        project.run()
    assert [path.name for path in project.out.iterdir()] == ["thesis.tex"]


def test_resuming_a_finished_run_changes_nothing_and_shows_it(project):
    path = project.write(steps={"train": {"pipe_step": {"type": "TrainPipeStep"}}})
    first = project.vega("run", path, "--output", project.out)
    assert first.returncode == 0, first.stderr
    told, output = project.told(), project.output()
    again = project.vega("run", path, "--output", project.out, "--resume")
    assert again.returncode == 0, again.stderr
    assert (project.told(), project.output()) == (told, output)
    board = rows(first.stdout)
    assert board == rows(again.stdout)
    assert len(board) == 7
    assert "trial 0" not in again.stdout


def rows(shown):
    return [line for line in shown.splitlines() if " hpo-" in line or " train-" in line]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"algorithm": {"type": "RandomSearch", "num_samples": 7}}, "search_algorithm.num_samples"),
        ({"seed": 8}, "general.seed"),
        ({"function": "two"}, "trainer.function"),
        ({"objectives": {"loss": "max"}}, "objectives.loss"),
        ({"steps": {"train": {"pipe_step": {"type": "TrainPipeStep"}}}}, "pipeline"),
    ],
)
def test_another_configuration_is_refused_by_its_key(project, change, name):
    project.run()
    before = tree(project.out)
    with pytest.raises(UserError, match=name):
        project.run(**change, resume=True)
    assert tree(project.out) == before


def test_what_does_not_decide_the_trials_may_change(project):
    project.run()
    changed = {"workers": 2, "trial_timeout": 9.0, "max_failures": 3, "max_retries": 0}
    assert project.run(**changed, memory_limit_mb=4000, resume=True).exit_code == 0


def test_there_must_be_a_run_to_resume(project):
    path = project.write()
    done = project.vega("run", path, "--output", project.out, "--resume")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: there is no run to resume: there is no folder {project.out}\n"
    done = project.vega("run", path, "--resume")
    assert (done.returncode, done.stdout) == (2, "")
    assert "resume needs the directory of the earlier run: give output" in done.stderr
    assert not project.out.exists()
    assert not (project.folder / "runs").exists()


def test_a_run_that_was_stopped_before_it_began_is_begun_by_resuming(project):
    project.out.mkdir()
    assert project.run(resume=True).exit_code == 0


def test_a_run_goes_on_by_its_directory_alone_from_anywhere(project, tmp_path_factory, monkeypatch):
    (project.folder / "own.py").write_text(
        "from vega_core import Provider, hookimpl\n"
        "from vega_algos_hpo.random_search import RandomSearch\n"
        "class Own(RandomSearch):\n    pass\n"
        "@hookimpl\n"
        "def vega_algorithms():\n"
        "    yield Provider('Own', f'{__name__}:Own')\n"
    )
    config = project.config(algorithm={"type": "Own", "num_samples": 4})
    path = project.write(algorithm={"type": "Own", "num_samples": 4})
    path.write_text(json.dumps({**config, "plugins": ["./own.py"]}))
    vega.run(path, general={"output": str(project.out)})
    (project.out / "steps" / "hpo" / "output.json").unlink()
    with_end_forgotten(project)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    result = vega.run(project.out, resume=True)
    assert len(result.steps["hpo"]) == 4
    assert result.folder == project.out
    assert not list(Path.cwd().iterdir())


def with_end_forgotten(project):
    """Takes the end of the step and of its last trial out of the journal."""
    connection = sqlite3.connect(project.out / "journal.db")
    with connection:
        connection.execute("DELETE FROM events WHERE kind = 'step_finished'")
        connection.execute("DELETE FROM events WHERE kind IN ('ended', 'told') AND trial = 3")
    connection.close()
    for path in project.out.glob("steps/hpo/trials/3/*/result.json"):
        path.unlink()


def test_what_is_missing_is_run_again_and_no_more(project):
    project.run(algorithm={"type": "RandomSearch", "num_samples": 4})
    told = project.told()
    with_end_forgotten(project)
    result = project.run(algorithm={"type": "RandomSearch", "num_samples": 4}, resume=True)
    assert project.told() == told
    assert len(result.steps["hpo"]) == 4
    assert [one.attempts for one in project.trials()] == [1, 1, 1, 2]


def test_a_damaged_journal_is_named(project):
    path = project.write()
    vega.run(path, general={"output": str(project.out)})
    journal = project.out / "journal.db"
    data = bytearray(journal.read_bytes())
    at = data.find(b'"config"')
    data[at : at + 8] = b'"cOnfIg"'
    journal.write_bytes(data)
    done = project.vega("run", path, "--output", project.out, "--resume")
    assert done.returncode == 1
    assert str(journal) in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_damaged_output_of_a_step_is_named(project):
    project.run()
    output = project.out / "steps" / "hpo" / "output.json"
    output.write_text(output.read_text()[:-20])
    with pytest.raises(StateError, match=r"output\.json"):
        project.run(resume=True)


def test_kills_of_the_driver_lose_double_and_change_nothing():
    arguments = ["--kills", "3", "--workers", "2", "--algorithm", "AshaHpo", "--trials", "30"]
    done = subprocess.run(
        [sys.executable, str(KILL_RESUME), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASS") == 2


@pytest.mark.soak
def test_many_kills_of_the_driver():
    done = subprocess.run(
        [sys.executable, str(KILL_RESUME)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
