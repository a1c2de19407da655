"""The table of what is read: for each operator of ONNX what it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vega_core.exchange.onnx.reading.model import Key
from vega_core.exchange.onnx.reading.operators import (
    constant,
    convolution,
    elementwise,
    indexing,
    linear,
    normalization,
    pooling,
    reduction,
    resampling,
    shaping,
    slicing,
)
from vega_core.exchange.onnx.reading.site import Read

READINGS: Final[Mapping[Key, Read]] = MappingProxyType(
    {
        ("", kind): read
        for family in (
            constant,
            convolution,
            elementwise,
            indexing,
            linear,
            normalization,
            pooling,
            reduction,
            resampling,
            shaping,
            slicing,
        )
        for kind, read in family.READINGS.items()
    }
)
"""Reading by domain and name; ONNX's own domain is empty."""
