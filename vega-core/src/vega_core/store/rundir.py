"""Paths of a run directory: one place decides every name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vega_core.errors import StateError, UserError
from vega_core.store.atomic import make_folder

_LEFTOVER = re.compile(r"\.tmp-\d+-\d+$")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


def check_name(name: str) -> str:
    """Returns a name that may be part of a path.

    Raises:
        UserError: It has other characters than letters, digits, ``.``, ``_`` and ``-``, is longer
            than 100, or is ``.`` or ``..``.
    """
    if not _NAME.fullmatch(name) or name in (".", ".."):
        raise UserError(
            f"{name!r} cannot name a file; use 1 to 100 letters, digits, '.', '_' or '-'"
        )
    return name


@dataclass(frozen=True, slots=True)
class RunDir:
    """A run directory.

    ```
    config.yml              effective configuration
    journal.db              events of the run (with -wal and -shm beside it while a run is going)
    run.lock                held by the driver, with its process id inside
    run.log                 the driver's log
    components.json         import targets of the components, for the workers
    origin.json             folder from which the configuration's paths are taken
    workers/                logs of the worker processes
    steps/<step>/output.json
    steps/<step>/models/<id>/                          model.json and parameters.safetensors
    steps/<step>/trials/<trial>/                       what a trial keeps: checkpoints, artifacts
    steps/<step>/trials/<trial>/b<budget>-a<attempt>/  log.txt, error.txt, result.json of an attempt
    ```

    Folders are readable by their owner alone (0700), files likewise (0600).

    Attributes:
        root: The directory, absolute.
    """

    root: Path

    @classmethod
    def create(cls, path: str | Path) -> RunDir:
        """Makes a run directory, or takes an existing one.

        Raises:
            UserError: The path is a file, or a folder with other things in it.
        """
        run = cls(Path(path).expanduser().absolute())
        if run.root.exists() and not run.root.is_dir():
            raise UserError(f"{run.root} is a file; choose another output directory")
        if run.root.is_dir() and not run.exists and any(run.root.iterdir()):
            raise UserError(
                f"{run.root} is not empty and holds no run; choose another output directory"
            )
        make_folder(run.root)
        return run

    @classmethod
    def open(cls, path: str | Path) -> RunDir:
        """Takes an existing run directory.

        Raises:
            UserError: There is no run in it.
        """
        run = cls(Path(path).expanduser().absolute())
        if not run.exists:
            raise UserError(f"{run.root} holds no run ({run.journal.name} is missing)")
        return run

    @property
    def exists(self) -> bool:
        """Whether a run was begun here."""
        return self.journal.is_file() or self.lock.is_file()

    @property
    def config(self) -> Path:
        """The effective configuration."""
        return self.root / "config.yml"

    @property
    def journal(self) -> Path:
        """The SQLite journal."""
        return self.root / "journal.db"

    @property
    def lock(self) -> Path:
        """The driver's lock."""
        return self.root / "run.lock"

    @property
    def log(self) -> Path:
        """The driver's log."""
        return self.root / "run.log"

    @property
    def components(self) -> Path:
        """Import targets of the components, for the workers."""
        return self.root / "components.json"

    @property
    def workers(self) -> Path:
        """Folder of the workers' logs."""
        return self.root / "workers"

    def step(self, step: str) -> Path:
        """Folder of a step."""
        return self.root / "steps" / check_name(step)

    def output(self, step: str) -> Path:
        """What a step hands on."""
        return self.step(step) / "output.json"

    def models(self, step: str) -> Path:
        """Folder of the models that a step hands on."""
        return self.step(step) / "models"

    def trials(self, step: str) -> list[Path]:
        """Folders of a step's trials, in no particular order."""
        folder = self.step(step) / "trials"
        return list(folder.iterdir()) if folder.is_dir() else []

    def trial(self, step: str, trial: int) -> Path:
        """Folder of a trial."""
        return self.step(step) / "trials" / str(int(trial))

    def attempt(self, step: str, trial: int, budget: float, attempt: int) -> Path:
        """Folder of an attempt."""
        return self.trial(step, trial) / f"b{format_budget(budget)}-a{int(attempt)}"

    def inside(self, relative: str) -> Path:
        """Path of a file that a record names relative to the run directory.

        Raises:
            StateError: The name leads out of the directory, by ``..``, a link or an absolute path.
        """
        root = self.root.resolve()
        path = (root / relative).resolve()
        if not path.is_relative_to(root):
            raise StateError(f"{relative!r} leads out of the run directory {self.root}")
        return path

    def relative(self, path: Path) -> str:
        """Name of a file of this run for a record, with ``/`` between its parts."""
        return path.absolute().relative_to(self.root).as_posix()

    def leftovers(self) -> Iterator[Path]:
        """Temporary files of writers that were killed; remove them only under the lock."""
        for path in self.root.rglob("*.tmp-*"):
            if _LEFTOVER.search(path.name) and path.is_file():
                yield path

    def sweep(self) -> int:
        """Removes leftovers and returns their number; only for who holds the lock."""
        found = list(self.leftovers())
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)


def format_budget(budget: float) -> str:
    """A budget as part of a name: ``9`` for 9.0, ``0.5``; equal exactly for equal budgets."""
    value = float(budget)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
