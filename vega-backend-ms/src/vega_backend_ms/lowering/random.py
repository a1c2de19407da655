"""Operators that draw at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import mindspore as ms
import numpy as np
from mindspore import ops as ms_ops

from vega_backend_ms.lowering.draws import compiled_normal, compiled_uniform, normal, uniform
from vega_backend_ms.lowering.types import element_type
from vega_core.backend.writing import Lowering, Site, literal
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axes_of


def dropout(op: ops.Dropout, site: Site) -> str:
    """Lowers Dropout; in evaluation it is its input."""
    x, shared = site.inputs[0], literal(axes_of(op.shared, site.specs[0].shape))
    if op.mode != "train":
        return x
    rate = site.numbers[1] if site.numbers else None
    return f"masked({x}, {rate or site.inputs[1]}, {site.key}, {shared})"


def random(op: ops.Random, site: Site) -> str:
    """Lowers Random; the batch size is read from the input."""
    (x,), (result,) = site.inputs, op.infer(*site.specs)
    sizes = [literal(n) if n > 0 else f"{literal(-n)} * {x}.shape[0]" for n in op.shape]
    shape = "".join(f"{size}, " for size in sizes)
    kind, dtype = literal(op.distribution), element_type(result.dtype)
    return f"drawn(({shape}), {kind}, {site.key}, {dtype})"


def masked(x: Any, rate: Any, key: int, shared: Sequence[int]) -> Any:
    """Returns x with elements zeroed at random and the others scaled up; see `ops.Dropout`.

    Raises:
        ModelError: The rate is no probability.
    """
    rate = float(rate)
    if not 0 <= rate <= 1:
        raise ModelError(f"a dropout rate is in [0, 1], and got {rate}")
    if rate == 0:
        return x
    shape = [1 if axis in shared else size for axis, size in enumerate(x.shape)]
    # A rate of 1 keeps nothing, so that any scale does.
    scale = np.float32(1 / max(1 - rate, 1e-9))
    return x * ms.Tensor((uniform(shape, key) >= np.float32(rate)) * scale, x.dtype)


def drawn(shape: Sequence[int], distribution: str, key: int, dtype: Any) -> Any:
    """Returns draws of a distribution; see `ops.Random`."""
    draw = uniform if distribution == "uniform" else normal
    return ms.Tensor(draw(shape, key), dtype)


def compiled_masked(x: Any, rate: Any, key: Any, shared: tuple[int, ...]) -> Any:
    """Returns what `masked` does, as a graph; the key is a tensor, and the rate may be one."""
    shape = x.shape
    for axis in shared:
        shape = (*shape[:axis], 1, *shape[axis + 1 :])
    kept = ms_ops.cast(compiled_uniform(shape, key) >= rate, ms.float32)
    scale = 1 / ms_ops.clamp(1 - rate * ms_ops.ones((), ms.float32), 1e-9, None)
    return x * ms_ops.cast(kept * scale, x.dtype)


def compiled_drawn(shape: tuple[int, ...], distribution: str, key: Any, dtype: Any) -> Any:
    """Returns what `drawn` does, as a graph; the key is a tensor."""
    if distribution == "uniform":
        return ms_ops.cast(compiled_uniform(shape, key), dtype)
    return ms_ops.cast(compiled_normal(shape, key), dtype)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Dropout: dropout,
    ops.Random: random,
}
