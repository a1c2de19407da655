"""Uses of padding."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_PICTURES: Final = (-1, 3, 4, 5)

CASES: Final = (
    OperatorCase("pad", ops.Pad((0, 1, 0, 0, 0, 2, 1, 0), 0.5), (_PICTURES,)),
    OperatorCase("pad integers", ops.Pad((0, 1, 0, 2), 7.0), ((-1, 3),), ("int32",)),
    OperatorCase("pad bools", ops.Pad((0, 1, 0, 2), 1.0), ((-1, 3),), ("bool",)),
    OperatorCase("pad by nothing", ops.Pad((0, 0, 0, 0), 7.0), ((-1, 3),)),
    *(
        OperatorCase(f"pad, {mode}{what}", ops.Pad(pads, mode=mode), (shape,), (dtype,))
        for mode in ("reflect", "edge")
        for what, pads, shape, dtype in (
            ("", (0, 0, 2, 1, 0, 0, 3, 0), _PICTURES, "float32"),
            (" 1d", (0, 0, 2, 0, 0, 1), (-1, 3, 4), "float32"),
            (" 3d", (0, 0, 1, 0, 1, 0, 0, 0, 1, 1), (-1, 2, 2, 3, 3), "float32"),
            (" of channels", (0, 2, 0, 1, 0, 1, 1, 0), _PICTURES, "float32"),
            (" of features", (0, 2, 0, 1), (-1, 4), "float32"),
            (" of integers", (0, 0, 1, 0, 0, 2), (-1, 2, 3), "int64"),
        )
    ),
)
"""Every mode, along spatial axes and others."""
