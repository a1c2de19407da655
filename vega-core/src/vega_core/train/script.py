"""A trainer that runs a command."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from vega_core.errors import ConfigError, RunFailed
from vega_core.train.child import Child
from vega_core.train.context import Context
from vega_core.train.function import own_sample
from vega_core.train.placeholders import fill, flatten
from vega_core.train.trainer import Trainer

CONFIG_VARIABLE = "VEGA_TRIAL_CONFIG"
CONFIG_FILE, OUTPUT_FILE, ERROR_FILE = "config.json", "stdout.log", "stderr.log"
_POLL_S = 0.1
_REASON_LINES = 3


@dataclass(kw_only=True, eq=False)
class ScriptTrainer(Trainer):
    """Runs a command, which prints metrics as JSON, one object a line.

    Each line of standard output that is a JSON object is a report; the last one is the trial's
    result. A key ``step`` or ``epoch`` says how far it was reached; without one, reports are
    counted. All other lines go to ``stdout.log``, and standard error to ``stderr.log``, in the
    trial's folder, which is the command's working folder.

    The trial is given as JSON on standard input, in the file that the environment variable
    ``VEGA_TRIAL_CONFIG`` names, and wherever an argument holds ``{name}``: ``trial``, ``seed``,
    ``budget``, a sampled name, or any dotted key of the step's configuration. No shell is
    started; a string is split as a shell would split it.

    Attributes:
        command: The program and its arguments. A program or first argument that is a file
            beside the configuration may be given relative to it.
        timeout: Seconds after which the command is killed and the trial fails.
        grace: Seconds that the command has to end after it was asked to (SIGTERM).
        params: Values for placeholders that the search space may override.
    """

    command: str | Sequence[str]
    timeout: float | None = None
    grace: float = 5.0
    params: Mapping[str, Any] = field(default_factory=dict)

    def train_process(self, context: Context) -> Mapping[str, float]:
        trial = self._trial(context)
        arguments = self._arguments(context, trial)
        folder = context.folder.resolve()
        (folder / CONFIG_FILE).write_text(json.dumps(trial, indent=1), encoding="utf-8")
        environment = {**os.environ, CONFIG_VARIABLE: str(folder / CONFIG_FILE)}
        given, errors = folder / CONFIG_FILE, folder / ERROR_FILE
        with (folder / OUTPUT_FILE).open("ab", buffering=0) as log:
            reader = ReportReader(log, context)
            with Child(arguments, folder, environment, given, errors) as child:
                self._watch(child, reader, context)
        if child.stopped or child.returncode == 0:
            return reader.result(required=not child.stopped)
        tail = " | ".join(last_lines(errors, _REASON_LINES))
        raise RunFailed(f"the command {child.ending}{': ' if tail else ''}{tail}")

    def _trial(self, context: Context) -> dict[str, Any]:
        return {
            "trial": context.trial,
            "seed": context.seed,
            "budget": context.budget,
            "threads": context.threads,
            "sample": dict(context.sample),
            "params": {**self.params, **own_sample(context.sample)},
            "config": dict(context.config),
        }

    def _arguments(self, context: Context, trial: Mapping[str, Any]) -> list[str]:
        given = shlex.split(self.command) if isinstance(self.command, str) else list(self.command)
        if not given:
            raise ConfigError("trainer.command: is empty")
        numbers = {key: trial[key] for key in ("trial", "seed", "budget", "threads")}
        values = {**flatten(context.config), **trial["params"], **context.sample, **numbers}
        program, *rest = fill(given, values)
        return [_program(program, context.base), *_beside(rest, context.base)]

    def _watch(self, child: Child, reader: ReportReader, context: Context) -> None:
        """Hands lines on until the command has ended and its output is read."""
        for line in child.lines(_POLL_S):
            if line is not None:
                reader.take(line)
            elif context.should_stop:
                child.stop(self.grace)
            elif self.timeout is not None and child.seconds > self.timeout:
                child.kill()
                raise RunFailed(f"the command was killed after {self.timeout:g} s (its timeout)")


class ReportReader:
    """Tells reports from other lines of a command's output."""

    def __init__(self, log: IO[bytes], context: Context) -> None:
        self._log = log
        self._context = context
        self._last: dict[str, float] | None = None
        self._count = 0

    def take(self, line: bytes) -> None:
        """Reports a line that is a JSON object of metrics; logs any other."""
        metrics = parse_metrics(line)
        if metrics is None:
            self._log.write(line)
            return
        self._count += 1
        step = metrics.pop("step", metrics.get("epoch", self._count))
        metrics.pop("epoch", None)
        self._last = metrics
        self._context.report(metrics, step)

    def result(self, *, required: bool) -> dict[str, float]:
        """Returns the last report.

        Raises:
            RunFailed: There was none, though one is required.
        """
        if self._last is None and required:
            raise RunFailed(
                'the command printed no metrics; print one JSON object a line, as {"accuracy": 0.9}'
            )
        return self._last or {}


def parse_metrics(line: bytes) -> dict[str, float] | None:
    """Returns the numbers of a line that is a JSON object with any; otherwise None."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        numbers = {
            key: float(value)
            for key, value in json.loads(line).items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        }
    except (ValueError, OverflowError, RecursionError):
        return None
    return numbers or None


def last_lines(path: Path, count: int) -> list[str]:
    """Returns the last lines of a file that are not blank, each shortened."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8192))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return [line.strip()[:200] for line in lines if line.strip()][-count:]


def _program(program: str, base: Path) -> str:
    """Finds the program on the path, or beside the configuration."""
    found = shutil.which(program)
    if found is None and (base / program).is_file():
        found = shutil.which(str((base / program).resolve()))
    if found is None:
        raise ConfigError(f"trainer.command: there is no program '{program}' that can be run")
    return str(Path(found).absolute())


def _beside(arguments: list[str], base: Path) -> list[str]:
    """Makes a script beside the configuration absolute: the command runs elsewhere."""
    if arguments and (base / arguments[0]).is_file():
        return [str((base / arguments[0]).resolve()), *arguments[1:]]
    return arguments
