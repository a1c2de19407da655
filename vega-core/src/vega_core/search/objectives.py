"""What a search is to make large or small."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from vega_core.errors import SearchError, suggest

Direction = Literal["max", "min"]

_SPELLINGS: Final[Mapping[str, Direction]] = {
    **dict.fromkeys(("max", "maximize", "maximise"), "max"),
    **dict.fromkeys(("min", "minimize", "minimise"), "min"),
}
# fmt: off
_LARGE: Final = frozenset({
    "acc", "accuracy", "auc", "dice", "f1", "iou", "kappa", "map", "miou", "precision", "psnr",
    "r2", "recall", "reward", "score", "ssim",
})
_SMALL: Final = frozenset({
    "bitops", "bops", "cost", "duration", "error", "flops", "latency", "logloss", "loss", "macs",
    "mae", "memory", "mse", "params", "perplexity", "regret", "rmse", "seconds", "size", "time",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Objectives:
    """Named metrics with a direction each; several make a Pareto search.

    Attributes:
        directions: Pairs of metric name and ``max`` or ``min``, in order of declaration.

    Example:
        >>> objectives = Objectives.parse({"accuracy": "max", "macs": "min"})
        >>> objectives.values({"accuracy": 0.9, "macs": 4e7})
        (-0.9, 40000000.0)
    """

    directions: tuple[tuple[str, Direction], ...]

    @classmethod
    def parse(cls, given: ObjectivesLike) -> Objectives:
        """Reads ``{"loss": "min"}``, ``["accuracy", "macs"]`` or ``"accuracy"``.

        A name without a direction takes the usual one of its words (``valid_loss`` is to be small).

        Raises:
            SearchError: No objective, an unknown direction, or a name that has no usual direction.
        """
        if isinstance(given, Objectives):
            return given
        names = [given] if isinstance(given, str) else given
        if isinstance(names, Mapping):
            pairs = tuple((str(name), _direction(str(name), way)) for name, way in names.items())
        else:
            pairs = tuple((str(name), _usual(str(name))) for name in names)
        if not pairs:
            raise SearchError(
                "objectives: none given; name at least one metric, such as {loss: min}"
            )
        if len(dict(pairs)) < len(pairs):
            raise SearchError(
                f"objectives: a metric is named twice in {[name for name, _ in pairs]}"
            )
        return cls(pairs)

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics' names, in order."""
        return tuple(name for name, _ in self.directions)

    def __len__(self) -> int:
        return len(self.directions)

    def to_config(self) -> dict[str, str]:
        """Returns the mapping that `parse` reads back."""
        return dict(self.directions)

    def values(self, metrics: Mapping[str, float]) -> tuple[float, ...] | None:
        """Returns the objectives to be minimised, in order, or None if one is not finite.

        Raises:
            SearchError: A metric is missing or no number.
        """
        found = []
        for name, direction in self.directions:
            value = _number(name, metrics)
            if not math.isfinite(value):
                return None
            found.append(-value if direction == "max" else value)
        return tuple(found)

    def metrics(self, values: tuple[float, ...]) -> dict[str, float]:
        """Returns the metrics, by name and in the user's directions, that `values` came from."""
        return {
            name: -value if direction == "max" else value
            for (name, direction), value in zip(self.directions, values, strict=True)
        }


ObjectivesLike = Objectives | str | Iterable[str] | Mapping[str, str]


def _number(name: str, metrics: Mapping[str, Any]) -> float:
    try:
        value = metrics[name]
    except KeyError:
        reported = ", ".join(sorted(map(str, metrics))) or "nothing"
        raise SearchError(
            f"objective '{name}' was not reported; reported: {reported}"
            f"{suggest(name, map(str, metrics))}"
        ) from None
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError(value)
        return float(value)
    except (TypeError, ValueError):
        raise SearchError(f"objective '{name}': expected a number, got {value!r}") from None


def _direction(name: str, way: object) -> Direction:
    direction = _SPELLINGS.get(str(way).casefold())
    if direction is None:
        raise SearchError(f"objectives.{name}: expected 'max' or 'min', got {way!r}")
    return direction


def _usual(name: str) -> Direction:
    words = set(name.casefold().replace(".", "_").replace("-", "_").split("_"))
    words |= {word.rstrip("0123456789") for word in words}
    large, small = not words.isdisjoint(_LARGE), not words.isdisjoint(_SMALL)
    if large == small:
        raise SearchError(
            f"objectives: is '{name}' to be large or small? "
            f"write {{{name}: max}} or {{{name}: min}}"
        )
    return "max" if large else "min"
