"""Checks a configuration against the constraints and counts what is rejected."""

from __future__ import annotations

from collections import Counter

from vega_core.errors import ModelError, SearchError
from vega_core.search.problem import Problem
from vega_core.search.proposal import Config


class Screen:
    """Lets configurations pass that keep the constraints.

    Args:
        problem: Constraints and analysis.
        bound: How many rejections in a row are an error; None for no bound.

    Attributes:
        rejected: Constraint -> how many configurations it has rejected in all.
    """

    __slots__ = ("_bound", "_in_a_row", "_last_failure", "_problem", "rejected")

    def __init__(self, problem: Problem, bound: int | None) -> None:
        self._problem = problem
        self._bound = bound
        self._in_a_row: Counter[str] = Counter()
        self._last_failure = ""
        self.rejected: Counter[str] = Counter()

    def passes(self, config: Config) -> bool:
        """Whether the configuration keeps every constraint.

        Raises:
            SearchError: This is the last of too many rejections in a row.
        """
        reason = self._reason(config)
        if reason is None:
            self._in_a_row.clear()
            return True
        self.rejected[reason] += 1
        self._in_a_row[reason] += 1
        if self._bound is not None and self._in_a_row.total() >= self._bound:
            raise self.error("in a row")
        return False

    def error(self, which: str) -> SearchError:
        """Returns an error that says how many configurations were rejected by which constraint."""
        by = ", ".join(f"{count} by {reason}" for reason, count in self._in_a_row.most_common())
        last = f" (the last: {self._last_failure})" if self._last_failure else ""
        return SearchError(
            f"{self._in_a_row.total()} configurations {which} were rejected: {by}{last}; "
            "loosen the constraint or narrow the search space"
        )

    def _reason(self, config: Config) -> str | None:
        problem = self._problem
        if not problem.constraints or problem.analyse is None:
            return None
        try:
            metrics = problem.analyse(dict(config))
        except ModelError as failure:
            self._last_failure = str(failure)
            return "a model that cannot be built"
        return next((str(c) for c in problem.constraints if not c.holds(metrics)), None)
