"""The worker processes of an executor: made, watched and taken leave of."""

from __future__ import annotations

import math
import selectors
import time
from collections.abc import Callable, Iterable, Mapping

from vega_core.errors import RunFailed
from vega_core.execute.memory import group_resident_mb
from vega_core.execute.options import LocalOptions
from vega_core.execute.process import WorkerProcess
from vega_core.execute.records import Event
from vega_core.execute.states import AttemptState
from vega_core.execute.supervised import Supervised
from vega_core.store.atomic import make_folder

_LOOK_S = 0.1
_START_S = 120.0
_FAILED_STARTS = 3


class Crew:
    """Worker processes behind one selector.

    Args:
        options: Settings.
        environment: Environment of the workers.
        emit: Called with each event of a worker's attempt.
        kills: Counts the kernel's kills for memory.
    """

    def __init__(
        self,
        options: LocalOptions,
        environment: Mapping[str, str],
        emit: Callable[[Event], None],
        kills: Callable[[], int],
    ) -> None:
        self.workers: list[Supervised] = []
        self._options = options
        self._environment = environment
        self._emit = emit
        self._kills = kills
        self._killed = kills()
        self._failed_starts = 0
        self._words = ""  # of the last that did not start
        self._next_look = 0.0
        self._selector = selectors.DefaultSelector()

    @property
    def active(self) -> list[Supervised]:
        """Workers that have an attempt or can be given one, now or when they are ready."""
        return [worker for worker in self.workers if not worker.leaving]

    def watch(self, descriptor: int, act: Callable[[], None]) -> None:
        """Has ``wait`` call a function when a descriptor is readable."""
        self._selector.register(descriptor, selectors.EVENT_READ, act)

    def hire(self) -> None:
        """Starts a worker.

        Raises:
            RunFailed: The last ones have all ended before they were ready; quotes the log.
            OSError: The system has no process or descriptor left.
        """
        if self._failed_starts >= _FAILED_STARTS:
            raise RunFailed(f"worker processes do not start; the last one said: {self._words}")
        slot = min(set(range(len(self.workers) + 1)) - {worker.slot for worker in self.workers})
        folder = self._options.log_folder
        log = make_folder(folder) / f"worker-{slot}.log" if folder else None
        process = WorkerProcess(self._environment, log)
        worker = Supervised(process, slot, time.monotonic(), _START_S)
        self.workers.append(worker)
        self.watch(process.reports.descriptor, lambda: self._read(worker))
        if process.exited is not None:
            self.watch(process.exited, lambda: self._exit(worker))

    def wait(self, until: float) -> None:
        """Waits for the next thing to happen, at most until then, and deals with it."""
        for worker in self.workers:
            self._send_rest(worker)
        wait = min(until, self._deadline()) - time.monotonic()
        for key, _ in self._selector.select(None if wait == math.inf else max(0.0, wait)):
            key.data()
        now = time.monotonic()
        for worker in self.workers:
            worker.check(now, self._options.grace_s)
        if now >= self._next_look:
            self._look(now)

    def dismiss(self, patience_s: float) -> None:
        """Ends all workers, idle ones by a message and the others by force, and closes."""
        start = now = time.monotonic()
        for worker in self.workers:
            if worker.idle:
                worker.leave(now)
        while self.workers and now < start + 2 * patience_s:
            for worker in self.active if now < start + patience_s else self.workers:
                worker.condemn(AttemptState.CANCELLED, "executor closed", now, 0)
            self.wait(now + patience_s / 4)
            now = time.monotonic()
        self._selector.close()

    def _deadline(self) -> float:
        looking = any(w.limit_mb < math.inf or w.process.exited is None for w in self.workers)
        next_look = self._next_look if looking else math.inf
        return min([next_look, *(worker.deadline for worker in self.workers)])

    def _look(self, now: float) -> None:
        """Looks at what tells nothing by itself: memory, and exits on old kernels."""
        self._next_look = now + _LOOK_S
        limited = {w.process.pid: w for w in self.workers if w.limit_mb < math.inf}
        for pid, used in group_resident_mb(limited).items() if limited else ():
            limit = limited[pid].limit_mb
            if used > limit:
                reason = f"resident memory of {used:.0f} MB, over the limit of {limit:g} MB"
                limited[pid].condemn(AttemptState.OOM, reason, now, 0)
        for worker in [w for w in self.workers if w.process.exited is None]:
            self._exit(worker)

    def _send_rest(self, worker: Supervised) -> None:
        """Watches a pipe that is full, and no other, for room."""
        control = worker.process.control
        watched = control in self._selector.get_map()
        if worker.process.pending and not watched:
            act = worker.process.flush
            self._selector.register(control, selectors.EVENT_WRITE, act)
        elif watched and not worker.process.pending:
            self._selector.unregister(control)

    def _read(self, worker: Supervised) -> None:
        if worker not in self.workers:  # it was taken leave of in this very turn
            return
        now = time.monotonic()
        try:
            messages = worker.process.reports.read()
        except ValueError:
            messages = []
            worker.condemn(AttemptState.FAILED, "wrote into the pipe to the driver", now, 0)
        for message in messages:
            if event := worker.take(message, now):
                self._emit(event)
        if worker.ready:
            self._failed_starts = 0
        if worker.process.reports.ended:
            self._forget([worker.process.reports.descriptor])
            worker.hung_up(now)
        elif worker.idle and worker.worn(self._options):
            worker.leave(now)

    def _exit(self, worker: Supervised) -> None:
        process = worker.process
        if worker not in self.workers or not process.has_exited():
            return
        while not process.reports.ended and process.reports.ready():
            self._read(worker)
        self._forget([process.control, process.reports.descriptor, process.exited])
        self.workers.remove(worker)
        if not worker.ready:
            self._failed_starts += 1
            self._words = process.log_tail()
        code = process.reap()
        if ended := worker.exited(code, time.monotonic(), out_of_memory=self._new_kill()):
            self._emit(ended)

    def _forget(self, descriptors: Iterable[int | None]) -> None:
        known = self._selector.get_map()
        for descriptor in descriptors:
            if descriptor is not None and descriptor in known:
                self._selector.unregister(descriptor)

    def _new_kill(self) -> bool:
        before, self._killed = self._killed, self._kills()
        return self._killed > before
