"""The search space: what a trial's configuration may be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, final, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vega_core.errors import SpaceError
from vega_core.space import encoding, grid, rows
from vega_core.space.conditions import Condition
from vega_core.space.describe import describe
from vega_core.space.encoding import Dimension
from vega_core.space.form import SpaceConfig
from vega_core.space.neighbours import near
from vega_core.space.param_type import Mask, ParamType
from vega_core.space.reading import read_space
from vega_core.space.samples import Samples
from vega_core.space.sampling import draw
from vega_core.space.short import read_short
from vega_core.space.structure import Structure
from vega_core.space.types import TYPES, TypeEntry

Random = np.random.Generator | int


@final
class SearchSpace:
    """Typed parameters, the conditions between them, and combinations that may not occur.

    Immutable. A configuration is a dictionary of native values (numbers, strings, booleans,
    lists) that leaves out the inactive parameters. Wherever ``rng`` is asked for, a generator or
    a seed will do; equal seeds give equal results.

    >>> space = SearchSpace.from_dict({"lr": ("FLOAT_EXP", 1e-5, 1e-1), "layers": (2, 5)})
    >>> config = space.sample(1, 0, as_dicts=True)[0]
    >>> sorted(config)
    ['layers', 'lr']
    >>> places, mask = space.encode([config])
    >>> places.shape
    (1, 2)

    Args:
        parameters: The type of each parameter, by its name: any dotted key.
        condition: When children exist. A child is active if all its parents are active and all
            its conditions hold.
        forbidden: Combinations ``{name: value, ...}``: a configuration in which all of them
            are active and equal is not in the space.

    Raises:
        SpaceError: With the ``path`` of the fault inside the space's configuration.
    """

    def __init__(
        self,
        parameters: Mapping[str, ParamType],
        condition: Sequence[Condition] = (),
        forbidden: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._structure = Structure(parameters, condition, forbidden)

    @classmethod
    def from_config(
        cls, mapping: SpaceConfig | Mapping[str, Any], *, types: Mapping[str, TypeEntry] = TYPES
    ) -> SearchSpace:
        """Returns the space of a configuration ``{hyperparameters, condition, forbidden}``.

        ``hyperparameters`` is a list of ``{key, type, range, ...}``, ``condition`` one of
        ``{key, child, parent, type, range}``, ``forbidden`` one of ``{name: value, ...}``.

        Args:
            mapping: The configuration; ``type`` in it has no meaning here.
            types: The parameter types that it may use.

        Raises:
            SpaceError: With the ``path`` of the fault in ``mapping``.
        """
        parts, faults = read_space(mapping, types)
        if faults:
            raise faults[0]
        return cls(*parts)

    @classmethod
    def from_dict(
        cls,
        parameters: Mapping[str, Any],
        condition: Sequence[Mapping[str, Any]] = (),
        forbidden: Sequence[Mapping[str, Any]] = (),
    ) -> SearchSpace:
        """Returns the space of the short form for Python, ``{name: what it can be}``.

        What a parameter can be is a list of choices; ``(low, high)``, of integers ``INT`` and
        else ``FLOAT``; ``(type, low, high)`` or ``(type, [...])``; a mapping ``{type, range}``; or
        a ``ParamType``.

        >>> SearchSpace.from_dict({"width": [16, 32], "lr": ("FLOAT_EXP", 1e-4, 1.0)})
        SearchSpace(width, lr)
        """
        return cls(*read_short(parameters, condition, forbidden))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, in the order given."""
        return tuple(self._structure.types)

    @property
    def parameters(self) -> Mapping[str, ParamType]:
        """The type of each parameter."""
        return self._structure.types

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions, in the order given."""
        return self._structure.conditions

    @property
    def forbidden(self) -> tuple[Mapping[str, Any], ...]:
        """The combinations that may not occur."""
        return self._structure.forbidden

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """What each of the ``d`` columns of the encoding is."""
        return encoding.dimensions(self._structure)

    @cached_property
    def cardinality(self) -> int | float:
        """The number of configurations, ``inf`` where a parameter is a real interval.

        Inactive parameters and forbidden combinations are taken into account where those that
        decide about them have at most 100,000 combinations; else it is an upper bound.
        """
        return grid.cardinality(self._structure)

    def columns_of(self, name: str) -> slice:
        """Returns which columns of the encoding belong to a parameter."""
        return self._structure.places[name]

    @overload
    def sample(self, n: int, rng: Random, *, as_dicts: Literal[True]) -> list[dict[str, Any]]: ...

    @overload
    def sample(self, n: int, rng: Random, *, as_dicts: Literal[False] = False) -> Samples: ...

    def sample(
        self, n: int, rng: Random, *, as_dicts: bool = False
    ) -> Samples | list[dict[str, Any]]:
        """Returns ``n`` independent configurations, as columns or as dictionaries.

        Each parameter has the distribution of its type; forbidden combinations are drawn again
        as a whole.

        Raises:
            SpaceError: Less than about a thousandth of the space is allowed.
        """
        samples = draw(self._structure, n, np.random.default_rng(rng))
        return samples.to_dicts() if as_dicts else samples

    def to_dicts(self, samples: Samples) -> list[dict[str, Any]]:
        """Returns columns as dictionaries of native values, without the inactive parameters."""
        return samples.to_dicts()

    def from_dicts(self, configs: Sequence[Mapping[str, Any]]) -> Samples:
        """Returns configurations as columns.

        Raises:
            SpaceError: A configuration that is not in the space; the path is ``(row, name)``.
        """
        return rows.from_dicts(self._structure, configs)

    def validate(self, config: Mapping[str, Any]) -> None:
        """Raises ``SpaceError``, which names the parameter, unless ``config`` is in the space."""
        try:
            self.from_dicts([config])
        except SpaceError as error:
            raise SpaceError(str(error), error.path[1:]) from None

    def encode(
        self, configs: Samples | Sequence[Mapping[str, Any]]
    ) -> tuple[NDArray[np.float64], Mask]:
        """Returns places in the unit cube and a mask of the active ones, both ``(n, d)``.

        Choices lie in the middles of equal cells, ``EXP`` types on a logarithmic scale, lists take
        several columns; inactive parameters lie at 0.5.
        """
        return encoding.to_cube(
            configs if isinstance(configs, Samples) else self.from_dicts(configs)
        )

    def decode(self, places: ArrayLike) -> Samples:
        """Returns the configurations at places ``(n, d)`` of the unit cube.

        Every place has one, uniform places have the distribution of ``sample``, and
        ``decode(encode(x))`` is ``x`` (real numbers to rounding). Coordinates beyond the cube
        count as its border. A place whose configuration is forbidden stands for an allowed one
        nearby, the same at every call.

        Raises:
            SpaceError: Another shape, or a coordinate that is not finite.
        """
        return encoding.from_cube(self._structure, places)

    def neighbours(
        self, config: Mapping[str, Any], rng: Random, n: int = 1
    ) -> list[dict[str, Any]]:
        """Returns ``n`` configurations that differ from ``config`` in one active parameter.

        Which one is drawn uniformly; it is moved a little: a number by about a tenth of its
        range, a choice to another one, a list at one position. Parameters that this activates are
        drawn anew. Fewer come back only where (nearly) every neighbour is forbidden or the
        configuration is the only one.
        """
        found = near(self.from_dicts([config]), n, np.random.default_rng(rng))
        return found.to_dicts() if found is not None else []

    def grid(self, points: int = 5) -> list[dict[str, Any]]:
        """Returns all combinations of grid points, the last parameter varying fastest.

        A number has ``points`` values (its own ``slice`` goes before), both ends among them,
        evenly spread, for ``EXP`` types in the logarithm; choices and lists have all their values.
        Combinations that differ in inactive parameters alone occur once, forbidden ones not.

        Raises:
            SpaceError: More than a million combinations.
        """
        return grid.grid(self._structure, points).to_dicts()

    def to_config(self) -> dict[str, Any]:
        """Returns the space as plain data, from which ``from_config`` makes an equal one."""
        parts: dict[str, Any] = {
            "type": "SearchSpace",
            "hyperparameters": [
                {"key": name, **kind.to_config()} for name, kind in self.parameters.items()
            ],
        }
        if self.conditions:
            parts["condition"] = [condition.to_config() for condition in self.conditions]
        if self.forbidden:
            parts["forbidden"] = [dict(clause) for clause in self.forbidden]
        return parts

    @cached_property
    def signature(self) -> str:
        """The SHA-256 of the canonical JSON of ``to_config()``."""
        text = json.dumps(self.to_config(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def describe(self) -> str:
        """Returns a table of the parameters, their ranges and conditions."""
        return describe(self._structure)

    def __or__(self, other: SearchSpace) -> SearchSpace:
        """Returns the space of both; a name in both is an error."""
        twice = [name for name in self.names if name in other.parameters]
        if twice:
            raise SpaceError(f"both search spaces have {', '.join(map(repr, twice))}")
        return SearchSpace(
            {**self.parameters, **other.parameters},
            [*self.conditions, *other.conditions],
            [*self.forbidden, *other.forbidden],
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SearchSpace) and self.signature == other.signature

    def __hash__(self) -> int:
        return hash(self.signature)

    def __len__(self) -> int:
        return len(self.parameters)

    def __repr__(self) -> str:
        return f"SearchSpace({', '.join(self.names)})"


def as_space(space: SearchSpace | Mapping[str, Any]) -> SearchSpace:
    """Returns a space given as one, as a configuration or in the short form."""
    if isinstance(space, SearchSpace):
        return space
    if isinstance(space, Mapping) and "hyperparameters" in space:
        return SearchSpace.from_config(space)
    return SearchSpace.from_dict(space)
