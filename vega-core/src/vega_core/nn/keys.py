"""Keys of random draws: functions of the trial's seed, the step and the node alone."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

_MASK: Final = (1 << 64) - 1


def step_key(seed: int, step: int) -> int:
    """Returns 64 well-mixed bits for one step of a trial."""
    return _mixed(_mixed(seed & _MASK) ^ (step & _MASK))


@lru_cache(maxsize=4096)
def node_key(name: str) -> int:
    """Returns 64 bits for a node; the same in every process."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")


def draw_key(seed: int, step: int, node: str) -> int:
    """Returns 64 bits for one node's draw at one step."""
    return combined(step_key(seed, step), node_key(node))


def combined(step: int, node: int) -> int:
    """Returns the draw's key from `step_key` and `node_key`."""
    return _mixed(step ^ node)


def _mixed(value: int) -> int:
    """Returns the finaliser of SplitMix64 (Steele, Lea and Flood, 2014) on the next counter."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
