"""Uses of what changes the resolution, and the order of channels."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_SIZES: Final = (
    ("", (7, 9), (-1, 3, 4, 5)),
    (", smaller", (3, 2), (-1, 3, 6, 5)),
    (" by 2", (8, 10), (-1, 3, 4, 5)),
    (" to one", (1, 1), (-1, 3, 4, 5)),
    (" from one", (2, 3), (-1, 3, 1, 1)),
    (" 1d", (7,), (-1, 2, 4)),
    (" 3d", (3, 2, 5), (-1, 2, 2, 3, 3)),
)

CASES: Final = (
    *(
        OperatorCase(f"resize, {name}{what}", ops.Resize(size, *options), (shape,))
        for name, options in (
            ("nearest", ("nearest",)),
            ("linear", ("linear",)),
            ("linear, corners aligned", ("linear", True)),
        )
        for what, size, shape in _SIZES
    ),
    # Sizes at which places that are scaled in float32 fall on the element before.
    OperatorCase("resize, nearest, exact", ops.Resize((82, 7)), ((-1, 1, 2, 3),)),
    OperatorCase("pixel shuffle", ops.DepthToSpace(2), ((-1, 8, 2, 3),)),
    OperatorCase("pixel shuffle by 3", ops.DepthToSpace(3), ((-1, 9, 2, 1),)),
    OperatorCase("pixel unshuffle", ops.SpaceToDepth(2), ((-1, 2, 4, 6),)),
    OperatorCase("channel shuffle", ops.ChannelShuffle(3), ((-1, 6, 2, 3),)),
    OperatorCase("channel shuffle 1d", ops.ChannelShuffle(2), ((-1, 6, 3),)),
    OperatorCase("channel shuffle 0d", ops.ChannelShuffle(2), ((-1, 6),)),
)
"""Every mode to larger and smaller sizes, over one, two and three axes."""
