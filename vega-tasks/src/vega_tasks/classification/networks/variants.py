"""Tables of published forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from vega_core.errors import ModelError, suggest

K = TypeVar("K", bound=str | int)
V = TypeVar("V")


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
