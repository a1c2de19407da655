"""The primitive operators, one module a family.

They carry ONNX's names and semantics where ONNX has them. Authors of networks call the modules
and functions of `vega_core.nn`, which emit these.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vega_core.nn.ops.activation import (
    Gelu,
    HardSigmoid,
    HardSwish,
    Identity,
    LogSoftmax,
    Mish,
    Sigmoid,
    Softmax,
    Softplus,
    Softsign,
    Swish,
    Tanh,
)
from vega_core.nn.ops.arithmetic import (
    Abs,
    Add,
    Cos,
    Div,
    Erf,
    Exp,
    Log,
    Max,
    Min,
    Mul,
    Neg,
    Pow,
    Reciprocal,
    Sign,
    Sin,
    Sqrt,
    Sub,
)
from vega_core.nn.ops.constant import Constant
from vega_core.nn.ops.control import ByMode, Choice, Parameter, StopGradient
from vega_core.nn.ops.convolution import Conv, ConvTranspose
from vega_core.nn.ops.counting import OneHot, Range
from vega_core.nn.ops.global_pooling import (
    AdaptiveAveragePool,
    AdaptiveMaxPool,
    GlobalAveragePool,
    GlobalMaxPool,
)
from vega_core.nn.ops.indexing import Embedding, Gather, GatherElements, ScatterElements
from vega_core.nn.ops.linear import Gemm, MatMul
from vega_core.nn.ops.logic import (
    And,
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Not,
    Or,
    Where,
    Xor,
)
from vega_core.nn.ops.loss import (
    AbsoluteError,
    BinaryCrossEntropyLoss,
    SmoothL1,
    SoftmaxCrossEntropyLoss,
    SquaredError,
)
from vega_core.nn.ops.normalization import (
    BatchNormalization,
    GroupNormalization,
    InstanceNormalization,
    LayerNormalization,
)
from vega_core.nn.ops.padding import Pad
from vega_core.nn.ops.pooling import AveragePool, MaxPool
from vega_core.nn.ops.random import Dropout, Random
from vega_core.nn.ops.ranking import ArgMax, ArgMin, CumSum, TopK
from vega_core.nn.ops.rectifier import Celu, Elu, LeakyRelu, PRelu, Relu, Selu
from vega_core.nn.ops.reduction import (
    ReduceL2,
    ReduceLogSumExp,
    ReduceMax,
    ReduceMean,
    ReduceMin,
    ReduceProd,
    ReduceStd,
    ReduceSum,
)
from vega_core.nn.ops.resampling import ChannelShuffle, DepthToSpace, Resize, SpaceToDepth
from vega_core.nn.ops.rounding import Cast, Ceil, Clip, Floor, Round
from vega_core.nn.ops.shaping import Expand, Flatten, Reshape, Squeeze, Transpose, Unsqueeze
from vega_core.nn.ops.slicing import Concat, Slice, Split
from vega_core.nn.primitive import Primitive

__all__ = [
    "OPERATORS",
    "Abs",
    "AbsoluteError",
    "AdaptiveAveragePool",
    "AdaptiveMaxPool",
    "Add",
    "And",
    "ArgMax",
    "ArgMin",
    "AveragePool",
    "BatchNormalization",
    "BinaryCrossEntropyLoss",
    "ByMode",
    "Cast",
    "Ceil",
    "Celu",
    "ChannelShuffle",
    "Choice",
    "Clip",
    "Concat",
    "Constant",
    "Conv",
    "ConvTranspose",
    "Cos",
    "CumSum",
    "DepthToSpace",
    "Div",
    "Dropout",
    "Elu",
    "Embedding",
    "Equal",
    "Erf",
    "Exp",
    "Expand",
    "Flatten",
    "Floor",
    "Gather",
    "GatherElements",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Greater",
    "GreaterOrEqual",
    "GroupNormalization",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "InstanceNormalization",
    "LayerNormalization",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "LogSoftmax",
    "MatMul",
    "Max",
    "MaxPool",
    "Min",
    "Mish",
    "Mul",
    "Neg",
    "Not",
    "OneHot",
    "Or",
    "PRelu",
    "Pad",
    "Parameter",
    "Pow",
    "Random",
    "Range",
    "Reciprocal",
    "ReduceL2",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceStd",
    "ReduceSum",
    "Relu",
    "Reshape",
    "Resize",
    "Round",
    "ScatterElements",
    "Selu",
    "Sigmoid",
    "Sign",
    "Sin",
    "Slice",
    "SmoothL1",
    "Softmax",
    "SoftmaxCrossEntropyLoss",
    "Softplus",
    "Softsign",
    "SpaceToDepth",
    "Split",
    "Sqrt",
    "SquaredError",
    "Squeeze",
    "StopGradient",
    "Sub",
    "Swish",
    "Tanh",
    "TopK",
    "Transpose",
    "Unsqueeze",
    "Where",
    "Xor",
]

OPERATORS: Final[Mapping[str, type[Primitive]]] = MappingProxyType(
    {name: globals()[name] for name in __all__ if name != "OPERATORS"}
)
"""The core's operators by name."""
