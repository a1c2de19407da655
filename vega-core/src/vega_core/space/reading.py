"""From a configuration to the parts of a space, with every fault in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from vega_core.errors import SpaceError, suggest
from vega_core.space.conditions import Condition, read_condition
from vega_core.space.param_type import ParamType
from vega_core.space.structure import Structure
from vega_core.space.types import TYPES, Path, TypeEntry, cast

_KEYS = ("type", "hyperparameters", "condition", "forbidden")
_T = TypeVar("_T")


class Parts(NamedTuple):
    """What a space is made of."""

    parameters: Mapping[str, ParamType]
    condition: Sequence[Condition]
    forbidden: Sequence[Mapping[str, Any]]


def find_faults(mapping: Any, types: Mapping[str, TypeEntry] = TYPES) -> list[SpaceError]:
    """Returns every fault of a space's configuration, each with its path; none if it is valid.

    Names in conditions and forbidden combinations are looked up once all parameters are readable.
    """
    parts, faults = read_space(mapping, types)
    if faults:
        return faults
    for index, condition in enumerate(parts.condition):
        _try(faults, index, partial(Structure, parts.parameters, [condition]))
    for index, clause in enumerate(parts.forbidden):
        _try(faults, index, partial(Structure, parts.parameters, (), [clause]))
    if not faults:
        _try(faults, None, partial(Structure, *parts))
    return faults


def read_space(mapping: Any, types: Mapping[str, TypeEntry]) -> tuple[Parts, list[SpaceError]]:
    """Returns the readable parts of ``{hyperparameters, condition, forbidden}``, and the faults."""
    if not isinstance(mapping, Mapping):
        fault = SpaceError(f"a search space is a mapping with hyperparameters, got {mapping!r}")
        return Parts({}, (), ()), [fault]
    faults = [
        SpaceError(f"a search space has no key {name!r}{suggest(str(name), _KEYS)}", (name,))
        for name in mapping
        if name not in _KEYS
    ]
    pairs = read_each(mapping, "hyperparameters", lambda item: cast(item, (), types), faults)
    conditions = read_each(mapping, "condition", read_condition, faults)
    clauses = read_each(mapping, "forbidden", _clause, faults)
    if not mapping.get("hyperparameters"):
        path: Path = ("hyperparameters",) if "hyperparameters" in mapping else ()
        faults.append(SpaceError("a search space needs a list of hyperparameters", path))
    parameters: dict[str, ParamType] = {}
    for index, (name, kind) in pairs.items():
        if name in parameters:
            path = ("hyperparameters", index, "key")
            faults.append(SpaceError(f"the key {name!r} stands twice", path))
        parameters[name] = kind
    return Parts(parameters, [*conditions.values()], [*clauses.values()]), faults


def read_each(
    mapping: Mapping[str, Any], name: str, read: Callable[[Any], _T], faults: list[SpaceError]
) -> dict[int, _T]:
    """Returns the readable items of a list by their index, and adds the faults of the others."""
    items = mapping.get(name) or ()
    if not isinstance(items, (list, tuple)):
        hint = "; put a dash before each item" if isinstance(items, Mapping) else ""
        faults.append(SpaceError(f"{name} must be a list, got {items!r}{hint}", (name,)))
        return {}
    parts = {}
    for index, item in enumerate(items):
        try:
            parts[index] = read(item)
        except SpaceError as error:
            faults.append(SpaceError(str(error), (name, index, *error.path)))
    return parts


def _clause(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise SpaceError(f"a forbidden combination is a mapping {{name: value}}, got {item!r}")
    return item


def _try(faults: list[SpaceError], index: int | None, build: Callable[[], Structure]) -> None:
    try:
        build()
    except SpaceError as error:
        path = error.path if index is None else (error.path[0], index, *error.path[2:])
        faults.append(SpaceError(str(error), path))
