"""What a search asks of models in vain, found before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from vega_core.errors import ConfigError, DescriptionError, ModelError, SpaceError
from vega_core.nn.forms import label_of
from vega_core.pipeline.data import Preview
from vega_core.search import Problem
from vega_core.space import SearchSpace
from vega_core.space.param_type import ParamType

_ROOT: Final = "model."
_MACS: Final = ("macs", "flops")
_VALUES: Final = 16
"""The most values of one name that are tried; of a wider range, so many evenly over it."""
_MODELS: Final = 64
"""About how many models are built, so that the check of a large space takes no long time."""
_DRAWN, _OTHERS = 64, 4
"""Samples that are drawn, and the most of them that a value is tried with."""


def check_values(space: SearchSpace, preview: Preview, described: Mapping[str, Any]) -> None:
    """Tries the values that a space gives the model.

    A value is refused if the model cannot be built with it, whatever the other names are: neither
    as configured nor as drawn, and always for the same reason.

    Args:
        space: The space.
        preview: Builds models; that of the configuration as it stands can be built.
        described: The configuration of the space, where its names are listed.

    Raises:
        SpaceError: Some values of a name are refused; its path leads to that name.
    """
    tries = _Tries(space, preview)
    for name, kind in space.parameters.items():
        if not name.startswith(_ROOT):
            continue
        values = list(_values(kind))
        reasons = [tries.refusal(name, value) for value in values]
        if any(reasons):
            # A key that is misspelt is refused whatever its value, in the same words.
            whole = len(set(reasons)) == 1
            refused = [value for value, reason in zip(values, reasons, strict=True) if reason]
            what = name if whole else f"{name} cannot be {_listed(refused)}"
            place = _place(described, name, "key" if whole else "range")
            raise SpaceError(f"{what}: {next(filter(None, reasons))}", place)


def check_counted(problem: Problem, config: Mapping[str, Any], preview: Preview) -> None:
    """Checks that nothing is asked of multiply-adds that nobody can count.

    Raises:
        ConfigError: An objective or a constraint is on those of a framework's own module.
    """
    if config.get("evaluator"):
        return  # which may report them
    bounds = [one.metric for one in problem.constraints]
    for section, names in (("objectives", problem.objectives.names), ("constraints", bounds)):
        asked = next((name for name in names if name in _MACS), None)
        if asked and preview.model({}).graph.stats().uncounted:
            raise ConfigError(
                f"{section}: '{asked}' is not known of {label_of(config['model'])}: multiply-adds "
                "inside a framework's own module are not counted; params is known"
            )


class _Tries:
    """Builds models with single values of names."""

    def __init__(self, space: SearchSpace, preview: Preview) -> None:
        self._space = space
        self._preview = preview
        self._left = _MODELS

    def refusal(self, name: str, value: Any) -> str:
        """Returns why no model can have a value, or "" where one can or it is not known."""
        if self._left <= 0:
            return ""
        reason = self._reason({name: value})
        if not reason:
            return ""
        tried = 0
        for sample in self._with(name, value):
            tried += 1
            if self._reason(sample) != reason:
                return ""
        return reason if tried else ""

    def _reason(self, sample: Mapping[str, Any]) -> str:
        self._left -= 1
        try:
            self._preview.try_model(sample)
        except DescriptionError as error:
            return error.fault
        except ModelError as error:
            return str(error)
        return ""

    def _with(self, name: str, value: Any) -> Iterator[dict[str, Any]]:
        """Yields a few samples of the space with a value in them."""
        found = 0
        for sample in self._samples:
            changed = {**sample, name: value}
            if name not in sample or not self._allows(changed):
                continue
            yield changed
            found += 1
            if found == _OTHERS:
                return

    def _allows(self, sample: Mapping[str, Any]) -> bool:
        try:
            self._space.validate(sample)
        except SpaceError:
            return False
        return True

    @cached_property
    def _samples(self) -> list[dict[str, Any]]:
        return self._space.sample(_DRAWN, 0, as_dicts=True)


def _values(kind: ParamType) -> Sequence[Any]:
    """Returns the values of a type; of a real interval the ends, of a large set none."""
    points = 2 if kind.axes[0].kind == "continuous" else _VALUES
    if kind.grid_size(points) > _VALUES:
        return ()
    values: list[Any] = kind.values(kind.grid(points)).tolist()
    return values


def _listed(values: Sequence[Any]) -> str:
    shown = [repr(value) for value in values[:5]]
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown) + (
        f" (and {len(values) - 5} more)" if values[5:] else ""
    )


def _place(described: Mapping[str, Any], name: str, key: str) -> tuple[str | int, ...]:
    """Returns the path of a name in the configuration of a space; () where it is not listed."""
    for index, item in enumerate(described.get("hyperparameters") or ()):
        if isinstance(item, Mapping) and item.get("key") == name:
            return "hyperparameters", index, key
    return ()
