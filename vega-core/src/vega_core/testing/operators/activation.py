"""Uses of the activations that are smooth or bounded, and of the softmax."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_SHAPE: Final = (-1, 4, 5)

_SMOOTH: Final = (
    ("sigmoid", ops.Sigmoid()),
    ("hard sigmoid", ops.HardSigmoid()),
    ("hard sigmoid by 0.2", ops.HardSigmoid(0.2, 0.4)),
    ("hard swish", ops.HardSwish()),
    ("swish", ops.Swish()),
    ("gelu", ops.Gelu()),
    ("gelu by tanh", ops.Gelu("tanh")),
    ("tanh", ops.Tanh()),
    ("softplus", ops.Softplus()),
    ("softsign", ops.Softsign()),
    ("mish", ops.Mish()),
)

CASES: Final = (
    *(OperatorCase(name, op, (_SHAPE,), low=-4, high=4) for name, op in _SMOOTH),
    *(OperatorCase(f"{name}, far", op, (_SHAPE,), low=-90, high=90) for name, op in _SMOOTH),
    OperatorCase("identity", ops.Identity(), (_SHAPE,)),
    OperatorCase("identity of integers", ops.Identity(), (_SHAPE,), ("int64",)),
    OperatorCase("softmax", ops.Softmax(), (_SHAPE,)),
    OperatorCase("softmax over channels", ops.Softmax(1), (_SHAPE,)),
    OperatorCase("softmax over the batch", ops.Softmax(0), (_SHAPE,)),
    OperatorCase("log softmax", ops.LogSoftmax(), (_SHAPE,)),
    OperatorCase("log softmax over channels", ops.LogSoftmax(-2), (_SHAPE,)),
    OperatorCase("log softmax, far", ops.LogSoftmax(1), (_SHAPE,), low=-900, high=900),
)
"""Every attribute, near 0 and far from it."""
