"""The operator table: for each primitive operator, the TensorFlow function that computes it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vega_backend_tf.lowering import (
    activation,
    arithmetic,
    control,
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
from vega_backend_tf.lowering.site import Lowering
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive

LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = MappingProxyType(
    {
        **activation.LOWERINGS,
        **arithmetic.LOWERINGS,
        **control.LOWERINGS,
        **convolution.LOWERINGS,
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

REDUCED: Final = (ops.Conv, ops.ConvTranspose, ops.Gemm, ops.MatMul)
"""Operators that run in bfloat16 where a training step is of that precision."""
