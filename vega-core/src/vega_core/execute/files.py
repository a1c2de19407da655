"""Files in the folder of an attempt."""

from __future__ import annotations

import sys
from pathlib import Path

from vega_core.execute.messages import end_of, plain_end
from vega_core.execute.records import Attempt, Ended
from vega_core.store.atomic import read_json, write_bytes, write_json

LOG = "log.txt"
ERROR = "error.txt"
RESULT = "result.json"


def keep(folder: Path, ended: Ended, trace: str) -> None:
    """Keeps how an attempt ended before the driver is told, for it may die meanwhile.

    A folder that cannot be written costs the file, not the result: the driver is told all the same.
    """
    try:
        if trace:
            write_bytes(folder / ERROR, trace.encode(errors="backslashreplace"))
        write_json(folder / RESULT, plain_end(ended))
    except OSError as error:
        sys.stderr.write(f"{folder}: cannot keep the result: {error}\n")


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
