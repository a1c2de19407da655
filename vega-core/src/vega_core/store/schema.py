"""Tables of the journal and the steps from each released version to the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from vega_core.errors import StateError

APPLICATION_ID = 0x56454741  # "VEGA"

_VERSION_1 = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    trial INTEGER NOT NULL,
    budget REAL NOT NULL,
    attempt INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    data TEXT NOT NULL,
    crc INTEGER NOT NULL,
    UNIQUE (step, trial, budget, attempt, kind, sequence)
);

CREATE VIEW attempts AS
SELECT
    keys.step, keys.trial, keys.budget, keys.attempt, keys.id,
    coalesce(json_extract(e.data, '$.state'), 'running') AS state,
    json_extract(e.data, '$.metrics') AS metrics,
    coalesce(json_extract(e.data, '$.reason'), '') AS reason,
    coalesce(json_extract(e.data, '$.seconds'), 0.0) AS seconds,
    coalesce(json_extract(s.data, '$.worker'), 0) AS worker
FROM (
    SELECT step, trial, budget, attempt, min(id) AS id FROM events
    WHERE kind IN ('started', 'ended') GROUP BY step, trial, budget, attempt
) AS keys
LEFT JOIN events AS s ON s.step = keys.step AND s.kind = 'started' AND s.trial = keys.trial
    AND s.budget = keys.budget AND s.attempt = keys.attempt AND s.sequence = 0
LEFT JOIN events AS e ON e.step = keys.step AND e.kind = 'ended' AND e.trial = keys.trial
    AND e.budget = keys.budget AND e.attempt = keys.attempt AND e.sequence = 0;
"""

MIGRATIONS: tuple[str, ...] = (_VERSION_1,)
"""Script ``k`` leads from version ``k`` to ``k + 1``; never changed once released."""


def migrate(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[str] = MIGRATIONS
) -> None:
    """Brings a journal to the newest version, each step in a transaction, after a copy aside.

    Args:
        connection: In autocommit mode (``isolation_level=None``).
        path: The journal's file; an old one is copied to ``<name>.v<version>`` beside it first.
        migrations: Scripts to apply; for tests.

    Raises:
        StateError: The file is no journal, or a newer release wrote it.
    """
    version = check_version(connection, path, len(migrations))
    if 0 < version < len(migrations):
        _back_up(connection, path.with_name(f"{path.name}.v{version}"))
    for number in range(version, len(migrations)):
        connection.executescript(
            f"BEGIN IMMEDIATE;{migrations[number]};"
            f"PRAGMA application_id={APPLICATION_ID};PRAGMA user_version={number + 1};COMMIT;"
        )


def check_version(connection: sqlite3.Connection, path: Path, newest: int = len(MIGRATIONS)) -> int:
    """Version of a journal; 0 for an empty file.

    Raises:
        StateError: The file is no journal, or a newer release wrote it.
    """
    (identity,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if identity != APPLICATION_ID and (identity or tables):
        raise StateError(f"{path} is an SQLite file of something else, not a journal of Vega")
    if version > newest:
        raise StateError(
            f"{path} has format {version}, written by a newer Vega; this one reads up to "
            f"{newest}: upgrade vega-core"
        )
    return int(version)


def _back_up(connection: sqlite3.Connection, path: Path) -> None:
    path.touch(mode=0o600)
    copy = sqlite3.connect(path)
    try:
        connection.backup(copy)
    finally:
        copy.close()
