"""Uses of normalizations."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_PICTURES: Final = (-1, 6, 4, 3)

CASES: Final = (
    OperatorCase("batch norm", ops.BatchNormalization(), (_PICTURES,)),
    OperatorCase("batch norm in evaluation", ops.BatchNormalization(), (_PICTURES,), mode="eval"),
    OperatorCase("batch norm, mode fixed", ops.BatchNormalization(mode="eval"), (_PICTURES,)),
    OperatorCase("batch norm 0d", ops.BatchNormalization(1e-3, 0.3), ((-1, 3),), batch=5),
    OperatorCase("batch norm 1d", ops.BatchNormalization(), ((-1, 2, 4),)),
    OperatorCase("batch norm, not affine", ops.BatchNormalization(affine=False), (_PICTURES,)),
    OperatorCase("layer norm", ops.LayerNormalization(), ((-1, 3, 5),)),
    OperatorCase("layer norm from axis 1", ops.LayerNormalization(1, 1e-3), ((-1, 3, 4, 2),)),
    OperatorCase("layer norm, not affine", ops.LayerNormalization(affine=False), ((-1, 5),)),
    OperatorCase("group norm", ops.GroupNormalization(3), (_PICTURES,)),
    OperatorCase("group norm of all channels", ops.GroupNormalization(1, 1e-3), ((-1, 6, 4),)),
    OperatorCase("group norm 0d", ops.GroupNormalization(2), ((-1, 6),)),
    OperatorCase("group norm, not affine", ops.GroupNormalization(2, affine=False), ((-1, 4, 3),)),
    OperatorCase("instance norm", ops.InstanceNormalization(1e-3), (_PICTURES,)),
    OperatorCase("instance norm 1d", ops.InstanceNormalization(), ((-1, 2, 5),)),
    OperatorCase(
        "instance norm, not affine", ops.InstanceNormalization(affine=False), ((-1, 2, 2, 3, 2),)
    ),
)
"""Every normalization with and without scale and shift."""
