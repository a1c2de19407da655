"""Operator modules, for what has parameters or a control; one module a family of operators."""

from __future__ import annotations

from vega_core.nn.layers.activation import PRelu
from vega_core.nn.layers.convolution import Conv, ConvTranspose
from vega_core.nn.layers.embedding import Embedding
from vega_core.nn.layers.linear import Linear
from vega_core.nn.layers.normalization import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from vega_core.nn.layers.random import Dropout, DropPath

__all__ = [
    "BatchNorm",
    "Conv",
    "ConvTranspose",
    "DropPath",
    "Dropout",
    "Embedding",
    "GroupNorm",
    "InstanceNorm",
    "LayerNorm",
    "Linear",
    "PRelu",
]
