"""The short form of a space for Python: ``{"lr": ("FLOAT_EXP", 1e-5, 1e-1), "depth": (2, 8)}``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vega_core.errors import SpaceError
from vega_core.space.conditions import Condition, read_condition
from vega_core.space.param_type import ParamType
from vega_core.space.ranges import plain
from vega_core.space.reading import Parts, read_each
from vega_core.space.types import cast

_FORMS = (
    "a list of choices, (low, high), (type, low, high), (type, [choices]) "
    "or a mapping {type, range}"
)


def read_short(
    parameters: Any, condition: Sequence[Any], forbidden: Sequence[Mapping[str, Any]]
) -> Parts:
    """Returns the parts of a space in the short form; paths of errors start at the name."""
    if not isinstance(parameters, Mapping):
        raise SpaceError(f"a search space is a mapping {{name: range}}, got {parameters!r}")
    types = {name: _read(name, value) for name, value in parameters.items()}
    faults: list[SpaceError] = []
    conditions = read_each({"condition": condition}, "condition", _condition, faults)
    if faults:
        raise faults[0]
    return Parts(types, [*conditions.values()], forbidden)


def _read(name: str, value: Any) -> ParamType:
    if isinstance(value, ParamType):
        return value
    if isinstance(value, Mapping):
        item = dict(value)
    elif isinstance(value, list):
        item = {"type": "CATEGORY", "range": value}
    elif isinstance(value, tuple):
        item = _of_tuple(name, value)
    else:
        raise SpaceError(f"{name}: {value!r} is not {_FORMS}", (name,))
    return cast({**item, "key": name}, (name,))[1]


def _of_tuple(name: str, value: tuple[Any, ...]) -> dict[str, Any]:
    if value and isinstance(value[0], str):
        rest = value[1:]
        if len(rest) == 1 and isinstance(rest[0], (list, tuple)):
            rest = tuple(rest[0])
        return {"type": value[0], **({"range": list(rest)} if rest else {})}
    ends = plain(value, (name,))
    if len(ends) == 2 and all(type(end) in (int, float) for end in ends):
        whole = all(type(end) is int for end in ends)
        return {"type": "INT" if whole else "FLOAT", "range": ends}
    raise SpaceError(f"{name}: {value!r} is not {_FORMS}", (name,))


def _condition(item: Any) -> Condition:
    return item if isinstance(item, Condition) else read_condition(item)
