"""What `vega run` and `vega status` show: JSON, plain lines, and a live table on a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vega_core.cli.leaderboard import leaderboard
from vega_core.pipeline.records import ModelRecord

CONFIG = """\
general: {workers: 1, seed: 0}
pipeline: [hpo, train]
hpo:
  pipe_step: {type: SearchPipeStep}
  objectives: {score: max}
  search_algorithm: {type: RandomSearch, num_samples: 4}
  search_space:
    hyperparameters:
      - {key: trainer.params.x, type: FLOAT, range: [0.0, 1.0]}
  trainer: {type: Function, function: "./objective.py:objective"}
train:
  pipe_step: {type: TrainPipeStep, baseline: true}
"""
OBJECTIVE = """\
import time

def objective(config, budget, report):
    print("a word from a trial")
    report(config["x"] / 2, 1)
    time.sleep(config.get("pause", 0.0))
    return {"score": config["x"], "size": 123456}
"""
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def vega(tmp_path):
    """Runs ``vega`` beside a configuration."""
    (tmp_path / "run.yml").write_text(CONFIG)
    (tmp_path / "objective.py").write_text(OBJECTIVE)

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "vega_core", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_json_is_all_of_the_output(vega, tmp_path):
    done = vega("run", "run.yml", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(done.stdout)
    folder = Path(data["folder"])
    assert folder.parent == tmp_path / "runs"
    assert re.fullmatch(r"run-\d{8}-\d{6}(-\d+)?", folder.name)
    assert list(data["steps"]) == ["hpo", "train"]
    written = json.loads((folder / "steps/hpo/output.json").read_text())
    assert data["steps"]["hpo"] == written["records"]
    assert (data["failed"], data["exit_code"]) == (0, 0)
    assert len(data["notes"]) == 1

    status = json.loads(vega("status", str(folder), "--json").stdout)
    assert status["state"] == "finished"
    assert [step["step"] for step in status["steps"]] == ["hpo", "train"]
    assert status["steps"][0]["counts"] == {"ok": 4}
    assert len(status["steps"][0]["trials"]) == 4


def test_plain_lines_where_it_is_piped(vega, tmp_path):
    done = vega("run", "run.yml", "--output", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "a word from a trial" not in done.stdout
    lines = done.stdout.splitlines()
    out = tmp_path / "out"
    assert lines[0] == f"run directory: {out}"
    assert lines[1] == "step 1/2: hpo: up to 4 trials (4@1), total budget at most 4"
    trials = [line for line in lines if line.startswith("trial ")]
    assert len(trials) in (5, 6)
    assert re.fullmatch(
        r"trial 0  budget 1  ok  score=0\.\d+  size=123456  \(\d+\.\d s\)  best score=0\.\d+",
        trials[0],
    )
    (head,) = [line for line in lines if line.split()[:4] == ["model", "budget", "score", "size"]][
        :1
    ]
    best = lines[lines.index(head) + 1].split()
    assert (best[0], best[2], best[4]) == ("1", "1", "123456")
    assert best[1].startswith("hpo-")
    (gain,) = [line for line in lines if "the first configuration of the search (hpo-0)" in line]
    assert "beats" in gain or "is the best" in gain
    place = lines.index(f"everything lies in {out}")
    assert lines[place - 1] == f"{len(trials)} evaluations, 0 failed"
    assert lines[place + 1 :] == [
        "  steps/hpo/output.json lists its 4 models",
        f"  steps/train/output.json lists its {len(trials) - 4} model{'s' * (len(trials) > 5)}",
    ]


def test_status_in_words(vega, tmp_path):
    vega("run", "run.yml", "--output", "out")
    lines = vega("status", "out").stdout.splitlines()
    assert lines[0] == f"{tmp_path / 'out'}: finished"
    assert re.fullmatch(r"  hpo: finished; trials: 4 ok; best: trial \d", lines[1])
    assert re.fullmatch(r"    trial    0  budget 1  ok        score=0\.\d+  size=123456", lines[2])
    assert lines[-1].startswith("next: the results are in ")


@pytest.mark.parametrize("folder", [".", "nowhere"])
def test_status_of_what_is_no_run(vega, folder):
    done = vega("status", folder)
    assert done.returncode == 2
    assert "holds no run" in done.stderr


FAILING = """\
def objective(config, budget, report):
    print("a word from a trial")
    if config["x"] < 0.5:
        raise ValueError("too small")
    return config["x"]
"""
MANY = (
    *("--set", "hpo.search_algorithm.num_samples=14", "--set", "general.workers=0"),
    *("--set", "pipeline=[hpo]"),
)


def test_too_many_failures_say_so(vega, tmp_path):
    (tmp_path / "objective.py").write_text(FAILING)
    done = vega("run", "run.yml", *MANY, "--set", "general.max_failures=2", "--json")
    assert done.returncode == 3
    data = json.loads(done.stdout)  # what the trials print in this process is not in it
    assert (data["failed"], data["exit_code"]) == (6, 3)
    assert done.stderr == ("6 of 14 evaluations failed, more than general.max_failures 2\n")
    logs = list(Path(data["folder"]).rglob("log.txt"))
    assert len(logs) == 14
    assert all(log.read_text().startswith("a word from a trial\n") for log in logs)
    status = vega("status", data["folder"]).stdout
    assert "6 failed, 8 ok; best: trial 3" in status
    assert "the last 10 of 14 trials" in status


@pytest.mark.parametrize("redirection", [">&-", ">&- 2>&-", "| head -1"])
def test_a_run_goes_on_where_nobody_reads(vega, tmp_path, redirection):
    command = f"{sys.executable} -m vega_core run run.yml --output out {redirection}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(vega("status", "out", "--json").stdout)["state"] == "finished"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_the_output_is_told(vega, tmp_path):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "vega_core", "run", "run.yml", "--output", "out"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: standard output cannot be written: No space left on device\n"
    assert json.loads(vega("status", "out", "--json").stdout)["state"] == "finished"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["status", "nowhere"], 2, "holds no run"),
        (["run", "nowhere.yml"], 2, "no such file"),
        (["describe", "Nothing"], 2, "no component is called 'Nothing'"),
        (["check", "run.yml", "--sett", "x=1"], 2, "No such option"),
        (["check", "run.yml", "--set", "hpo.trainer.typ=x"], 2, "unknown key"),
    ],
)
def test_errors_are_json_too(vega, arguments, code, words):
    done = vega(*arguments, "--json")
    data = json.loads(done.stdout)
    assert (done.returncode, data["exit_code"]) == (code, code)
    assert words in data["error"]
    assert words in done.stderr


def test_a_run_of_tune_is_told_apart(vega, tmp_path):
    (tmp_path / "tuned.py").write_text(
        "import vega_core as vega\n"
        "vega.tune(lambda c: c['x'], {'x': ('FLOAT', 0, 1)}, trials=3,\n"
        "          algorithm='RandomSearch', output='tuned')\n"
    )
    subprocess.run([sys.executable, "tuned.py"], cwd=tmp_path, check=True, timeout=60)
    done = vega("run", "tuned", "--resume")
    assert done.returncode == 2
    assert "it is of a call of vega_core.tune" in done.stderr
    status = vega("status", "tuned").stdout.splitlines()
    assert status[0].endswith("tuned: finished")
    assert "; best: trial " in status[1]
    assert "resume=True returns the result again" in status[-1]
    load = "import vega_core as vega; vega.load({!r})".format
    for folder, words in (("tuned", "which leaves no model"), ("out", "holds no model")):
        if folder == "out":
            vega("run", "run.yml", "--output", "out")
        done = subprocess.run(
            [sys.executable, "-c", load(folder)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert words in done.stderr


def test_the_table_fits_the_terminal():
    sample = {"a.optimizer.type": "Adam", "a.optimizer.params.lr": 0.01234, "model.depth": 8}
    names = ("accuracy", "train_loss", "loss", "test_loss", "test_accuracy", "params", "macs")
    metrics = dict.fromkeys(names, 0.123456)
    record = ModelRecord("hpo-1", None, sample, None, None, metrics, {"budget": 9})
    for width in (60, 80, 200, None):
        head, row, *more = leaderboard([record] * 1, width=width)
        assert width is None or len(head) <= width
        assert len(row) == len(head)
        columns = head.split()
        assert columns[:4] == ["model", "budget", "accuracy", "test_accuracy"]
        assert columns[-3:] == ["optimizer.type", "lr", "depth"] or width == 60
        assert bool(more) == (width in (60, 80))


def on_terminal(folder, *arguments, interrupt_at=None):
    """Runs ``vega`` on a pseudo-terminal of 24 rows; returns its exit code and what it wrote."""
    pid, descriptor = pty.fork()
    if pid == 0:
        os.chdir(folder)
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "24"}
        for name in ("CI", "NO_COLOR", "PYTEST_CURRENT_TEST"):
            environment.pop(name, None)
        os.execve(sys.executable, [sys.executable, "-m", "vega_core", *arguments], environment)
    written, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([descriptor], [], [], 1.0)[0]:
            continue
        try:
            chunk = os.read(descriptor, 1 << 16)
        except OSError:  # its end has closed
            break
        if not chunk:
            break
        written += chunk
        if interrupt_at and interrupt_at in written:
            os.write(descriptor, b"\x03")
            interrupt_at = None
    else:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(descriptor)
    return os.waitstatus_to_exitcode(status), written.decode()


def test_a_live_table_on_a_terminal(vega, tmp_path):
    code, written = on_terminal(
        tmp_path, "run", "run.yml", "--output", "out", "--set", "hpo.trainer.params.pause=0.4"
    )
    assert code == 0, written
    assert "\x1b[" in written
    text = ESCAPE.sub("", written).replace("\r", "\n")
    assert re.search(r"trial 1 +budget 1 +\d+ s +at 1: score=0\.\d+", text)  # while it runs
    assert re.search(r"3 ended, best score=0\.\d+", text)
    assert "trial 0  budget 1  ok  score=" in text
    # What stays on the screen: the leaderboards, the gain and the places.
    last = text[text.index("step train finished") :]
    assert "train-0" in last
    assert "the first configuration of the search (hpo-0)" in last
    assert f"everything lies in {tmp_path / 'out'}" in last
    # Whatever was hidden is shown again.
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h")


def test_ctrl_c_on_a_terminal(vega, tmp_path):
    code, written = on_terminal(
        tmp_path,
        *("run", "run.yml", "--output", "out", "--set", "hpo.trainer.params.pause=1.0"),
        interrupt_at=b"at 1: score=",
    )
    text = ESCAPE.sub("", written).replace("\r", "\n")
    assert code == 130, text
    assert "stopping: running trials save" in text
    assert "goes on from here" in text
    assert "Traceback" not in text
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h")
    assert vega("run", "out", "--resume").returncode == 0
