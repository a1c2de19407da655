"""Uses of the rectifiers."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_SHAPE: Final = (-1, 4, 5)

CASES: Final = (
    OperatorCase("relu", ops.Relu(), (_SHAPE,)),
    OperatorCase("relu of integers", ops.Relu(), (_SHAPE,), ("int32",), integers=(-5, 5)),
    OperatorCase("leaky relu", ops.LeakyRelu(), (_SHAPE,)),
    OperatorCase("leaky relu by 0.2", ops.LeakyRelu(0.2), (_SHAPE,)),
    OperatorCase("prelu", ops.PRelu(), (_SHAPE,)),
    OperatorCase("prelu of features", ops.PRelu(), ((-1, 4),)),
    OperatorCase("prelu of pictures", ops.PRelu(), ((-1, 4, 2, 3),)),
    OperatorCase("prelu, shared", ops.PRelu(shared=True), (_SHAPE,)),
    OperatorCase("prelu, shared, of numbers", ops.PRelu(shared=True), ((-1,),)),
    OperatorCase("elu", ops.Elu(), (_SHAPE,)),
    OperatorCase("elu by 0.3", ops.Elu(0.3), (_SHAPE,), low=-60, high=60),
    OperatorCase("selu", ops.Selu(), (_SHAPE,)),
    OperatorCase("selu by other numbers", ops.Selu(1.5, 0.8), (_SHAPE,)),
    OperatorCase("celu", ops.Celu(), (_SHAPE,)),
    OperatorCase("celu by 0.3", ops.Celu(0.3), (_SHAPE,), low=-60, high=60),
)
"""Every attribute, on both sides of 0."""
