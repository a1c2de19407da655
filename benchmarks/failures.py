"""Trials that end badly in every way: each is recorded with its reason, and the run goes on.

One run with two workers holds a trial that raises, returns NaN, hangs, exceeds its memory, crashes
its process, exits, is killed once (and succeeds when it is tried again) and is killed each time,
between trials that succeed. The table shows what the journal has of them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from vega_core.store.journal import Journal

OBJECTIVE = """
import ctypes, faulthandler, math, os, signal, time
from pathlib import Path

def raises():
    raise ValueError("no luck")

def hangs():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)

def grows():
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20)) * 16)

def crashes():
    faulthandler.disable()
    ctypes.string_at(0)

def killed_once():
    mark = Path(__file__).with_name("killed")
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 2.0

ENDS = {
    "good": lambda: 1.0,
    "raises": raises,
    "NaN": lambda: math.nan,
    "hangs": hangs,
    "exceeds its memory": grows,
    "crashes": crashes,
    "exits": lambda: os._exit(3),
    "killed once": killed_once,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "good at last": lambda: 3.0,
}

def objective(config):
    return ENDS[config["end"]]()
"""

EXPECTED = {
    "good": ("ok", ""),
    "raises": ("failed", "ValueError: no luck"),
    "NaN": ("nan", "loss is nan"),
    "hangs": ("timed_out", "ran longer than 3 s"),
    "exceeds its memory": ("oom", r"resident memory of \d+ MB, over the limit of 300 MB"),
    "crashes": ("failed", r"crashed with SIGSEGV \(signal 11\)"),
    "exits": ("failed", "exit 3 without a result"),
    "killed once": ("ok", ""),
    "killed": ("lost", r"worker killed by SIGKILL \(signal 9\)"),
    "good at last": ("ok", ""),
}
ATTEMPTS = {"killed once": 2, "killed": 2}

CONFIG: dict[str, Any] = {
    "general": {"workers": 2, "trial_timeout": 3.0, "memory_limit_mb": 300, "output": "out"},
    "pipeline": ["hpo"],
    "hpo": {
        "pipe_step": {"type": "SearchPipeStep"},
        "objectives": {"loss": "min"},
        "search_algorithm": {"type": "GridSearch"},
        "search_space": {
            "hyperparameters": [
                {"key": "trainer.params.end", "type": "CATEGORY", "range": list(EXPECTED)}
            ]
        },
        "trainer": {"type": "Function", "function": "./objective.py:objective"},
    },
}


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "objective.py").write_text(OBJECTIVE)
        (folder / "run.yml").write_text(json.dumps(CONFIG))
        begun = time.monotonic()
        command = [sys.executable, "-m", "vega_core", "run", "run.yml"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - begun
        with Journal.read(folder / "out" / "journal.db") as journal:
            trials = {one.config["trainer.params.end"]: one for one in journal.trials("hpo")}
    missed = done.returncode != 0
    print(f"{'trial':<20}{'state':<11}{'attempts':<10}{'reason'}")
    for end, (state, reason) in EXPECTED.items():
        one = trials[end]
        good = (one.state, one.attempts) == (state, ATTEMPTS.get(end, 1))
        good = good and re.fullmatch(reason, one.reason) is not None
        missed |= not good
        print(f"{end:<20}{one.state:<11}{one.attempts:<10}{one.reason}{'' if good else '  MISS'}")
    print(
        f"{len(trials)} of {len(EXPECTED)} trials in {seconds:.0f} s, exit code {done.returncode}: "
        f"{'MISS' if missed else 'PASS'}"
    )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
