"""The values that a hyperparameter can take, as far as its configuration shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CATEGORIES = {"INTCAT", "FLOATCAT", "STRING", "CATEGORY", "BOOL"}
_WHOLE = {"INT", "INTEXP"}
_REAL = {"FLOAT", "FLOATEXP"}


def outcomes(item: Any) -> tuple[Any, ...]:
    """Returns the categories, or the ends of an interval; nothing for an array type.

    The ends of a real interval are given as fractions, also where they are whole: what is drawn
    between them is none.
    """
    if not isinstance(item, Mapping) or not isinstance(item.get("range"), list):
        return ()
    values = tuple(item["range"])
    kind = "".join(char for char in str(item.get("type")).upper() if char.isalnum())
    if kind in _CATEGORIES:
        return values
    if len(values) != 2 or not all(type(value) in (int, float) for value in values):
        return ()
    if kind in _REAL:
        return tuple(map(float, values))
    return values if kind in _WHOLE else ()
