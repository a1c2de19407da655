"""Events as rows of the journal's table and back."""

from __future__ import annotations

import dataclasses
import zlib
from typing import Any

from vega_core.errors import StateError
from vega_core.store.encoding import dumps, loads
from vega_core.store.records import EVENT_TYPES, Asked, Entry, JournalEvent, Told

Row = tuple[str, str, int, float, int, int, str, int]
"""step, kind, trial, budget, attempt, sequence, data, crc."""

_KEYS = ("step", "trial", "budget", "attempt", "sequence")
_TYPES = {kind.kind: kind for kind in EVENT_TYPES}
_FIELDS = {kind: tuple(field.name for field in dataclasses.fields(_TYPES[kind])) for kind in _TYPES}
_DATA = {kind: tuple(n for n in names if n not in _KEYS) for kind, names in _FIELDS.items()}
_COLUMNS = {
    kind: tuple((n, _KEYS.index(n)) for n in names if n in _KEYS) for kind, names in _FIELDS.items()
}


def to_row(event: JournalEvent) -> Row:
    """Row of an event.

    Raises:
        TypeError: A value of it is not plain data.
    """
    kind = event.kind
    step = event.step
    trial = int(getattr(event, "trial", 0))
    budget = float(getattr(event, "budget", 0.0))
    attempt = int(getattr(event, "attempt", 0))
    # A proposal is asked and told once, so its number stands for the sequence.
    sequence = event.proposal if isinstance(event, (Asked, Told)) else getattr(event, "sequence", 0)
    data = dumps({name: getattr(event, name) for name in _DATA[kind]})
    key = (step, kind, trial, budget, attempt, int(sequence))
    return (*key, data, checksum(*key, data))


def checksum(*columns: Any) -> int:
    """CRC-32 of a row: SQLite's own check does not see a flipped bit inside a text."""
    return zlib.crc32(repr(columns).encode())


def from_row(row: tuple[Any, ...], where: str) -> Entry:
    """Entry of a row ``(id, time, *Row)``.

    Args:
        row: The row.
        where: The journal, for messages.

    Raises:
        StateError: The row is damaged, or of a kind that this version does not know.
    """
    number, time, *columns, crc = row
    if checksum(*columns) != crc:
        raise StateError(f"{where}: event {number} is damaged (its checksum does not match)")
    step, kind, *_, data = columns
    if kind not in _TYPES:
        raise StateError(f"{where}: event {number} is of the unknown kind {kind!r}")
    values = loads(data)
    for name, position in _COLUMNS[kind]:
        values[name] = step if position == 0 else columns[position + 1]
    return Entry(number, time, _TYPES[kind](**values))
