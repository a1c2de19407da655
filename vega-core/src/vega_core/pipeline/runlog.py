"""The driver's log, ``run.log``."""

from __future__ import annotations

import logging
import os
import re
import sys
from ast import literal_eval
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vega_core.errors import VegaError
from vega_core.store.atomic import FILE_MODE

_LOG = logging.getLogger("vega_core")
_ENDS = re.compile(
    r"^\S+ \S+ (?:INFO|ERROR) (?:(?P<begins>process \d+ begins)|ends well"
    r"|ends: (?P<kind>\w+)\((?P<said>.*)\))$",
    re.M,
)


@contextmanager
def run_log(path: Path) -> Iterator[None]:
    """Appends to a file what is logged inside, how it ends, and the traceback of a bug."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
        handler = logging.StreamHandler(file)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        _LOG.addHandler(handler)
        note = _Note(handler)
        note.write(f"process {os.getpid()} begins")
        try:
            yield
        except BaseException as error:
            note.write(f"ends: {error!r}", bug=_is_bug(error))
            raise
        else:
            note.write("ends well")
        finally:
            _LOG.removeHandler(handler)


def last_end(path: Path) -> tuple[str, str] | None:
    """Returns how the last driver ended: the type of its exception and what it said.

    Both are empty where it ended well; None where it said nothing, because it was killed.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = list(_ENDS.finditer(text))
    if not found or found[-1]["begins"]:
        return None
    kind, said = found[-1]["kind"] or "", found[-1]["said"] or ""
    with suppress(ValueError, SyntaxError):
        said = str(literal_eval(said.rstrip(",")))
    return kind, said


def _is_bug(error: BaseException) -> bool:
    return isinstance(error, Exception) and not isinstance(error, VegaError)


class _Note:
    """Writes to the log file alone: what these say is on the terminal already."""

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler

    def write(self, text: str, *, bug: bool = False) -> None:
        level = logging.ERROR if bug else logging.INFO
        trace = sys.exc_info() if bug else None
        self._handler.handle(logging.LogRecord(_LOG.name, level, __file__, 0, text, (), trace))
