"""MindSpore's kernels with fixed attributes, made once for each set of them where code is eager."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from mindspore import ops

_SIZE: Final = 4096

KERNELS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        name: getattr(ops, name)
        for name in (
            "AdaptiveAvgPool2D",
            "AdaptiveMaxPool2D",
            "Argmax",
            "AvgPool",
            "BatchNorm",
            "Conv2D",
            "Conv2DTranspose",
            "Conv3D",
            "Conv3DTranspose",
            "CumSum",
            "LayerNorm",
            "MatMul",
            "MaxPool",
            "MaxPoolWithArgmaxV2",
            "ReduceMax",
            "ReduceMean",
            "ReduceMin",
            "ReduceProd",
            "ReduceSum",
            "ReverseV2",
        )
    }
)
"""The classes, which compiled code makes kernels of as it is compiled."""

MADE: Final[Mapping[str, Any]] = MappingProxyType(
    {name: lru_cache(_SIZE, typed=True)(kernel) for name, kernel in KERNELS.items()}
)
"""What stands for the classes in eager code: making a kernel takes as long as a small one runs."""
