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
    assert lines[place + 1 :] == [
        "  steps/hpo/output.json lists its 4 models",
        f"  steps/train/output.json lists its {len(trials) - 4} model{'s' * (len(trials) > 5)}",
    ]


def test_status_in_words(vega, tmp_path):
    vega("run", "run.yml", "--output", "out")
    lines = vega("status", "out").stdout.splitlines()
    assert lines[0] == f"{tmp_path / 'out'}: finished"
    assert lines[1] == "  hpo: finished; trials: 4 ok"
    assert re.fullmatch(r"    trial    0  budget 1  ok        score=0\.\d+  size=123456", lines[2])
    assert lines[-1].startswith("next: the results are in ")


@pytest.mark.parametrize("folder", [".", "nowhere"])
def test_status_of_what_is_no_run(vega, folder):
    done = vega("status", folder)
    assert done.returncode == 2
    assert "holds no run" in done.stderr


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
