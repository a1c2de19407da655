"""Functions on symbolic tensors, for what has no parameters; one module a family of operators."""

from __future__ import annotations

from vega_core.nn.functional.activation import identity, log_softmax, relu, softmax
from vega_core.nn.functional.control import control
from vega_core.nn.functional.pooling import average_pool, global_average_pool, max_pool
from vega_core.nn.functional.shaping import concat, flatten, pad, reshape

__all__ = [
    "average_pool",
    "concat",
    "control",
    "flatten",
    "global_average_pool",
    "identity",
    "log_softmax",
    "max_pool",
    "pad",
    "relu",
    "reshape",
    "softmax",
]
