"""The contract of search algorithms: ask and tell."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from vega_core.errors import SearchError, SpaceError
from vega_core.search.archive import Archive, Trial
from vega_core.search.membership import membership
from vega_core.search.plan import Plan
from vega_core.search.problem import Problem
from vega_core.search.proposal import (
    FAILED,
    FAILURE,
    REJECTION,
    Config,
    Continue,
    Failed,
    Outcome,
    Proposal,
    Suggestion,
)
from vega_core.search.screen import Screen


class Algorithm(ABC):
    """Proposes configurations and learns from their results.

    The driver calls `ask` whenever a worker is free and `tell` whenever a result comes, in any
    order and from one thread; a result may be late, and an evaluation that is never told is
    treated as still running. Both methods count and check; an author writes `_ask`, `_tell` and
    `_done`, and parameters as keyword arguments of ``__init__(self, problem, *, ...)``, which
    calls ``super().__init__(problem)`` and checks them.

    What `_ask` suggests must be a function of the problem, the parameters and the sequence of
    suggestions and results so far, because a run resumes by replaying them: all random draws come
    from `rng`, there is no clock, and an `_ask` that returns None leaves no trace.

    Attributes:
        problem: Space, objectives, constraints and seed.
        rng: The generator for all of the algorithm's draws, seeded by the problem.
        rejection_bound: How many configurations in a row the constraints may reject before that is
            an error. None for an algorithm that ends by itself however many are rejected.
    """

    rejection_bound: ClassVar[int | None] = 1000

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.rng = np.random.default_rng(problem.seed)
        self._archive = Archive(problem.objectives)
        self._outstanding: dict[int, Proposal] = {}
        self._check = membership(problem.space)
        self._screen = Screen(problem, type(self).rejection_bound)
        self._asked = 0
        self._ok = 0
        self._failed = 0

    # What an author writes.

    @abstractmethod
    def _ask(self) -> Suggestion | None:
        """Returns what to evaluate next, or None if there is nothing until a result comes, or ever.

        Called by `ask`, again at once after a suggestion that the constraints rejected. A
        suggestion without a trial makes a new one, of the number `next_trial`.
        """

    @abstractmethod
    def _tell(self, proposal: Proposal, outcome: Outcome) -> None:
        """Learns what became of a proposal.

        Called once a proposal, in any order, before the next `_ask`. A rejected proposal comes
        straight after its suggestion; its trial was not made, and its numbers are given again to
        the next.

        Args:
            proposal: What `ask` returned, or would have.
            outcome: Objectives to be minimised, or that there are none.
        """

    @abstractmethod
    def _done(self) -> bool:
        """Whether nothing more will be suggested; asked only when no proposal is outstanding."""

    def plan(self) -> Plan | None:
        """Returns how many trials at which budgets to expect, or None if that cannot be said."""
        return None

    # What the driver calls.

    def ask(self) -> Proposal | None:
        """Returns the next evaluation; None if there is none until a result comes, or `done`.

        Raises:
            SearchError: The constraints rejected too many configurations in a row, or the algorithm
                suggested something that is not valid.
        """
        while not self.done:
            suggestion = self._ask()
            if suggestion is None:
                if not self._outstanding and not self._done():
                    raise self._error("suggests nothing, waits for nothing and is not done")
                return None
            proposal = self._propose(suggestion)
            if suggestion.config is None or self._screen.passes(suggestion.config):
                self._accept(proposal, suggestion.config)
                return proposal
            self._tell(proposal, REJECTION)
        if self._screen.rejected and not self._archive:
            raise self._screen.error("(all there are)")
        return None

    def tell(self, proposal_id: int, metrics: Mapping[str, float] | Failed) -> None:
        """Gives the result of an evaluation.

        Args:
            proposal_id: The proposal's ``id``.
            metrics: Metric -> value, with every objective; or `FAILED`. An objective that is not
                finite makes the evaluation a failed one.

        Raises:
            SearchError: The id is unknown or told already, or an objective is missing or no number.
                Nothing has changed then.
        """
        proposal = self._outstanding.get(proposal_id)
        if proposal is None:
            raise self._unknown(proposal_id)
        values = None if metrics is FAILED else self.problem.objectives.values(metrics)
        del self._outstanding[proposal_id]
        if values is None or metrics is FAILED:
            self._failed += 1
            self._tell(proposal, FAILURE)
            return
        self._ok += 1
        self._archive.record(proposal.trial, proposal.budget, values)
        self._tell(proposal, Outcome("ok", values, metrics))

    @property
    def done(self) -> bool:
        """Whether every proposal has been told and no other will come."""
        return not self._outstanding and self._done()

    def best(self) -> Trial | None:
        """Returns the best trial, each counted at its largest budget; None if none has succeeded.

        Raises:
            SearchError: There are several objectives.
        """
        if len(self.problem.objectives) > 1:
            names = ", ".join(self.problem.objectives.names)
            raise SearchError(f"several objectives ({names}) have no single best; use pareto()")
        return self._archive.best()

    def pareto(self) -> list[Trial]:
        """Returns the trials that no other dominates, each counted at its largest budget."""
        return self._archive.pareto()

    @property
    def trials(self) -> Sequence[Trial]:
        """Every trial so far, by number."""
        return self._archive

    @property
    def outstanding(self) -> Mapping[int, Proposal]:
        """The proposals that have not been told, by id."""
        return self._outstanding

    @property
    def next_trial(self) -> int:
        """The number that the next new trial gets."""
        return len(self._archive)

    @property
    def counts(self) -> dict[str, int]:
        """Evaluations that are ok, failed and outstanding, and configurations rejected."""
        return {
            "ok": self._ok,
            "failed": self._failed,
            "outstanding": len(self._outstanding),
            "rejected": sum(self._screen.rejected.values()),
        }

    @property
    def rejected(self) -> Counter[str]:
        """Constraint -> how many configurations it has rejected."""
        return Counter(self._screen.rejected)

    # What the two share.

    def _propose(self, suggestion: Suggestion) -> Proposal:
        budget = self.problem.budget if suggestion.budget is None else suggestion.budget
        if not 0 < budget < math.inf:
            raise self._error(f"suggests a budget of {budget!r}")
        if isinstance(suggestion.start, Continue) and not self._exists(suggestion.start.trial):
            raise self._error(f"continues trial {suggestion.start.trial}, which does not exist")
        trial = self.next_trial if suggestion.trial is None else suggestion.trial
        config = self._configuration(suggestion)
        if self._exists(trial) and budget <= self._archive.asked(trial):
            raise self._error(f"suggests trial {trial} again at the budget {budget:g}")
        return Proposal(self._asked, trial, dict(config), budget, suggestion.start)

    def _configuration(self, suggestion: Suggestion) -> Config:
        trial, config = suggestion.trial, suggestion.config
        if (trial is None) == (config is None):
            raise self._error("must suggest either a configuration or a trial that exists")
        if config is None:
            if trial is None or not self._exists(trial):
                raise self._error(f"suggests trial {trial}, which does not exist")
            return self._archive.config(trial)
        try:
            self._check(config)
        except SpaceError as error:
            raise self._error(f"suggests a configuration outside of the space: {error}") from error
        return config

    def _accept(self, proposal: Proposal, new: Config | None) -> None:
        if new is not None:
            self._archive.open(new)
        self._archive.ask(proposal.trial, proposal.budget)
        self._outstanding[proposal.id] = proposal
        self._asked += 1

    def _exists(self, trial: int) -> bool:
        return 0 <= trial < len(self._archive)

    def _error(self, what: str) -> SearchError:
        return SearchError(f"{type(self).__name__} {what}; this is an error in the algorithm")

    def _unknown(self, proposal_id: object) -> SearchError:
        if isinstance(proposal_id, int) and 0 <= proposal_id < self._asked:
            return SearchError(f"proposal {proposal_id} has been told already")
        return SearchError(
            f"no proposal has the id {proposal_id!r}; "
            f"{self._asked} have been asked for, counted from 0"
        )
