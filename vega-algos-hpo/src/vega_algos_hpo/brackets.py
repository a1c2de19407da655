"""The brackets of successive halving and Hyperband: how many trials at which budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle

from vega_algos_hpo.ladder import ladder
from vega_core.errors import SearchError
from vega_core.search import RungPlan
from vega_core.search.checks import exact


@dataclass(frozen=True)
class Bracket:
    """One run of successive halving.

    Attributes:
        sizes: Trials of each rung, falling.
        budgets: Cumulative budget of each rung, rising.
    """

    sizes: tuple[int, ...]
    budgets: tuple[float, ...]

    @classmethod
    def of(cls, size: int, budgets: Sequence[float], eta: int) -> Bracket:
        """Returns a bracket of which rung k has ``floor(size / eta**k)`` trials, if it has any."""
        sizes = tuple(size // eta**level for level in range(len(budgets)) if size // eta**level)
        return cls(sizes, tuple(budgets[: len(sizes)]))

    @property
    def cost(self) -> Fraction:
        """The sum of all rungs' budgets, each trial charged in full at each rung."""
        pairs = zip(self.sizes, self.budgets, strict=True)
        return sum((size * exact(budget) for size, budget in pairs), Fraction(0))

    def plan(self, number: int) -> tuple[RungPlan, ...]:
        """Returns its rungs as ``vega check`` prints them."""
        pairs = enumerate(zip(self.sizes, self.budgets, strict=True))
        return tuple(
            RungPlan(level, budget, size, size, bracket=number) for level, (size, budget) in pairs
        )


def hyperband_brackets(min_budget: float, max_budget: float, eta: int) -> tuple[Bracket, ...]:
    """Returns the brackets of Hyperband, the most exploring one first.

    With ``s_max = floor(log_eta(R / r))``, bracket s begins with ``ceil((s_max + 1) * eta**s / (s +
    1))`` trials at ``r * eta**(s_max - s)``. (Li et al., 2018, algorithm 1, whose rungs are counted
    from R down; where R / r is no power of eta, ours go up from r.)

    Raises:
        SearchError: Not even one rung is left.
    """
    budgets = ladder(min_budget, max_budget, eta)
    count = len(budgets)
    return tuple(
        Bracket.of(-(-count * eta**s // (s + 1)), budgets[count - 1 - s :], eta)
        for s in reversed(range(count))
    )


def repeated(brackets: Sequence[Bracket], total_budget: float) -> tuple[Bracket, ...]:
    """Returns as many brackets, in order and over again, as a total budget pays for.

    Args:
        brackets: One round of them.
        total_budget: The sum that may be spent, a trial charged in full at each rung.

    Raises:
        SearchError: It does not pay for the first bracket.
    """
    left = exact(total_budget)
    found: list[Bracket] = []
    for bracket in cycle(brackets):
        left -= bracket.cost
        if left < 0:
            break
        found.append(bracket)
    if not found:
        first = brackets[0]
        raise SearchError(
            f"total_budget {total_budget} does not pay for one bracket, which costs "
            f"{float(first.cost):g} from {first.budgets[0]:g} on; give more, or a smaller "
            "max_budget"
        )
    return tuple(found)
