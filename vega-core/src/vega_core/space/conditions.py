"""Conditions: when a child parameter exists, by the value of its parent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal, cast, get_args

import numpy as np

from vega_core.errors import SpaceError, suggest
from vega_core.space.param_type import Mask, Matcher, ParamType
from vega_core.space.ranges import interval, plain

ConditionType = Literal["EQUAL", "NOT_EQUAL", "IN", "FORBIDDEN"]
_TYPES: tuple[ConditionType, ...] = get_args(ConditionType)
_KEYS = ("key", "child", "parent", "type", "range")
_NEEDED = ("child", "parent", "type", "range")


@dataclass(frozen=True)
class Condition:
    """One edge from a parent to a child.

    A child is active if *all* its parents are active and *all* its conditions hold (several
    conditions mean AND, also of one parent); a child of an inactive parent is inactive.

    ========== =====================================================================
    type       holds when the parent's value
    ========== =====================================================================
    EQUAL      equals the one value of ``range``
    NOT_EQUAL  equals none of the values of ``range``
    IN         is one of the values; of a numeric parent, is in ``[low, high]``, ends included
    FORBIDDEN  equals none of the values and, where it is a list, contains none of them
    ========== =====================================================================

    Attributes:
        child: The parameter that the condition switches.
        parent: The parameter that it looks at.
        type: The kind of condition.
        range: Plain values of the parent.
        key: A name for the condition, without meaning.
    """

    child: str
    parent: str
    type: ConditionType
    range: tuple[Any, ...]
    key: str = ""

    def __post_init__(self) -> None:
        if self.type not in _TYPES:
            raise SpaceError(
                f"unknown condition type {self.type!r}{suggest(str(self.type), _TYPES)} "
                f"(types: {', '.join(_TYPES)})",
                ("type",),
            )
        if not self.range:
            raise SpaceError("the condition's range is empty", ("range",))
        if self.type == "EQUAL" and len(self.range) != 1:
            raise SpaceError(
                f"EQUAL takes one value, got {list(self.range)!r}; several are written with IN",
                ("range",),
            )

    def to_config(self) -> dict[str, Any]:
        """Returns the condition's mapping, ready for YAML and JSON."""
        item = {"child": self.child, "parent": self.parent, "type": self.type}
        return {**({"key": self.key} if self.key else {}), **item, "range": list(self.range)}

    def matcher(self, parent: ParamType) -> Matcher:
        """Returns the test of the parent's column.

        Raises:
            SpaceError: A value that the parent cannot have, so that the condition is a mistake.
        """
        if self.type == "IN" and parent.bounds is not None:
            return _between(self.range, parent.bounds)
        bind = parent.contains if self.type == "FORBIDDEN" else parent.equals
        return _any([bind(value) for value in self.range], wanted=self.type in ("EQUAL", "IN"))


def read_condition(item: Any) -> Condition:
    """Returns the condition of a mapping ``{key, child, parent, type, range}``.

    Raises:
        SpaceError: A missing or unknown key or type, or a range of the wrong form.
    """
    if not isinstance(item, Mapping):
        raise SpaceError(f"a condition is a mapping {{{', '.join(_KEYS)}}}, got {item!r}")
    for needed in _NEEDED:
        if needed not in item:
            raise SpaceError(f"the condition has no '{needed}'")
    for name in item:
        if name not in _KEYS:
            raise SpaceError(f"a condition has no key {name!r}{suggest(str(name), _KEYS)}", (name,))
    for role in ("child", "parent"):
        if not isinstance(item[role], str):
            raise SpaceError(f"{role} is the name of one parameter, got {item[role]!r}", (role,))
    kind = str(item["type"]).upper().replace(".", "_")
    values = plain(item["range"])
    return Condition(
        child=item["child"],
        parent=item["parent"],
        type=cast(ConditionType, kind),
        range=tuple(values) if isinstance(values, list) else (values,),
        key=str(item.get("key", "")),
    )


def _between(values: tuple[Any, ...], bounds: tuple[float, float]) -> Matcher:
    try:
        low, high = interval(list(values))
    except SpaceError as error:
        message = f"IN takes [low, high] for a numeric parent: {error}"
        raise SpaceError(message, ("range",)) from None
    if high < bounds[0] or low > bounds[1]:
        raise SpaceError(
            f"the condition never holds: [{low}, {high}] is outside {list(bounds)}", ("range",)
        )
    return lambda codes: (codes >= low) & (codes <= high)


def _any(tests: list[Matcher], *, wanted: bool) -> Matcher:
    def test(codes: Any) -> Mask:
        hit = reduce(np.logical_or, [one(codes) for one in tests])
        return hit if wanted else ~hit

    return test
