"""Budgets of rungs, and how many trials a total budget pays for."""

from __future__ import annotations

from vega_core.errors import SearchError
from vega_core.search.checks import exact, plain


def ladder(min_budget: float, max_budget: float, eta: int, rate: int = 0) -> tuple[float, ...]:
    """Returns the cumulative budgets ``min_budget * eta**(rate + k)`` up to ``max_budget``.

    Reckoned in exact decimals, so that the top rung of (0.1, 0.9, 3) is 0.9. Whole numbers come as
    ``int``.

    Args:
        min_budget: The least budget, r.
        max_budget: The largest budget, R.
        eta: The factor between rungs.
        rate: How many of the lowest rungs are left out, s.

    Returns:
        K + 1 budgets, K = floor(log_eta(R / r)) - s.

    Raises:
        SearchError: Not even one rung is left.
    """
    largest = exact(max_budget)
    budget = exact(min_budget) * eta**rate
    if budget > largest:
        lowest = (
            f"min_budget * eta**{rate} = {plain(budget)}" if rate else f"min_budget {min_budget}"
        )
        raise SearchError(f"max_budget {max_budget} is below the lowest rung, {lowest}")
    budgets = []
    while budget <= largest:
        budgets.append(plain(budget))
        budget *= eta
    return tuple(budgets)


def afford(total_budget: float, eta: int, lowest: float = 1) -> tuple[int, float]:
    """Returns the number of trials and the largest budget that a total budget pays for.

    In units of the lowest rung: n and R grow by eta as long as ``n * (1 + log_eta n)`` is within
    the total; then n is the largest for which the sum over all rungs k of ``floor(n / eta**k) *
    eta**k`` is. That charges every rung in full, as if no promoted trial continued, and leaves
    asynchronous promotion some room.

    Args:
        total_budget: The sum that may be spent.
        eta: The factor between rungs.
        lowest: Budget of the lowest rung.

    Returns:
        ``(num_samples, max_budget)``: (63, 27) for a total of 243 and eta 3.

    Raises:
        SearchError: It does not pay for one trial at the lowest rung.
    """
    total = exact(total_budget) / exact(lowest)
    if total < 1:
        raise SearchError(f"total_budget {total_budget} does not pay for one trial of {lowest}")
    rungs = 0
    while eta ** (rungs + 1) * (rungs + 2) <= total:
        rungs += 1
    # Between these the cost grows with n, so the largest affordable n can be bisected for.
    low, high = eta**rungs, int(total) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _cost(middle, eta) <= total else (low, middle)
    return low, plain(exact(lowest) * eta**rungs)


def refuse_beside_total(**given: object) -> None:
    """Refuses what a total budget decides; None is not given.

    Raises:
        SearchError: Something is given; names it.
    """
    named = [name for name, value in given.items() if value is not None]
    if named:
        raise SearchError(
            "total_budget decides num_samples and max_budget; give it alone, and not beside "
            f"{' and '.join(named)}"
        )


def _cost(trials: int, eta: int) -> int:
    cost, size, budget = 0, trials, 1
    while size:
        cost += size * budget
        size, budget = size // eta, budget * eta
    return cost
