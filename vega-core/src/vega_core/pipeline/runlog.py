"""The driver's log, ``run.log``."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vega_core.errors import VegaError
from vega_core.store.atomic import FILE_MODE

_LOG = logging.getLogger("vega_core")


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
