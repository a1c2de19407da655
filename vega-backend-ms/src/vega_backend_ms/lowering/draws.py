"""Random numbers that are a function of a key and a place, alike on the host and in a graph.

MindSpore's own generators hold a state, or have no kernel on some devices. So the bits of a draw
are a hash: of a place and the key's lower half, then of that and its upper half, mixed by products,
shifts and xors (after lowbias32 of C. Wellons).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import mindspore as ms
import numpy as np
from mindspore import ops as ms_ops

from vega_core.arrays import Array

_FIRST: Final = 0x7FEB352D
_SECOND: Final = 0x846CA68B
_UNIT: Final = 2.0**-24


def halves(key: int) -> Array:
    """Returns a key of 64 bits as compiled code takes it: two int32, the lower bits first."""
    return np.frombuffer(key.to_bytes(8, "little"), np.int32)


def uniform(shape: Sequence[int], key: int) -> Array:
    """Returns numbers in [0, 1), computed on the host."""
    low, high = halves(key).view(np.uint32)
    bits = np.arange(math.prod(shape), dtype=np.uint32)
    bits ^= low
    bits *= np.uint32(_FIRST)
    bits ^= bits >> 15
    bits ^= high
    bits ^= bits >> 16
    bits *= np.uint32(_FIRST)
    bits ^= bits >> 15
    bits *= np.uint32(_SECOND)
    bits ^= bits >> 16
    drawn = (bits >> 8).astype(np.float32)
    drawn *= np.float32(_UNIT)
    return drawn.reshape(shape)


def normal(shape: Sequence[int], key: int) -> Array:
    """Returns numbers of mean 0 and variance 1 (Box and Muller, 1958), computed on the host."""
    radius, angle = uniform((2, *shape), key)
    return np.asarray(np.sqrt(-2 * np.log(1 - radius)) * np.cos(np.float32(math.tau) * angle))


def compiled_uniform(shape: tuple[int, ...], key: Any) -> Any:
    """Returns what `uniform` does, as a graph; the key is a tensor of its halves."""
    count = 1
    for size in shape:
        count = count * size
    bits = ms_ops.bitwise_xor(ms_ops.cast(ms_ops.arange(count), ms.int32), key[0])
    bits = ms_ops.bitwise_xor(_mixed(bits, _FIRST, 15), key[1])
    bits = ms_ops.bitwise_xor(bits, _shifted(bits, 16))
    bits = _mixed(_mixed(bits, _FIRST, 15), _SECOND - (1 << 32), 16)
    drawn = ms_ops.cast(_shifted(bits, 8), ms.float32)
    return ms_ops.reshape(drawn * _UNIT, shape)


def compiled_normal(shape: tuple[int, ...], key: Any) -> Any:
    """Returns what `normal` does, as a graph; the key is a tensor of its halves."""
    both = compiled_uniform((2, *shape), key)
    radius = ms_ops.sqrt(ms_ops.log(1 - both[0]) * -2.0)
    return radius * ms_ops.cos(both[1] * math.tau)


def _mixed(bits: Any, factor: int, places: int) -> Any:
    bits = bits * ms.Tensor(factor, ms.int32)
    return ms_ops.bitwise_xor(bits, _shifted(bits, places))


def _shifted(bits: Any, places: int) -> Any:
    """Returns int32 shifted to the right as if they had no sign, which few devices have."""
    shifted = ms_ops.bitwise_right_shift(bits, ms.Tensor(places, ms.int32))
    return ms_ops.bitwise_and(shifted, ms.Tensor((1 << 32 - places) - 1, ms.int32))
