"""Other values of a hyperparameter, by its type."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from vega_core.errors import ModelError
from vega_core.nn.values import coerced


def alternatives(annotation: Any, value: Any) -> list[Any]:
    """Returns sensible other values of a hyperparameter; none where it is no plain value.

    Integers become one more, one less and the double; floats the half and the double; truths turn;
    a choice becomes each other one; a sequence has another first element, and loses its last. What
    may be None becomes that, and what is None a value of the type.

    Args:
        annotation: Its type.
        value: Its value.
    """
    found: list[Any] = []
    for other in _others(annotation, value):
        if other != value and other not in found and _fits(annotation, other):
            found.append(other)
    return found


def _others(annotation: Any, value: Any) -> Iterator[Any]:
    options = get_args(annotation) if _is_union(annotation) else (annotation,)
    for option in options:
        if get_origin(option) is Literal:
            yield from get_args(option)
    if value is None:
        for option in options:
            yield from _examples(option)
        return
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, 2 * value)
    elif isinstance(value, float):
        yield from (value / 2, 2 * value) if value else (0.5,)
    elif isinstance(value, str) and str in options:
        yield f"{value}?"
    elif isinstance(value, (list, tuple)):
        yield from _sequences(value)
    if type(None) in options:
        yield None


def _sequences(value: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    first, *rest = value or (None,)
    for other in _others(type(first), first):
        yield (other, *rest)
    if value:
        yield tuple(value[:-1])
        yield (*value, value[-1])


def _examples(option: Any) -> Iterator[Any]:
    """Yields values of a type where none is there."""
    if option in (int, float, bool, str):
        yield {int: 2, float: 0.5, bool: True, str: "?"}[option]
    elif get_origin(option) is not None and get_origin(option) is not Literal:
        inside = get_args(option)
        for example in _examples(inside[0]) if inside else ():
            yield (example,)
            yield (example, example)


def _fits(annotation: Any, value: Any) -> bool:
    try:
        coerced(value, annotation, "value")
    except ModelError:
        return False
    return True


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)
