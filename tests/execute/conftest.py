from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vega_core.execute import Attempt, Ended, Event, Executor, Key, Limits, Report, Started
from vega_core.execute.local import LocalExecutor, LocalOptions

TARGETS = Path(__file__).with_name("targets.py")


class Lab:
    """Makes attempts at the targets beside this file and runs them to their ends."""

    def __init__(self) -> None:
        self._numbers = iter(range(10**9))

    def attempt(
        self,
        name: str,
        payload: dict[str, Any] | None = None,
        *,
        folder: Path | None = None,
        **limits: float,
    ) -> Attempt:
        key = Key("step", next(self._numbers), 1.0, 1)
        return Attempt(key, f"{TARGETS}:{name}", payload or {}, folder, Limits(**limits))

    def events(self, executor: Executor, *attempts: Attempt, within: float = 20) -> list[Event]:
        """Runs attempts and checks what every life must be: start, reports, one end."""
        for attempt in attempts:
            executor.submit(attempt)
        events: list[Event] = []
        until = time.monotonic() + within
        while executor.in_flight:
            assert time.monotonic() < until, f"still in flight: {executor.in_flight}"
            events += executor.poll(1.0)
        check_lives(events, [attempt.key for attempt in attempts])
        return events

    def run(self, executor: Executor, *attempts: Attempt, within: float = 20) -> list[Ended]:
        """Runs attempts and returns their ends in the order of the attempts."""
        events = self.events(executor, *attempts, within=within)
        ends = {event.key: event for event in events if isinstance(event, Ended)}
        return [ends[attempt.key] for attempt in attempts]


def check_lives(events: list[Event], keys: list[Key]) -> None:
    for key in keys:
        life = [type(event) for event in events if event.key == key]
        assert life.count(Ended) == 1
        assert life[-1] is Ended
        assert len(life) == 1 or (life[0] is Started and life.count(Started) == 1)
        assert set(life[1:-1]) <= {Report}


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def local(request):
    """Makes local executors and closes them."""
    made = []

    def make(slots: int = 1, **options: Any) -> LocalExecutor:
        kills = options.pop("kills", None)
        settings = LocalOptions(**{"grace_s": 0.3, **options})
        executor = LocalExecutor(slots, settings, **({"kills": kills} if kills else {}))
        made.append(executor)
        return executor

    yield make
    for executor in made:
        executor.close()


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie, which only waits for its parent, does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def wait_until(true: Callable[[], bool], within: float = 5.0) -> None:
    until = time.monotonic() + within
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def processes():
    """What tests ask about processes."""

    class Processes:
        alive = staticmethod(alive)
        wait_until = staticmethod(wait_until)

        @staticmethod
        def of_session(session: int) -> list[int]:
            found = []
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    try:
                        if os.getsid(int(entry.name)) == session and alive(int(entry.name)):
                            found.append(int(entry.name))
                    except (ProcessLookupError, PermissionError):
                        pass
            return found

    return Processes
