"""The journal: order, exactly-once keys, durability, readers, damage."""

from __future__ import annotations

import math
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_core.errors import StateError
from vega_core.store import (
    Asked,
    AttemptEnded,
    AttemptStarted,
    Journal,
    JournalFullError,
    Note,
    Reported,
    StepFinished,
    StepStarted,
    Told,
)
from vega_core.store.rows import from_row, to_row
from vega_core.store.schema import MIGRATIONS, migrate

EVENTS = [
    StepStarted(step="hpo", data={"seed": 3}),
    Asked(step="hpo", proposal=0, trial=0, budget=1.0, config={"lr": 0.1, "opt": "SGD"}),
    AttemptStarted(step="hpo", trial=0, budget=1.0, attempt=1, worker=4711),
    Reported(step="hpo", trial=0, budget=1.0, attempt=1, sequence=1, metrics={"loss": 2.0}, at=0.5),
    AttemptEnded(step="hpo", trial=0, budget=1.0, attempt=1, state="ok", metrics={"loss": 1.0}),
    Told(step="hpo", proposal=0, trial=0, budget=1.0, metrics={"loss": 1.0}),
    Note(sequence=1, message="interrupted", data={"signal": 2}),
    StepFinished(step="hpo", data={"best": 0}),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path):
    with Journal.open(path) as made:
        yield made


def ended(trial=0, **fields):
    plain = {"step": "hpo", "trial": trial, "budget": 1.0, "attempt": 1, "state": "ok"}
    return AttemptEnded(**{**plain, **fields})


def test_events_come_back_in_order_and_equal(journal, path):
    for event in EVENTS:
        assert journal.append(event)
    entries = list(journal.events())
    assert [entry.event for entry in entries] == EVENTS
    assert [entry.id for entry in entries] == sorted({entry.id for entry in entries})
    assert abs(entries[0].time - time.time()) < 60
    with Journal.read(path) as reader:
        assert [entry.event for entry in reader.events()] == EVENTS


def test_events_are_selected_by_step_kind_and_place(journal):
    journal.append_many([*EVENTS, StepStarted(step="train")])
    first = next(journal.events())
    assert len(list(journal.events(step="hpo"))) == 7
    assert [entry.event for entry in journal.events(step="train")] == [StepStarted(step="train")]
    assert len(list(journal.events(kinds=("asked", "told"), step="hpo"))) == 2
    assert len(list(journal.events(after=first.id))) == len(EVENTS)


def test_an_equal_event_is_left_alone_and_another_one_refused(journal):
    assert journal.append(ended(metrics={"loss": math.nan}))
    assert not journal.append(ended(metrics={"loss": math.nan}))
    with pytest.raises(StateError, match="another event"):
        journal.append(ended(state="failed"))
    assert journal.append(ended(attempt=2, state="failed"))
    assert journal.append_many([ended(attempt=2, state="failed"), ended(trial=1)]) == 1
    assert len(list(journal.events())) == 3


def test_many_are_all_or_none(journal):
    with pytest.raises(StateError):
        journal.append_many([ended(1), ended(2), replace(ended(1), state="failed")])
    with pytest.raises(TypeError, match="object"):
        journal.append_many([ended(1), ended(2, metrics={"loss": object()})])
    assert list(journal.events()) == []
    assert journal.append_many([ended(1), ended(2)]) == 2


def test_trials_have_the_state_of_their_last_attempt(journal):
    def asked(proposal, trial, budget):
        return Asked(step="hpo", proposal=proposal, trial=trial, budget=budget, config={"n": trial})

    def started(trial, attempt=1, budget=1.0):
        return AttemptStarted(step="hpo", trial=trial, budget=budget, attempt=attempt, worker=9)

    journal.append_many(
        [
            *(asked(trial, trial, 1.0) for trial in range(6)),
            started(0), ended(0, metrics={"loss": 1.0}, seconds=2.0),
            started(1), ended(1, state="lost", reason="killed", seconds=1.0), started(1, 2),
            started(2), ended(2, metrics={"loss": 3.0}),
            asked(6, 2, 3.0), started(2, budget=3.0),
            ended(2, budget=3.0, state="failed", reason="ValueError: x"),
            ended(3, state="cancelled"),
            started(5), ended(5, metrics={"loss": math.inf}), asked(7, 5, 3.0),
        ]
    )  # fmt: skip
    trials = journal.trials("hpo")
    assert [t.state for t in trials] == ["ok", "running", "failed", "cancelled", "queued", "queued"]
    assert [t.attempts for t in trials] == [1, 2, 2, 1, 0, 1]
    assert trials[2].metrics == {"loss": 3.0}
    assert trials[2].budget == 3.0
    assert trials[2].reason == "ValueError: x"
    assert trials[4].metrics is None
    assert trials[5].metrics == {"loss": math.inf}
    assert trials[0].seconds == 2.0
    assert trials[3].config == {"n": 3}
    assert journal.counts("hpo") == {
        "ok": 1,
        "running": 1,
        "failed": 1,
        "cancelled": 1,
        "queued": 2,
    }
    rows = journal.attempts("hpo", 1)
    assert [(row.attempt, row.state, row.worker) for row in rows] == [
        (1, "lost", 9),
        (2, "running", 9),
    ]
    assert len(journal.attempts("hpo")) == 7
    assert journal.trials("other") == []


def test_a_reader_follows_a_run_and_cannot_write(journal, path):
    journal.append(EVENTS[0])
    with Journal.read(path) as reader:
        (entry,) = reader.events()
        journal.append(EVENTS[1])
        (entry,) = reader.events(after=entry.id)
        assert entry.event == EVENTS[1]
        with pytest.raises(StateError, match="readonly"):
            reader.append(EVENTS[2])


def test_a_finished_journal_in_a_read_only_folder_is_readable(journal, path):
    journal.append(EVENTS[0])
    journal.close()
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from vega_core.store import Journal\n"
        "os.setuid(65534)\n"
        "print(len(list(Journal.read(Path(sys.argv[1])).events())))"
    )
    if os.geteuid() == 0:
        for folder in path.parents:
            if folder.stat().st_uid == 0 and folder != folder.parent and "pytest" in str(folder):
                folder.chmod(0o755)
        path.chmod(0o644)
        run = [sys.executable, "-c", code, str(path)]
    else:
        path.parent.chmod(0o500)
        run = [sys.executable, "-c", code.replace("os.setuid(65534)", "pass"), str(path)]
    done = subprocess.run(run, capture_output=True, text=True, cwd="/")
    path.parent.chmod(0o700)
    assert done.stdout == "1\n", done.stderr


def test_files_are_for_the_owner_alone(journal, path):
    journal.append(EVENTS[0])
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_full_disk_keeps_what_is_committed(journal, path):
    pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
    journal._connection.execute(f"PRAGMA max_page_count = {pages + 8}")
    with pytest.raises(JournalFullError, match="free some space on this disk and resume"):
        all(journal.append(ended(trial, reason="x" * 200)) for trial in range(10_000))
    committed = len(list(journal.events()))
    with pytest.raises(JournalFullError):
        journal.append_many([ended(trial, reason="x" * 200) for trial in range(10_000, 20_000)])
    assert committed > 10
    assert len(list(journal.events())) == committed
    assert journal.integrity() == []
    journal._connection.execute("PRAGMA max_page_count = 100000")
    assert journal.append(ended(99_999))


def test_a_corrupt_page_is_found_wherever_it_is(path):
    with Journal.open(path) as journal:
        journal.append_many([ended(trial, reason=f"reason {trial} " * 20) for trial in range(300)])
        whole = list(journal.events())
    data = path.read_bytes()
    rng = random.Random(5)
    found = 0
    for _ in range(40):
        place = rng.randrange(100, len(data) - 64)
        broken = bytearray(data)
        broken[place : place + 64] = rng.randbytes(64)
        path.write_bytes(broken)
        try:
            with Journal.open(path) as journal:
                assert list(journal.events()) == whole  # it hit nothing that is used
        except StateError as error:
            found += str(path) in str(error)
    assert found > 20


def test_a_flipped_bit_inside_a_text_is_found(path):
    with Journal.open(path) as journal:
        journal.append(ended(reason="MARKER"))
    path.write_bytes(path.read_bytes().replace(b"MARKER", b"MARKES"))
    with Journal.read(path) as reader, pytest.raises(StateError, match="event 1 is damaged"):
        list(reader.events())
    with pytest.raises(StateError, match=r"is damaged.*event 1"):
        Journal.open(path)


def test_other_files_are_refused(path):
    path.write_text("this is no database, and it is long enough to have a header")
    with pytest.raises(StateError, match="not a database"):
        Journal.open(path)
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mine (x)")
    other.close()
    for how in (Journal.open, Journal.read):
        with pytest.raises(StateError, match="something else"):
            how(path)
    path.unlink()
    with pytest.raises(StateError, match="missing"):
        Journal.read(path)
    path.touch()
    with pytest.raises(StateError, match="has not begun"):
        Journal.read(path)


def test_a_newer_format_is_refused_untouched(journal, path):
    journal.append(EVENTS[0])
    journal._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    journal.close()
    before = path.read_bytes()
    for how in (Journal.open, Journal.read):
        with pytest.raises(StateError, match=r"newer Vega.*upgrade vega-core"):
            how(path)
    assert path.read_bytes() == before


def test_an_old_format_is_brought_up_to_date_after_a_copy(journal, path):
    journal.append(EVENTS[0])
    journal.close()
    connection = sqlite3.connect(path, isolation_level=None)
    scripts = (*MIGRATIONS, "ALTER TABLE events ADD COLUMN extra TEXT", "broken")
    migrate(connection, path, scripts[:2])
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    assert connection.execute("SELECT extra FROM events").fetchone() == (None,)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, scripts)
    connection.rollback()
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()
    with Journal.read(path.with_name("journal.db.v1")) as copy:
        assert [entry.event for entry in copy.events()] == EVENTS[:1]


def test_acknowledged_events_survive_kill_9(path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from vega_core.store import Journal, Note\n"
        "journal = Journal.open(Path(sys.argv[1]))\n"
        "first = sum(1 for _ in journal.events())\n"
        "for n in range(first, 10**6):\n"
        "    journal.append(Note(sequence=n, message='x' * 100))\n"
        "    print(n, flush=True)\n"
    )
    rng = random.Random(1)
    acknowledged = -1
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        writer.stdout.readline()
        time.sleep(rng.uniform(0.05, 0.2))
        writer.send_signal(signal.SIGKILL)
        lines = writer.stdout.read().splitlines(keepends=True)
        writer.wait()
        writer.stdout.close()
        acknowledged = max([acknowledged, *(int(line) for line in lines if line.endswith(b"\n"))])
        with Journal.open(path) as journal:
            numbers = [entry.event.sequence for entry in journal.events()]
            assert journal.integrity() == []
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > acknowledged >= 0


def test_appends_are_durable_and_fast(journal):
    assert journal._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert journal._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    n = 500
    start, start_cpu = time.perf_counter(), time.process_time()
    for trial in range(n):
        journal.append(ended(trial, metrics={"loss": 0.1}))
    wall, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    print(f"{n / wall:.0f} durable events a second, {1e3 * cpu / n:.2f} ms of our own each")
    assert cpu / n < 0.7e-3  # the rest is the disk's


names = st.text(min_size=1, max_size=8)
metrics = st.dictionaries(names, st.floats() | st.integers(-(2**70), 2**70))


@settings(max_examples=60, deadline=None)
@given(names, st.integers(0, 10**6), st.floats(0, 1e6), metrics, st.text())
def test_rows_hold_every_event(step, trial, budget, metrics, reason):
    event = AttemptEnded(
        step=step, trial=trial, budget=budget, attempt=1, state="ok", metrics=metrics, reason=reason
    )
    row = to_row(event)
    back = from_row((1, 0.0, *row), "here").event
    assert repr(back) == repr(event)
    with pytest.raises(StateError, match="event 1 is damaged"):
        from_row((1, 0.0, *row[:2], row[2] + 1, *row[3:]), "here")
