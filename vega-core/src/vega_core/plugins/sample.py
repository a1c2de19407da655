"""A ready configuration of a component, as one writes it in a step."""

from __future__ import annotations

import enum
import pathlib
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from vega_core.plugins.kinds import Kind
from vega_core.plugins.parameters import Parameter

_SAYS_NOTHING: tuple[Any, ...] = (None, (), [], {})
_OF_TYPE: Mapping[Any, Any] = {bool: False, int: 1, float: 1.0, pathlib.Path: "./path"}


def sample(
    kind: Kind,
    name: str,
    parameters: Sequence[Parameter],
    example: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Returns a configuration of a component, under the keys where one writes it.

    Required parameters get a value of their type, to be replaced; the others keep their
    defaults, except where that is None, empty or no plain data.

    Args:
        kind: The component's kind.
        name: What to write after ``type``.
        parameters: Its parameters.
        example: The values to write instead, if any.
    """
    if kind.bare:
        block: Any = name
    else:
        given = _listed(example) if example else _values(parameters)
        block = {"type": name, "params": given} if kind.nested else {"type": name, **given}
    if kind.listed:
        block = [block]
    for key in reversed(kind.section.split(".") if kind.section else []):
        block = {key: block}
    return dict(block) if isinstance(block, Mapping) else {kind.name: block}


def placeholder(annotation: Any) -> Any:
    """Returns plain data of a type, to be replaced by what the user means."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return placeholder(inside[0])
    if origin is typing.Literal:
        return inside[0]
    if origin in {typing.Union, types.UnionType}:
        return placeholder(next(one for one in inside if one is not type(None)))
    bare = origin or annotation
    if isinstance(bare, type):
        return _of_class(bare, inside)
    return "..."


def _of_class(cls: type, inside: tuple[Any, ...]) -> Any:
    if issubclass(cls, enum.Enum):
        return next(iter(cls)).value
    if issubclass(cls, Mapping):
        return {}
    if issubclass(cls, tuple) and inside and inside[-1] is not Ellipsis:
        return [placeholder(one) for one in inside]
    if issubclass(cls, Sequence | set) and not issubclass(cls, str | bytes):
        return [placeholder(inside[0])] if inside else []
    return next((value for known, value in _OF_TYPE.items() if issubclass(cls, known)), "...")


def _values(parameters: Sequence[Parameter]) -> dict[str, Any]:
    given = {one.name: placeholder(one.annotation) for one in parameters if one.required}
    for one in parameters:
        telling = not one.required and one.default not in _SAYS_NOTHING
        if telling and _is_plain(one.default):
            given[one.name] = _listed(one.default)
    return given


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or type(value) in {bool, int, float, str}


def _listed(value: Any) -> Any:
    """Returns plain data with lists for tuples, which YAML does not have."""
    if isinstance(value, Mapping):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, list | tuple) else value
