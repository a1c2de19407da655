"""Uses of every primitive operator, as data: what a backend is held against the reference on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vega_core.testing.operators import (
    activation,
    arithmetic,
    convolution,
    global_pooling,
    indexing,
    linear,
    logic,
    loss,
    normalization,
    padding,
    pooling,
    random,
    ranking,
    rectifier,
    reduction,
    resampling,
    rounding,
    shaping,
    slicing,
)
from vega_core.testing.operators.case import OperatorCase

CASES: Final[Mapping[str, OperatorCase]] = MappingProxyType(
    {
        case.name: case
        for cases in (
            activation.CASES,
            arithmetic.CASES,
            convolution.CASES,
            global_pooling.CASES,
            indexing.CASES,
            linear.CASES,
            logic.CASES,
            loss.CASES,
            normalization.CASES,
            padding.CASES,
            pooling.CASES,
            random.CASES,
            ranking.CASES,
            rectifier.CASES,
            reduction.CASES,
            resampling.CASES,
            rounding.CASES,
            shaping.CASES,
            slicing.CASES,
        )
        for case in cases
    }
)
"""All cases by name."""

__all__ = ["CASES", "OperatorCase"]
