"""Bounds on metrics that are known before anything is trained."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vega_core.errors import SearchError, suggest

_COMPARE: Final = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BOUND: Final = re.compile(
    rf"\s*(?P<metric>[A-Za-z_][\w.]*)?\s*"
    rf"(?:(?P<operator><=|>=|<|>)\s*(?P<bound>{_NUMBER})"
    rf"|in\s*\[\s*(?P<low>{_NUMBER})\s*,\s*(?P<high>{_NUMBER})\s*\])\s*"
)
_FORMS: Final = "'<= 1e6' or 'in [1e3, 1e6]' (also <, >, >=)"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A bound on one analytic metric, such as ``params <= 1e6``.

    Attributes:
        metric: The metric's name.
        operator: ``<``, ``<=``, ``>`` or ``>=``.
        bound: The number on the right.

    Example:
        >>> Constraint.parse("params <= 1e6").holds({"params": 2_000_000})
        False
    """

    metric: str
    operator: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> Constraint:
        """Reads one comparison.

        Raises:
            SearchError: The text is no comparison, or more than one.
        """
        found = parse_constraints(text)
        if len(found) != 1:
            raise SearchError(f"constraints: expected one comparison, got {text!r}")
        return found[0]

    def __str__(self) -> str:
        return f"{self.metric} {self.operator} {self.bound:.12g}"

    def holds(self, metrics: Mapping[str, float]) -> bool:
        """Whether the metric keeps to the bound; one that is not finite never does.

        Raises:
            SearchError: The metric is not among those that the analysis gives.
        """
        try:
            value = float(metrics[self.metric])
        except KeyError:
            raise SearchError(
                f"constraint '{self}': the analysis gives no '{self.metric}'; it gives: "
                f"{', '.join(sorted(metrics)) or 'nothing'}{suggest(self.metric, metrics)}"
            ) from None
        return math.isfinite(value) and bool(_COMPARE[self.operator](value, self.bound))


ConstraintsLike = str | Mapping[str, Any] | Iterable[str | Constraint] | None


def parse_constraints(given: ConstraintsLike) -> tuple[Constraint, ...]:
    """Reads constraints in any of the forms that a configuration may use.

    Args:
        given: ``"params <= 1e6 and macs in [1e5, 1e7]"``, a list of such texts, or a mapping
            ``{"params": "<= 1e6", "macs": [">= 1e5", "<= 1e7"]}``.

    Raises:
        SearchError: A text is no comparison, or a range is empty.
    """
    if given is None:
        return ()
    if isinstance(given, str):
        return tuple(c for part in re.split(r"\s+and\s+", given) for c in _read(part))
    if isinstance(given, Mapping):
        return tuple(c for name, bounds in given.items() for c in _read_named(str(name), bounds))
    parts = ((item,) if isinstance(item, Constraint) else parse_constraints(item) for item in given)
    return tuple(constraint for part in parts for constraint in part)


def _read_named(name: str, bounds: object) -> list[Constraint]:
    given = bounds if isinstance(bounds, (list, tuple)) else [bounds]
    texts = [text for text in given if isinstance(text, str)]
    if len(texts) < len(given):
        raise SearchError(f"constraints.{name}: expected {_FORMS}, got {bounds!r}")
    return [constraint for text in texts for constraint in _read(text, name)]


def _read(text: str, name: str = "") -> list[Constraint]:
    match = _BOUND.fullmatch(text)
    where = f"constraints.{name}" if name else "constraints"
    if match is None or bool(match["metric"]) == bool(name):
        form = _FORMS if name else "'params <= 1e6' or 'params in [1e3, 1e6]'"
        raise SearchError(f"{where}: expected {form}, got {text!r}")
    metric = name or match["metric"]
    if match["operator"]:
        return [Constraint(metric, match["operator"], float(match["bound"]))]
    low, high = float(match["low"]), float(match["high"])
    if low > high:
        raise SearchError(f"{where}: the range in {text!r} is empty")
    return [Constraint(metric, ">=", low), Constraint(metric, "<=", high)]
