"""Connections to a journal's file, and what SQLite's errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vega_core.errors import StateError
from vega_core.store.atomic import FILE_MODE
from vega_core.store.schema import MIGRATIONS, check_version, migrate

_BUSY_S = 10.0


class JournalFullError(StateError):
    """The disk of the journal is full; what was committed is kept."""


def connect_to_write(path: Path) -> sqlite3.Connection:
    """Connection of the driver: WAL, full synchronisation, newest format.

    Raises:
        StateError: The file is damaged, is no journal, or a newer release wrote it.
        JournalFullError: The disk is full.
    """
    # SQLite gives the files beside it the same mode.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        with typed_errors(path):
            check_version(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            # A log that is soon begun anew does not grow, and growing is what a commit waits for.
            connection.execute("PRAGMA wal_autocheckpoint = 250")
            migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Connection of a reader, which cannot write and never delays the driver.

    Raises:
        StateError: There is no journal, it is damaged or of another format.
    """
    if not path.is_file():
        raise StateError(f"{path} is missing")
    # A folder that cannot be written has no room for the index that readers and writers share,
    # and no writer either.
    alone = not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None)
    try:
        with typed_errors(path):
            version = check_version(connection, path)
        if not version:
            raise StateError(f"{path} is empty: its run has not begun")
        if version < len(MIGRATIONS):
            raise StateError(f"{path} has the old format {version}; resume the run to upgrade it")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def typed_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into typed ones that say what to do."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.DatabaseError as error:
        raise _typed(path, str(error)) from error


def _typed(path: Path, text: str) -> StateError:
    if "full" in text:
        return JournalFullError(
            f"{path} cannot grow: {text}; every committed event is kept:"
            " free some space on this disk and resume the run"
        )
    if "locked" in text:
        return StateError(f"{path} is held by another program: {text}")
    return StateError(f"{path} cannot be used: {text}")
