"""Hyperparameters from plain data: checked against the annotation, or refused."""

from __future__ import annotations

import collections.abc
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from vega_core.errors import ModelError

_SEQUENCES = (tuple, list, collections.abc.Sequence)


def annotations_of(cls: type[Any]) -> dict[str, Any]:
    """Returns the resolved annotations of a class and its bases; none where a name is unknown.

    A class inside a function may be annotated with names that only the function knows.
    """
    try:
        return get_type_hints(cls)
    except NameError:
        return {}


def coerced(value: Any, annotation: Any, where: str) -> Any:
    """Returns ``value`` as the annotated type; NumPy's scalars and JSON's lists are welcome.

    Raises:
        ModelError: The value is of another type; the message begins with ``where``.
    """
    plain = value.tolist() if type(value).__module__ == "numpy" else value
    found, result = _fit(plain, annotation)
    if not found:
        plain_type = isinstance(annotation, type) and get_origin(annotation) is None
        name = annotation.__name__ if plain_type else annotation
        raise ModelError(f"{where}: expected {name}, got {value!r}")
    return result


def _fit(value: Any, annotation: Any) -> tuple[bool, Any]:
    origin = get_origin(annotation)
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
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole and not isinstance(value, bool), int(value) if whole else value
    if annotation is float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number, float(value) if number else value
    if origin in _SEQUENCES:
        return _fit_sequence(value, get_args(annotation))
    return True, value


def _fit_sequence(value: Any, options: tuple[Any, ...]) -> tuple[bool, Any]:
    if not isinstance(value, (list, tuple)):
        return False, value
    endless = len(options) == 1 or (len(options) == 2 and options[1] is Ellipsis)
    kinds = options[:1] * len(value) if endless else options
    if len(kinds) != len(value):
        return False, value
    fits = [_fit(item, kind) for item, kind in zip(value, kinds, strict=True)]
    return all(ok for ok, _ in fits), tuple(item for _, item in fits)
