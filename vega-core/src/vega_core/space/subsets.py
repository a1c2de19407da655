"""Subsets of positions, drawn by random keys."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from vega_core.errors import SpaceError
from vega_core.space.param_type import Mask, Units


def largest(keys: Units, count: int) -> Mask:
    """Returns the mask of the ``count`` largest keys of each column; the first among equals.

    With independent uniform keys every subset of that size is equally likely, and a small move
    of the keys makes a small change of the subset.

    Args:
        keys: Of shape ``(length, n)``.
        count: The size of the subset.

    Returns:
        Of shape ``(n, length)``.
    """
    mask = np.zeros(keys.shape, dtype=np.bool_)
    first = np.argsort(-keys, axis=0, kind="stable")[:count]
    np.put_along_axis(mask, first, True, axis=0)
    return np.ascontiguousarray(mask.T)


def keys_of(mask: Mask) -> Units:
    """Returns keys of which ``largest`` makes the mask again."""
    return np.where(mask.T, 0.75, 0.25)


def exchange(mask: Mask, rng: np.random.Generator) -> Mask:
    """Returns subsets, one member of each exchanged for an outsider; all have one size."""
    if mask.all() or not mask.any():
        return mask
    order = rng.random(mask.shape)
    rows = np.arange(len(mask))
    moved: Mask = mask.copy()
    moved[rows, np.where(mask, order, -1.0).argmax(axis=1)] = False
    moved[rows, np.where(mask, -1.0, order).argmax(axis=1)] = True
    return moved


def subsets(length: int, count: int) -> Mask:
    """Returns all masks of ``count`` among ``length``, in lexicographic order of positions."""
    mask = np.zeros((math.comb(length, count), length), dtype=np.bool_)
    for row, chosen in enumerate(itertools.combinations(range(length), count)):
        mask[row, list(chosen)] = True
    return mask


def read_bits(value: Any, length: int) -> Mask:
    """Returns the mask of a list of 0 and 1.

    Raises:
        SpaceError: Not a list of that length, or another number in it.
    """
    bits = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(bits, (list, tuple)) or any(bit not in (0, 1) for bit in bits):
        raise SpaceError(f"{value!r} is not a list of 0 and 1")
    if len(bits) != length:
        raise SpaceError(f"{list(bits)!r} has {len(bits)} bits, not {length}")
    return np.array(bits, dtype=np.bool_)
