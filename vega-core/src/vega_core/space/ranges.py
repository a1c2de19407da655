"""Reading of ``range`` as people write it: lists, Python tuples, and YAML's ``(1,2)``."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from vega_core.errors import SpaceError

_RANGE = ("range",)
_TUPLES = re.compile(r"\s*\[?\s*(?:\([^()]*\)\s*,?\s*)+\]?\s*")
_INTEGER = re.compile(r"[-+]?\d+")
_REAL = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def plain(value: Any, path: tuple[str | int, ...] = _RANGE) -> Any:
    """Returns a value as plain data: tuples as lists, NumPy scalars as Python's, all finite.

    Raises:
        SpaceError: A number that is not finite, or an object that YAML cannot hold.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        raise SpaceError(f"{value} is not a finite number", path)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item, path) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item, path) for name, item in value.items()}
    raise SpaceError(
        f"{value!r} is a {type(value).__name__}; use numbers, strings, lists and mappings", path
    )


def listed(value: Any, *, quoted: bool = True) -> list[Any]:
    """Returns a range as a list; tuples that YAML left as strings become lists.

    YAML knows no tuples: it loads ``(1, 2)`` as a string and ``[(0, 16), (0, 32)]`` as the four
    strings ``(0``, ``16)``, ``(0``, ``32)``. Both are read as meant.

    Args:
        value: What the configuration has.
        quoted: Whether items that are whole tuples, ``["(0, 16)"]``, are tuples too, not strings.

    Raises:
        SpaceError: Not a list, or an empty one.
    """
    if isinstance(value, str) and _TUPLES.fullmatch(value):
        return _tuples(value)
    value = plain(value)
    if not isinstance(value, list):
        raise SpaceError(f"range must be a list, got {value!r}", _RANGE)
    if not value:
        raise SpaceError("range is empty", _RANGE)
    first = value[0].strip() if isinstance(value[0], str) else ""
    if first.startswith("(") and (quoted or ")" not in first):
        text = ",".join(str(item) for item in value)
        if _TUPLES.fullmatch(text):
            return _tuples(text)
    return value


def flat(value: Any) -> list[Any]:
    """Returns a range of which one tuple, ``[(1, 2)]`` or ``(1, 2)``, stands for its items."""
    items = listed(value)
    return items[0] if len(items) == 1 and isinstance(items[0], list) and items[0] else items


def interval(value: Any) -> tuple[float, float]:
    """Returns the ends ``(low, high)`` of a numeric range.

    Raises:
        SpaceError: Not two finite numbers, or reversed.
    """
    ends = flat(value)
    if len(ends) != 2:
        raise SpaceError(
            f"range must be [low, high], got {len(ends)} value{'s' * (len(ends) != 1)}: {ends!r}; "
            "choices are listed with INT_CAT, FLOAT_CAT, STRING or CATEGORY",
            _RANGE,
        )
    low, high = (number(end) for end in ends)
    if low > high:
        raise SpaceError(f"range [{low}, {high}] is reversed; write [{high}, {low}]", _RANGE)
    return low, high


def number(value: Any, name: str = "range") -> float:
    """Returns a finite number; also of a string like ``1e-4``, which YAML 1.1 calls a string."""
    if isinstance(value, str) and "e" in value.lower() and _REAL.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SpaceError(f"{name} needs numbers, got {value!r}", (name,))
    if not abs(value) <= sys.float_info.max:
        raise SpaceError(f"{name} needs finite numbers that a float can hold", (name,))
    return value


def integer(value: Any, *, least: int | None = None, name: str = "range") -> int:
    """Returns an integer; a float without a fraction counts as one, True does not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise SpaceError(f"{name} needs integers, got {value!r}", (name,))
    if least is not None and value < least:
        raise SpaceError(f"{name} must be at least {least}, got {value}", (name,))
    return value


def _tuples(text: str) -> list[Any]:
    inner = re.findall(r"\(([^()]*)\)", text)
    return [[_token(token) for token in body.split(",") if token.strip()] for body in inner]


def _token(text: str) -> int | float:
    text = text.strip()
    if _INTEGER.fullmatch(text):
        return int(text)
    if _REAL.fullmatch(text):
        return float(text)
    raise SpaceError(f"'{text}' in a range of tuples is not a number", _RANGE)
