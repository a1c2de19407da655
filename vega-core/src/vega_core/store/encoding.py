"""Strict JSON for every float: NaN and the infinities are written as ``{"$float": "nan"}``.

A mapping of exactly that form is therefore read back as a float; all other data come back equal.
"""

from __future__ import annotations

import json
import math
from typing import Any

_KEY = "$float"
_NAMES = ("nan", "inf", "-inf")
_COMPACT = (",", ":")


def dumps(value: Any, *, indent: int | None = None) -> str:
    """Plain data as JSON, in ASCII; NumPy scalars and arrays become numbers and lists.

    Raises:
        TypeError: A value has no plain form.
        ValueError: The data contain themselves.
    """
    separators = _COMPACT if indent is None else None
    try:
        return json.dumps(
            value, allow_nan=False, indent=indent, separators=separators, default=_plain
        )
    except ValueError as error:
        if "Circular" in str(error):
            raise
    return json.dumps(_explicit(value), indent=indent, separators=separators)


def loads(text: str) -> Any:
    """Inverse of ``dumps``; also takes the bare ``NaN`` and ``Infinity`` of other writers.

    Raises:
        ValueError: The text is not JSON.
    """
    if _KEY in text:
        return json.loads(text, object_hook=_restore)
    return json.loads(text)


def _plain(value: Any) -> Any:
    """NumPy's scalars and arrays, without importing it."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} of type {type(value).__name__} is not plain data")


def _explicit(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else {_KEY: repr(float(value))}
    if isinstance(value, dict):
        return {key: _explicit(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_explicit(item) for item in value]
    if value is None or isinstance(value, (str, int)):
        return value
    return _explicit(_plain(value))


def _restore(pairs: dict[str, Any]) -> Any:
    return float(pairs[_KEY]) if len(pairs) == 1 and pairs.get(_KEY) in _NAMES else pairs
