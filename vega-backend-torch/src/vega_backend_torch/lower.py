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
    convolution,
    linear,
    loss,
    normalization,
    pooling,
    random,
    shaping,
)
from vega_backend_torch.lowering.site import Lowering
from vega_core.nn import ops
from vega_core.nn.keys import combined
from vega_core.nn.primitive import Primitive

LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = MappingProxyType(
    {
        **activation.LOWERINGS,
        **arithmetic.LOWERINGS,
        **convolution.LOWERINGS,
        **linear.LOWERINGS,
        **loss.LOWERINGS,
        **normalization.LOWERINGS,
        **pooling.LOWERINGS,
        **random.LOWERINGS,
        **shaping.LOWERINGS,
    }
)
"""Lowering by operator type."""

NAMESPACE: Final[Mapping[str, Any]] = MappingProxyType(
    {"torch": torch, "F": F, "math": math, "masked": random.masked, "combined": combined}
)
"""What the expressions may name."""

FRESH: Final = (ops.Add, ops.BatchNormalization, ops.Conv, ops.Gemm, ops.Sub)
"""Operators whose output is a new array that their own gradient does not read."""
