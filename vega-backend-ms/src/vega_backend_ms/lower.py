"""The operator table: for each primitive operator, the MindSpore expression that computes it.

Expressions become code. So they hold nothing of a graph but variables that the writer has named and
values that went through `literal`. The same text runs eagerly and is what graph mode compiles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import mindspore as ms
from mindspore import ops

from vega_backend_ms.lowering import (
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
    precision,
    random,
    ranking,
    rectifier,
    reduction,
    resampling,
    rounding,
    shaping,
    slicing,
)
from vega_backend_ms.lowering.primitives import KERNELS, MADE
from vega_core.backend.writing import Lowering
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
        **MADE,
        "EXACT": ms.float64,
        "absolute_error": loss.absolute_error,
        "averaged": pooling.averaged,
        "binary_cross_entropy": loss.binary_cross_entropy,
        "bounded": activation.bounded,
        "by_statistics": normalization.by_statistics,
        "clipped": rounding.clipped,
        "combined": combined,
        "counted": counting.counted,
        "cross_entropy": loss.cross_entropy,
        "cut": slicing.cut,
        "deviation": reduction.deviation,
        "drawn": random.drawn,
        "exp": precision.exp,
        "exponential": rectifier.exponential,
        "hard_swish": activation.hard_swish,
        "hot": counting.hot,
        "interpolated": resampling.interpolated,
        "joined": indexing.joined,
        "leaky": rectifier.leaky,
        "log": precision.log,
        "log_softmax": precision.log_softmax,
        "log_sum_exp": precision.log_sum_exp,
        "masked": random.masked,
        "math": math,
        "mish": precision.mish,
        "ms": ms,
        "norm": reduction.norm,
        "of_layer": normalization.of_layer,
        "of_batch": normalization.of_batch,
        "ops": ops,
        "parts": slicing.parts,
        "picked": indexing.picked,
        "signs": arithmetic.signs,
        "smooth_error": loss.smooth_error,
        "softplus": precision.softplus,
        "spread_conv": convolution.spread_conv,
        "squared_error": loss.squared_error,
        "tanh": precision.tanh,
        "top": ranking.top,
        "truncated": arithmetic.truncated,
        "wrapped": indexing.wrapped,
    }
)
"""What the expressions may name."""

ELSEWHERE: Final[Mapping[str, Any]] = MappingProxyType({"EXACT": ms.float32})
"""What stands for these names on devices that are not the CPU."""

COMPILED: Final[Mapping[str, Any]] = MappingProxyType(
    {
        **KERNELS,
        "drawn": random.compiled_drawn,
        "masked": random.compiled_masked,
    }
)
"""What stands for some of these names where graph mode compiles the text.

A random key is then a tensor of two int32, as `vega_backend_ms.lowering.draws.halves` gives it.
"""
