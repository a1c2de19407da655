"""Tables of published forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from vega_core.errors import ModelError, suggest

DEEPEST: Final = 10_000
"""Layers beyond which a depth is a mistake; published networks have up to 1,202."""

K = TypeVar("K", bound=str | int)
V = TypeVar("V")
N = TypeVar("N", int, float)


def check_depth(depth: N) -> N:
    """Returns a depth, or a part of one.

    Raises:
        ModelError: It is beyond all networks; building one would only fill the memory.
    """
    if depth > DEEPEST:
        raise ModelError(f"a depth is at most {DEEPEST}, and got {depth:g}")
    return depth


def pick(known: Mapping[K, V], key: K, what: str) -> V:
    """Returns the entry of a table.

    Args:
        known: The table.
        key: What is looked for.
        what: What the keys are, with an article, as the message says it: ``a variant``.

    Raises:
        ModelError: The table has no such entry; names those that it has.
    """
    if key not in known:
        names = ", ".join(map(str, known))
        hint = suggest(str(key), map(str, known))
        raise ModelError(f"{key!r} is not {what}; there are {names}{hint}")
    return known[key]
