"""Messages between driver and worker that stand for records."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from vega_core.execute.pipes import Message
from vega_core.execute.records import Attempt, Ended, Key, Limits
from vega_core.execute.states import AttemptState


def run_message(serial: int, attempt: Attempt) -> Message:
    """What hands an attempt to a worker; every message about it carries the serial."""
    limits = attempt.limits
    return {
        "run": serial,
        "key": attempt.key,
        "target": attempt.target,
        "payload": attempt.payload,
        "folder": None if attempt.folder is None else str(attempt.folder.absolute()),
        "limits": [limits.wall_s, limits.progress_s, limits.memory_mb],
    }


def attempt_of(message: Message) -> Attempt:
    """The attempt in a ``run_message``."""
    folder = message["folder"]
    return Attempt(
        Key(*message["key"]),
        message["target"],
        message["payload"],
        None if folder is None else Path(folder),
        Limits(*message["limits"]),
    )


def plain_end(ended: Ended) -> dict[str, Any]:
    """An end as plain data."""
    return {**asdict(ended), "key": list(ended.key), "state": ended.state.value}


def end_of(plain: dict[str, Any]) -> Ended:
    """The end in plain data.

    Raises:
        TypeError: It lacks a part or has another one.
        ValueError: Its state is unknown.
    """
    values = dict(plain)
    return Ended(Key(*values.pop("key")), AttemptState(values.pop("state")), **values)
