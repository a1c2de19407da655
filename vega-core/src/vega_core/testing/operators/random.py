"""Uses of dropout in which nothing is drawn; what is drawn has but a distribution."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

CASES: Final = (
    OperatorCase(
        "dropout in evaluation", ops.Dropout(), ((-1, 4), ()), mode="eval", differentiable=(0,)
    ),
    OperatorCase(
        "dropout by nothing", ops.Dropout(), ((-1, 4), ()), differentiable=(0,), given=((1, 0.0),)
    ),
)
"""In evaluation, and at a rate of 0."""
