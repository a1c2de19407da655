"""The primitive operators, one module a family.

They carry ONNX's names and semantics where ONNX has them. Authors of networks call the modules
and functions of `vega_core.nn`, which emit these.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vega_core.nn.ops.activation import Identity, LogSoftmax, Relu, Softmax
from vega_core.nn.ops.arithmetic import Add, Constant, Div, Mul, Sub
from vega_core.nn.ops.convolution import Conv
from vega_core.nn.ops.linear import Gemm
from vega_core.nn.ops.loss import SoftmaxCrossEntropyLoss, SquaredError
from vega_core.nn.ops.normalization import BatchNormalization
from vega_core.nn.ops.pooling import AveragePool, GlobalAveragePool, MaxPool
from vega_core.nn.ops.random import Dropout
from vega_core.nn.ops.shaping import Concat, Flatten, Pad, Reshape
from vega_core.nn.primitive import Primitive

OPERATORS: Final[Mapping[str, type[Primitive]]] = MappingProxyType(
    {
        cls.__name__: cls
        for cls in (
            Add,
            AveragePool,
            BatchNormalization,
            Concat,
            Constant,
            Conv,
            Div,
            Dropout,
            Flatten,
            Gemm,
            GlobalAveragePool,
            Identity,
            LogSoftmax,
            MaxPool,
            Mul,
            Pad,
            Relu,
            Reshape,
            Softmax,
            SoftmaxCrossEntropyLoss,
            SquaredError,
            Sub,
        )
    }
)
"""The core's operators by name."""

__all__ = [
    "OPERATORS",
    "Add",
    "AveragePool",
    "BatchNormalization",
    "Concat",
    "Constant",
    "Conv",
    "Div",
    "Dropout",
    "Flatten",
    "Gemm",
    "GlobalAveragePool",
    "Identity",
    "LogSoftmax",
    "MaxPool",
    "Mul",
    "Pad",
    "Relu",
    "Reshape",
    "Softmax",
    "SoftmaxCrossEntropyLoss",
    "SquaredError",
    "Sub",
]
