"""A driver that needs no workers: asks, makes results up, and tells them in a chosen order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vega_core.search import FAILED, Algorithm, Failed, Objectives, Proposal
from vega_core.testing.compare import require

Told = Mapping[str, float] | Failed | None
Result = Callable[[Proposal], Told]
Pick = Callable[[Sequence[Proposal]], int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A proposal came."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Answered:
    """A result was told."""

    proposal_id: int
    metrics: Mapping[str, float] | Failed


Event = Asked | Answered


@dataclass(slots=True)
class Simulation:
    """Runs an algorithm to its end on results that are made up.

    Attributes:
        algorithm: What is run.
        result: Proposal -> metrics, or `FAILED`, or None for a result that never comes.
        workers: How many proposals are evaluated at a time.
        pick: Which of those being evaluated ends next; the first by default.
        max_asks: More asks than this are a failure.
        asks_in_vain: How often to ask again after an `ask` that gave nothing.
        events: What has happened, in order.
    """

    algorithm: Algorithm
    result: Result
    workers: int = 1
    pick: Pick = lambda running: 0  # noqa: ARG005
    max_asks: int = 5000
    asks_in_vain: int = 0
    events: list[Event] = field(default_factory=list)
    asks: int = 0

    @property
    def proposals(self) -> list[Proposal]:
        """Every proposal, in order."""
        return [event.proposal for event in self.events if isinstance(event, Asked)]

    def run(self) -> Simulation:
        """Asks and tells until nothing more comes.

        Raises:
            AssertionError: That takes more than `max_asks` asks.
        """
        running: list[Proposal] = []
        while True:
            while len(running) < self.workers and (proposal := self._ask()) is not None:
                running.append(proposal)
            if not running:
                return self
            proposal = running.pop(self.pick(running))
            metrics = self.result(proposal)
            if metrics is not None:
                self.events.append(Answered(proposal.id, metrics))
                self.algorithm.tell(proposal.id, metrics)

    def _ask(self) -> Proposal | None:
        self.asks += 1
        require(self.asks <= self.max_asks, f"no end after {self.max_asks} asks")
        proposal = self.algorithm.ask()
        if proposal is not None:
            self.events.append(Asked(proposal))
            return proposal
        for _ in range(self.asks_in_vain):
            again = self.algorithm.ask()
            require(again is None, "ask() gave nothing, then something, without a result between")
        return None


def made_up(objectives: Objectives) -> Result:
    """Returns results that differ between configurations and fall with the budget."""

    def result(proposal: Proposal) -> Told:
        return {
            name: _uniform(f"{name}{sorted(proposal.config.items())}") + 1 / proposal.budget
            for name in objectives.names
        }

    return result


def sometimes(usual: Result, other: Told, every: int) -> Result:
    """Returns results of which every n-th is another."""
    return lambda proposal: other if proposal.id % every == every - 1 else usual(proposal)


def always_failed(proposal: Proposal) -> Told:  # noqa: ARG001
    """A result: nothing works."""
    return FAILED


def _uniform(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
