"""Files in the folder of an attempt."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from vega_core.execute.messages import end_of, plain_end
from vega_core.execute.records import Attempt, Ended
from vega_core.store.atomic import FILE_MODE, read_json
from vega_core.store.encoding import dumps

LOG = "log.txt"
ERROR = "error.txt"
RESULT = "result.json"


def keep(folder: Path, ended: Ended, trace: str) -> None:
    """Keeps how an attempt ended before the driver is told, for it may die meanwhile.

    A folder that cannot be written costs the file, not the result: the driver is told all the same.
    Nothing is synced: this outlives the processes, and a machine that stops costs the attempt only
    if it has not come to the journal either.
    """
    try:
        if trace:
            _write(folder / ERROR, trace)
        _write(folder / RESULT, dumps(plain_end(ended), indent=2) + "\n")
    except OSError as error:
        sys.stderr.write(f"{folder}: cannot keep the result: {error}\n")


@contextlib.contextmanager
def printing_to(folder: Path) -> Iterator[IO[str]]:
    """Sends what Python code prints inside to the attempt's log.

    It holds for the whole process, so that it is no use where attempts run in threads; what
    libraries and child processes write to the descriptors themselves goes where it went before.

    Raises:
        OSError: The log cannot be written.
    """
    descriptor = os.open(
        folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE
    )
    with (
        os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace", buffering=1) as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        yield log


def read_result(attempt: Attempt) -> Ended | None:
    """How an attempt of an earlier driver ended, where its worker came so far.

    A resumed run takes it as the attempt's end instead of running it again.

    Returns:
        The end, or ``None`` where there is no file, or one that is damaged or of another attempt.
    """
    if attempt.folder is None:
        return None
    try:
        ended = end_of(read_json(attempt.folder / RESULT))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return ended if ended.key == attempt.key else None


def _write(path: Path, text: str) -> None:
    """Writes a file that is there whole or not at all, as long as the machine goes on."""
    aside = path.with_name(f"{path.name}.tmp-{os.getpid()}-0")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(aside, flags, FILE_MODE), "wb") as file:
        file.write(text.encode(errors="backslashreplace"))
    aside.replace(path)
