"""Ctrl-C, SIGTERM, and two drivers at once."""

from __future__ import annotations

import json
import signal
import time

import pytest

GRID = {"type": "GridSearch", "points": 4}


@pytest.fixture
def going(project, wait_until):
    """A run whose first two trials are under way."""

    def start(function, *arguments):
        path = project.write(function, algorithm=GRID, workers=2)
        process = project.start("run", path, "--output", project.out, *arguments)
        wait_until(lambda: len(list(project.folder.glob("begun-*"))) == 2, "the start")
        wait_until(lambda: len(project.workers()) == 2, "the journal's entry")
        return process

    return start


def finish(project):
    (project.folder / "go").touch()
    done = project.vega("run", project.folder / "run.yml", "--output", project.out, "--resume")
    assert done.returncode == 0, done.stderr
    losses = [one["metrics"]["loss"] for one in project.output()["records"]]
    assert losses == [0, pytest.approx(1 / 3), pytest.approx(2 / 3), 1]
    assert len({one[:3] for one in project.told()}) == 4


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_once_lets_trials_save_and_can_be_resumed(project, going, is_alive, number, code):
    process = going("waits")
    workers = project.workers()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, (out, err)
    assert err == f"error: stopped; 'vega run {project.out} --resume' goes on from here\n"
    assert "stopping: running trials save; Ctrl-C again stops at once" in out
    assert len(list(project.folder.glob("saved-*"))) == 2  # they were asked, not killed
    assert not any(is_alive(pid) for pid in workers)
    assert [one.state for one in project.trials()] == ["cancelled", "cancelled"]
    assert project.told() == []
    status = json.loads(project.vega("status", project.out, "--json").stdout)
    assert (status["state"], status["driver"]) == ("interrupted", None)
    assert status["next"] == f"vega run {project.out} --resume"
    finish(project)


def test_twice_stops_at_once(project, going, wait_until, is_alive):
    process = going("deaf")
    workers = project.workers()
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None  # it gives the trials time
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - begun < 2
    assert f"stopped at once; 'vega run {project.out} --resume' goes on from here" in err
    assert "Traceback" not in err
    wait_until(lambda: not any(is_alive(pid) for pid in workers), "the end of the workers")
    source = project.folder / "objectives.py"
    source.write_text(source.read_text() + "\n\ndeaf = waits\n")
    finish(project)


def test_a_killed_driver_takes_its_workers_along(project, going, wait_until, is_alive):
    process = going("waits")
    workers = project.workers()
    process.kill()
    process.communicate()
    wait_until(lambda: not any(is_alive(pid) for pid in workers), "the end of the workers")
    status = project.vega("status", project.out).stdout
    assert "interrupted: its driver was killed" in status
    assert "running" not in status
    finish(project)


def test_a_second_driver_is_sent_away(project, going):
    process = going("waits")
    before = {path: path.stat().st_mtime_ns for path in project.out.rglob("config.yml")}
    for extra in ([], ["--resume"]):
        path = project.folder / "run.yml"
        second = project.vega("run", path, "--output", project.out, *extra)
        assert second.returncode == 75
        assert second.stderr == (
            f"error: another driver (process {process.pid}) holds the run {project.out}; "
            "wait for it or stop it\n"
        )
    status = project.vega("status", project.out).stdout
    assert f"running (process {process.pid})" in status
    assert before == {path: path.stat().st_mtime_ns for path in project.out.rglob("config.yml")}
    (project.folder / "go").touch()
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_stopped_run_prints_no_json(project, going):
    process = going("waits", "--json")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
