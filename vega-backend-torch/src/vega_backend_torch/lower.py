"""The operator table: for each primitive operator, the PyTorch expression that computes it.

Expressions become code. So they hold nothing of a graph but variables that `generate` has named and
values that went through `literal`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import torch
import torch.nn.functional as F

from vega_backend_torch.lowering import (
    activation,
    arithmetic,
    control,
    convolution,
    counting,
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
from vega_core.backend.writing import Lowering
from vega_core.nn import ops
from vega_core.nn.keys import combined
from vega_core.nn.primitive import Primitive

LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = MappingProxyType(
    {
        **activation.LOWERINGS,
        **arithmetic.LOWERINGS,
        **control.LOWERINGS,
        **convolution.LOWERINGS,
        **counting.LOWERINGS,
        **global_pooling.LOWERINGS,
        **indexing.LOWERINGS,
        **linear.LOWERINGS,
        **logic.LOWERINGS,
        **loss.LOWERINGS,
        **normalization.LOWERINGS,
        **padding.LOWERINGS,
        **pooling.LOWERINGS,
        **random.LOWERINGS,
        **ranking.LOWERINGS,
        **rectifier.LOWERINGS,
        **reduction.LOWERINGS,
        **resampling.LOWERINGS,
        **rounding.LOWERINGS,
        **shaping.LOWERINGS,
        **slicing.LOWERINGS,
    }
)
"""Lowering by operator type."""

NAMESPACE: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "F": F,
        "combined": combined,
        "drawn": random.drawn,
        "extended": padding.extended,
        "hot": counting.hot,
        "masked": random.masked,
        "math": math,
        "picked": resampling.picked,
        "shares": slicing.shares,
        "top": ranking.top,
        "torch": torch,
        "wrapped": indexing.wrapped,
    }
)
"""What the expressions may name."""

FRESH: Final = (ops.Add, ops.BatchNormalization, ops.Conv, ops.Gemm, ops.Sub)
"""Operators whose output is a new array that their own gradient does not read."""
