"""Runs of small configurations, in this process and in processes of their own."""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import vega_core as vega
from vega_core.store.journal import Journal

SPACE = {"hyperparameters": [{"key": "trainer.params.x", "type": "FLOAT", "range": [0.0, 1.0]}]}
PATIENCE_S = 60


class Project:
    """A folder with a configuration, objectives and run directories.

    Attributes:
        folder: The folder.
        out: The run directory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self._started: list[subprocess.Popen[str]] = []
        shutil.copy(Path(__file__).with_name("objectives.py"), folder)

    def config(
        self,
        function: str = "square",
        *,
        algorithm: Mapping[str, Any] | None = None,
        space: Mapping[str, Any] = SPACE,
        objectives: Mapping[str, str] | None = None,
        steps: Mapping[str, Any] | None = None,
        hpo: Mapping[str, Any] | None = None,
        **general: Any,
    ) -> dict[str, Any]:
        """A search over ``x`` with a function, and further steps after it."""
        search = {
            "pipe_step": {"type": "SearchPipeStep"},
            "objectives": dict(objectives or {"loss": "min"}),
            "search_algorithm": dict(algorithm or {"type": "RandomSearch", "num_samples": 6}),
            "search_space": copy.deepcopy(dict(space)),
            "trainer": {"type": "Function", "function": f"./objectives.py:{function}"},
            **(hpo or {}),
        }
        return {
            "general": {"seed": 7, "workers": 0, **general},
            "pipeline": ["hpo", *(steps or {})],
            "hpo": search,
            **(steps or {}),
        }

    def write(self, *arguments: Any, name: str = "run.yml", **keywords: Any) -> Path:
        """Writes such a configuration; JSON is YAML."""
        path = self.folder / name
        path.write_text(json.dumps(self.config(*arguments, **keywords), indent=1))
        return path

    def run(self, *arguments: Any, resume: bool = False, **keywords: Any) -> vega.RunResult:
        """Runs such a configuration in this process."""
        path = self.write(*arguments, **keywords)
        return vega.run(path, general={"output": str(self.out)}, resume=resume)

    def vega(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs ``vega`` in a process of its own."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        """Starts ``vega`` in a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "vega_core", *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def output(self, step: str = "hpo", out: Path | None = None) -> dict[str, Any]:
        """What a step has handed on."""
        path = (out or self.out) / "steps" / step / "output.json"
        return json.loads(path.read_text())

    def told(self, step: str = "hpo", out: Path | None = None) -> list[tuple[Any, ...]]:
        """What the algorithm was told, in its order, with the samples."""
        with Journal.read((out or self.out) / "journal.db") as journal:
            assert journal.integrity() == []
            events = [entry.event for entry in journal.events(step=step, kinds=("asked", "told"))]
        samples = {one.proposal: one.config for one in events if one.kind == "asked"}
        return [
            (one.proposal, one.trial, one.budget, samples[one.proposal], one.metrics)
            for one in events
            if one.kind == "told"
        ]

    def trials(self, step: str = "hpo") -> list[Any]:
        """The trials of a step as the journal has them."""
        with Journal.read(self.out / "journal.db") as journal:
            return journal.trials(step)

    def workers(self) -> set[int]:
        """Process ids of all workers that have taken an attempt."""
        with Journal.read(self.out / "journal.db") as journal:
            return {entry.event.worker for entry in journal.events(kinds=("started",))}

    def close(self) -> None:
        """Ends what a failing test has left running."""
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.communicate()


@pytest.fixture(scope="session")
def make_project() -> type[Project]:
    """Makes projects that several tests share."""
    return Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Waits until something holds."""

    def wait(holds: Callable[[], object], what: str = "it") -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, f"{what} has not come about"
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="session")
def is_alive() -> Callable[[int], bool]:
    """Whether a process is there and no zombie."""

    def alive(pid: int) -> bool:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        return state != "Z"

    return alive
