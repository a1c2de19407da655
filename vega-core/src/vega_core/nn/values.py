"""Values from plain data: checked against the annotation, or refused."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from vega_core.errors import ModelError

_PLAIN = frozenset((int, float, bool, str, type(None)))
_HUGE = 2**63
_SEQUENCES = (tuple, list, Sequence)

NON_FINITE: Final = ("inf", "-inf", "nan")
"""How numbers that JSON does not have are written in it."""

_hints: Callable[[Any], Mapping[str, Any]] = lru_cache(maxsize=1024)(get_type_hints)


def annotations_of(cls: type[Any]) -> Mapping[str, Any]:
    """Returns the resolved annotations of a class and its bases; none where a name is unknown.

    A class inside a function may be annotated with names that only the function knows.
    """
    try:
        return _hints(cls)
    except NameError:
        return {}


def native(value: Any) -> Any:
    """Returns NumPy's numbers and arrays as Python's numbers and lists, and all else as it is."""
    return value.tolist() if type(value).__module__ == "numpy" else value


def encoded(value: Any) -> Any:
    """Returns plain data as JSON has them: lists for tuples, text for numbers without an end."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (list, tuple)):
        return [encoded(item) for item in value]
    if isinstance(value, dict):
        return {key: encoded(item) for key, item in value.items()}
    return value


def is_plain(value: Any) -> bool:
    """Returns whether a value is exactly a number, a text, None, or a tuple of such."""
    kind = type(value)
    return kind in _PLAIN or (kind is tuple and all(map(is_plain, value)))


def coerced(value: Any, annotation: Any, where: str) -> Any:
    """Returns ``value`` as the annotated type; NumPy's scalars and what JSON makes are welcome.

    Raises:
        ModelError: The value is of another type; the message begins with ``where``.
    """
    found, result = _fit(value, annotation)
    if not found:
        raise ModelError(f"{where}: expected {_named(annotation)}, got {value!r}")
    return result


def _fit(value: Any, annotation: Any) -> tuple[bool, Any]:
    origin, value = get_origin(annotation), native(value)
    if origin in (Union, types.UnionType):
        fits = [result for option in get_args(annotation) for result in [_fit(value, option)]]
        return next((fit for fit in fits if fit[0]), (False, value))
    if origin is Literal:
        return value in get_args(annotation), value
    if annotation is None or annotation is type(None):
        return value is None, value
    if annotation in (bool, str):
        return isinstance(value, annotation), value
    if annotation is int:
        return _fit_int(value)
    if annotation is float:
        return _fit_float(value)
    if origin in _SEQUENCES or annotation in _SEQUENCES:
        return _fit_sequence(value, get_args(annotation) or (Any, ...))
    return _is_instance(value, origin or annotation), value


def _fit_int(value: Any) -> tuple[bool, Any]:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or not -_HUGE <= value < _HUGE:
        return False, value
    return True, int(value)


def _fit_float(value: Any) -> tuple[bool, Any]:
    if isinstance(value, bool) or not (isinstance(value, (int, float)) or value in NON_FINITE):
        return False, value
    try:
        return True, float(value)
    except OverflowError:
        return False, value


def _fit_sequence(value: Any, options: tuple[Any, ...]) -> tuple[bool, Any]:
    if not isinstance(value, (list, tuple)):
        return False, value
    endless = len(options) == 1 or (len(options) == 2 and options[1] is Ellipsis)
    kinds = options[:1] * len(value) if endless else options
    if len(kinds) != len(value):
        return False, value
    fits = [_fit(item, kind) for item, kind in zip(value, kinds, strict=True)]
    return all(ok for ok, _ in fits), tuple(item for _, item in fits)


def _is_instance(value: Any, annotation: Any) -> bool:
    """Returns whether a value is of a class; whatever cannot be asked so passes."""
    try:
        return isinstance(value, annotation)
    except TypeError:
        return True


def _named(annotation: Any) -> str:
    if get_origin(annotation) in (Union, types.UnionType):
        return " | ".join(map(_named, get_args(annotation)))
    if annotation is type(None):
        return "None"
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation.__name__
    return str(annotation).replace("typing.", "").replace("collections.abc.", "")
