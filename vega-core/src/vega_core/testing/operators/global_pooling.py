"""Uses of pooling to a given size, and to one."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_PICTURES: Final = (-1, 3, 5, 7)

CASES: Final = (
    *(
        OperatorCase(f"{name}{what}", op, (shape,))
        for name, op in (
            ("global average pool", ops.GlobalAveragePool()),
            ("global max pool", ops.GlobalMaxPool()),
        )
        for what, shape in (
            ("", _PICTURES),
            (" 1d", (-1, 3, 5)),
            (" 3d", (-1, 2, 3, 2, 2)),
            (" 4d", (-1, 2, 3, 2, 1, 2)),
        )
    ),
    *(
        OperatorCase(f"adaptive {name} pool{what}", cls(size), (shape,))
        for name, cls in (("average", ops.AdaptiveAveragePool), ("max", ops.AdaptiveMaxPool))
        for what, size, shape in (
            ("", (2, 3), _PICTURES),
            (" 1d", (3,), (-1, 3, 8)),
            (" 3d", (2, 1, 2), (-1, 2, 3, 2, 4)),
            (" to the same size", (5, 7), _PICTURES),
            (" to a larger size", (8, 7), _PICTURES),
        )
    ),
)
"""Over one to four axes; windows that overlap, and that do not."""
