"""Search algorithms: the ask/tell contract, objectives, constraints and Pareto ranking."""

from vega_core.search.archive import Trial
from vega_core.search.constraints import Constraint, parse_constraints
from vega_core.search.construct import algorithm
from vega_core.search.contract import Algorithm
from vega_core.search.objectives import Objectives
from vega_core.search.pareto import (
    by_crowding,
    crowding_distance,
    fronts,
    non_dominated,
    pareto_ranks,
    selection_order,
)
from vega_core.search.plan import Plan, RungPlan
from vega_core.search.problem import Problem
from vega_core.search.proposal import (
    FAILED,
    Continue,
    Failed,
    Fresh,
    Inherit,
    Outcome,
    Proposal,
    Shared,
    Start,
    Suggestion,
)
from vega_core.search.sampler import Sampler
from vega_core.search.seeds import trial_seed

__all__ = [
    "FAILED",
    "Algorithm",
    "Constraint",
    "Continue",
    "Failed",
    "Fresh",
    "Inherit",
    "Objectives",
    "Outcome",
    "Plan",
    "Problem",
    "Proposal",
    "RungPlan",
    "Sampler",
    "Shared",
    "Start",
    "Suggestion",
    "Trial",
    "algorithm",
    "by_crowding",
    "crowding_distance",
    "fronts",
    "non_dominated",
    "pareto_ranks",
    "parse_constraints",
    "selection_order",
    "trial_seed",
]
