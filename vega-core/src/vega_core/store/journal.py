"""The journal: every event of a run in one order, each durable before the driver goes on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from typing_extensions import Self

from vega_core.errors import StateError
from vega_core.store import rows
from vega_core.store.connection import (
    JournalFullError,
    connect_to_read,
    connect_to_write,
    typed_errors,
)
from vega_core.store.encoding import loads
from vega_core.store.records import Asked, AttemptRow, Entry, JournalEvent, TrialRow

__all__ = ["Journal", "JournalFullError"]

_INSERT = (
    "INSERT INTO events (time, step, kind, trial, budget, attempt, sequence, data, crc)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SAME = (
    "SELECT data FROM events WHERE step = ? AND kind = ? AND trial = ? AND budget = ?"
    " AND attempt = ? AND sequence = ?"
)
_COLUMNS = "id, time, step, kind, trial, budget, attempt, sequence, data, crc"


class Journal:
    """Append-only event table in SQLite (WAL, full synchronisation), written by the driver alone.

    A method that writes returns when the data are on the disk. One event is one transaction;
    ``append_many`` commits several as one. The driver holds ``run.lock`` meanwhile; readers open
    with ``Journal.read`` at any time and never delay it.

    Appending is idempotent: an event equal to a committed one of the same key (step, kind, trial,
    budget, attempt, sequence) is left alone, one that differs is a ``StateError``. So a second
    end of an attempt is refused, and replaying a driver's last action does no harm.

    Example:
        ```python
        with Journal.open(run.journal) as journal:
            journal.append(Asked(step="hpo", proposal=0, trial=0, budget=1.0, config={"lr": 0.1}))
            for entry in journal.events(step="hpo", kinds=("told",)):
                print(entry.id, entry.event)
        ```
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Opens a journal to write; makes a missing one, upgrades an old one.

        Raises:
            StateError: The file is damaged, is no journal, or a newer release wrote it.
            JournalFullError: The disk is full.
        """
        fresh = not path.exists()
        connection = connect_to_write(path)
        journal = cls(connection, path)
        try:
            if not fresh:
                journal.check()
        except BaseException:
            connection.close()
            raise
        return journal

    @classmethod
    def read(cls, path: Path) -> Journal:
        """Opens a journal to read, also while a run is going.

        Raises:
            StateError: There is none, it is damaged, or a newer release wrote it.
        """
        return cls(connect_to_read(path), path)

    def append(self, event: JournalEvent) -> bool:
        """Commits an event.

        Returns:
            Whether it is new.

        Raises:
            StateError: Another event has its key, or the journal is damaged.
            JournalFullError: The disk is full.
        """
        with typed_errors(self.path):
            return self._insert((time.time(), *rows.to_row(event)))

    def append_many(self, events: Iterable[JournalEvent]) -> int:
        """Commits events in one transaction, all or none.

        Returns:
            How many are new.

        Raises:
            StateError: Another event has the key of one, or the journal is damaged.
            JournalFullError: The disk is full.
        """
        now = time.time()
        made = [(now, *rows.to_row(event)) for event in events]
        with typed_errors(self.path):
            try:
                with self._transaction() as connection:
                    connection.executemany(_INSERT, made)
                return len(made)
            except sqlite3.IntegrityError:  # some are there already
                with self._transaction():
                    return sum([self._insert(row) for row in made])

    def events(
        self, *, step: str | None = None, kinds: Iterable[str] = (), after: int = 0
    ) -> Iterator[Entry]:
        """Events in their order.

        Args:
            step: Only of this step.
            kinds: Only of these kinds.
            after: Only with a greater ``Entry.id``, so that a follower reads on where it was.

        Raises:
            StateError: A row is damaged.
        """
        kinds = tuple(kinds)
        where = ["id > ?"] + ["step = ?"] * (step is not None)
        if kinds:
            where.append(f"kind IN ({', '.join('?' * len(kinds))})")
        values = (after, *(() if step is None else (step,)), *kinds)
        query = f"SELECT {_COLUMNS} FROM events WHERE {' AND '.join(where)} ORDER BY id"  # noqa: S608
        with typed_errors(self.path):
            for row in self._connection.execute(query, values):
                yield rows.from_row(row, str(self.path))

    def attempts(self, step: str, trial: int | None = None) -> list[AttemptRow]:
        """Attempts of a step, or of one trial of it, in the order in which they began."""
        query = (
            "SELECT step, trial, budget, attempt, state, reason, seconds, worker, metrics"
            " FROM attempts WHERE step = ? AND trial = coalesce(?, trial) ORDER BY id"
        )
        with typed_errors(self.path):
            found = self._connection.execute(query, (step, trial)).fetchall()
        return [AttemptRow(*row[:-1], *map(_metrics, row[-1:])) for row in found]

    def trials(self, step: str) -> list[TrialRow]:
        """Trials of a step by number, each with the state of its last attempt."""
        asked: dict[int, Asked] = {}
        for entry in self.events(step=step, kinds=(Asked.kind,)):
            event = entry.event
            assert isinstance(event, Asked)  # noqa: S101 - by the query
            if event.trial not in asked or event.budget > asked[event.trial].budget:
                asked[event.trial] = event
        attempts: dict[int, list[AttemptRow]] = {trial: [] for trial in asked}
        for row in self.attempts(step):
            attempts.setdefault(row.trial, []).append(row)
        return [_trial(asked[trial], attempts[trial]) for trial in sorted(asked)]

    def counts(self, step: str) -> dict[str, int]:
        """Number of trials of a step in each state that occurs."""
        counts: dict[str, int] = {}
        for trial in self.trials(step):
            counts[trial.state] = counts.get(trial.state, 0) + 1
        return counts

    def integrity(self) -> list[str]:
        """Faults of the file and of its rows; empty where it is whole."""
        try:
            with typed_errors(self.path):
                found = self._connection.execute("PRAGMA integrity_check(20)").fetchall()
            faults = [str(text) for (text,) in found if text != "ok"]
            for _ in () if faults else self.events():
                pass
        except StateError as error:
            return [str(error)]
        return faults

    def check(self) -> None:
        """Refuses a damaged journal.

        Raises:
            StateError: It is damaged; names the first fault.
        """
        faults = self.integrity()
        if faults:
            raise StateError(f"{self.path} is damaged: {faults[0]}; restore a copy or start anew")

    def close(self) -> None:
        """Closes the file; committed events need no closing."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _insert(self, timed: tuple[Any, ...]) -> bool:
        _, *row = timed
        try:
            self._connection.execute(_INSERT, timed)
        except sqlite3.IntegrityError:
            key, data = tuple(row[:6]), row[6]
            committed = self._connection.execute(_SAME, key).fetchone()
            if committed == (data,):
                return False
            raise StateError(
                f"{self.path} holds another event {key} already: {committed}"
            ) from None
        return True


def _metrics(text: str | None) -> Any:
    return None if text is None else loads(text)


def _trial(asked: Asked, attempts: list[AttemptRow]) -> TrialRow:
    last = [row for row in attempts if row.budget == asked.budget][-1:]
    metrics = [row.metrics for row in attempts if row.metrics is not None]
    return TrialRow(
        step=asked.step,
        trial=asked.trial,
        config=asked.config,
        budget=asked.budget,
        state=last[0].state if last else "queued",
        attempts=len(attempts),
        metrics=metrics[-1] if metrics else None,
        reason=last[0].reason if last else "",
        seconds=sum(row.seconds for row in attempts),
    )
