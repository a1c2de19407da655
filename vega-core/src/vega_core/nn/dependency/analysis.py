"""Which channels of a graph can only be removed, or copied, together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vega_core.errors import ModelError, suggest
from vega_core.nn.dependency.labels import Ids, Labels
from vega_core.nn.dependency.rules import rule_of
from vega_core.nn.dependency.spot import FIXED, MIXED, SUMMED, Arrays, Axes, Spot
from vega_core.nn.graph import Graph

STAYS = -1
"""The unit of what cannot be removed."""


@dataclass(frozen=True, eq=False)
class Group:
    """Units that touch the same axes, so that one may be chosen as well as another.

    Attributes:
        values: Names of the values that have them, in the graph's order; the first is made by the
            node of its name.
        units: Their numbers.
        parameters: For each parameter and axis that they touch, the unit at each place along it.
        mixed: Nodes by which other channels depend on how many of these there are: normalizations
            over several channels, means, softmax. Elsewhere removing a unit is as if its values
            were zero.
    """

    values: tuple[str, ...]
    units: Ids
    parameters: Mapping[tuple[str, int], Ids]
    mixed: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Dependencies:
    """The units of a graph: what must be removed together has one number.

    A unit is a channel in all the places where it stands: in the weights that make it, in the
    normalizations and sums that it goes through, in each place of a flattened picture, and in
    the weights that take it.

    Attributes:
        count: Number of units; they are 0, 1, ...
        values: For each axis of each value, the unit at each place; `STAYS` (-1) where it cannot be
            removed, and None where nothing of the axis can.
        parameters: The same of each parameter.
        takes: Name and axis of the parameters that are multiplied with units and summed up.
        fixed: Why places of `STAYS` stay, by value name.
        summed: Names of the nodes that add units up without weights, by unit.
        mixed: Names of the nodes by which other channels depend on how many there are, by unit.
    """

    count: int
    values: Mapping[str, Axes]
    parameters: Mapping[str, Axes]
    takes: frozenset[tuple[str, int]]
    fixed: Mapping[str, tuple[str, ...]]
    summed: Mapping[int, tuple[str, ...]]
    mixed: Mapping[int, tuple[str, ...]]

    def units_of(self, value: str, channels: Iterable[int]) -> Ids:
        """Returns the units of some channels (axis 1) of a value.

        Raises:
            ModelError: There is no such value or channel, or one cannot be removed; says why.
        """
        axes = self.values.get(value)
        if axes is None or len(axes) < 2:
            raise ModelError(f"{value!r} is no value with channels{suggest(value, self.values)}")
        places = np.asarray(list(channels), np.int64)
        units = axes[1]
        if units is None:
            raise ModelError(f"no channel of {value!r} can be removed{self._because(value)}")
        outside = places[(places < 0) | (places >= len(units))]
        if outside.size:
            raise ModelError(f"{value!r} has the channels 0 to {len(units) - 1}, not {outside[0]}")
        found = units[places]
        if (found == STAYS).any():
            channel = int(places[found == STAYS][0])
            raise ModelError(
                f"channel {channel} of {value!r} cannot be removed{self._because(value)}"
            )
        return found

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The units in groups, in the order in which the graph makes them."""
        which = self._group_of_units()
        makers: dict[int, dict[str, None]] = {}
        touched: dict[int, dict[tuple[str, int], Ids]] = {}
        for name, axis, units in _entries(self.parameters):
            for number in np.unique(which[units[units != STAYS]]).tolist():
                own = np.where((units != STAYS) & (which[units] == number), units, STAYS)
                touched.setdefault(number, {})[name, axis] = own
        for name, _, units in _entries(self.values):
            for number in np.unique(which[units[units != STAYS]]).tolist():
                makers.setdefault(number, {})[name] = None
        groups = []
        for number, values in makers.items():
            units = np.flatnonzero(which == number)
            mixed = dict.fromkeys(n for unit in units.tolist() for n in self.mixed.get(unit, ()))
            groups.append(Group(tuple(values), units, touched.get(number, {}), tuple(mixed)))
        return tuple(groups)

    def _group_of_units(self) -> Ids:
        """Returns a number for each unit, which those have in common that touch the same axes."""
        signature = np.zeros(self.count, np.uint64)
        for number, (_, _, units) in enumerate(
            (*_entries(self.parameters), *_entries(self.values))
        ):
            present = np.unique(units)
            # Sums of arbitrary numbers tell sets of axes apart.
            mark = np.random.Philox(key=number).random_raw(1)
            signature[present[present != STAYS]] += mark
        return np.asarray(np.unique(signature, return_inverse=True)[1], np.int64).reshape(-1)

    def _because(self, value: str) -> str:
        reasons = self.fixed.get(value, ())
        return f": they {'; they '.join(reasons)}" if reasons else ""


def channel_dependencies(graph: Graph) -> Dependencies:
    """Returns which channels of a graph can only be removed, or copied, together.

    It follows them through sums and products, concatenations and splits, grouped and depthwise
    convolutions, normalizations, shuffles, transposes, reshapes and what is flattened for a dense
    layer. Operators that are not known keep all channels that they read; so do the graph's inputs
    and outputs.

    Args:
        graph: The graph.

    Example:
        >>> from vega_core import nn
        >>> class Net(nn.Network):
        ...     def forward(self, x: nn.Tensor) -> nn.Tensor:
        ...         y = nn.Conv(4, name="stem")(x)
        ...         y = y + nn.Conv(4, name="body")(y)
        ...         return nn.Linear(2, name="fc")(nn.flatten(y))
        >>> graph = nn.trace(Net(), {"x": nn.batched((3, 2, 2))})
        >>> found = nn.channel_dependencies(graph)
        >>> found.count, [int(unit) for unit in found.values["body"][1]]
        (4, [0, 1, 2, 3])
        >>> found.parameters["fc.weight"][1].tolist()
        [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]
    """
    labels, arrays = Labels(), Arrays()
    for name in (*graph.inputs, *graph.controls):
        arrays.values[name] = (None,) * len(graph.specs[name].shape)
    for name, spec in graph.parameters.items():
        arrays.parameters[name] = [None] * len(spec.shape)
    for node in graph.nodes:
        names = graph.values(node)
        specs = [graph.specs[name] for name in node.inputs]
        spot = Spot(node, labels, arrays, specs, [graph.specs[name] for name in names])
        axes = rule_of(type(node.op))(node.op, spot)
        arrays.values.update(zip(names, axes, strict=True))
    for name, value in graph.outputs.items():
        for ids in arrays.values[value]:
            if ids is not None:
                labels.note(FIXED, ids, f"are those of the output {name!r}")
    return _numbered(labels, arrays)


def _entries(arrays: Mapping[str, Axes]) -> Iterator[tuple[str, int, Ids]]:
    for name, axes in arrays.items():
        for axis, ids in enumerate(axes):
            if ids is not None:
                yield name, axis, ids


def _numbered(labels: Labels, arrays: Arrays) -> Dependencies:
    """Returns what has been found with units numbered in the order of their first place."""
    parameters = {name: tuple(axes) for name, axes in arrays.parameters.items()}
    everything = [ids for _, _, ids in (*_entries(arrays.values), *_entries(parameters))]
    roots = labels.find(np.concatenate([np.zeros(0, np.int64), *everything]))
    known, first = np.unique(roots, return_index=True)
    fixed = labels.noted(FIXED)
    free = ~np.isin(known, list(fixed))
    number = np.full(int(known.max(initial=0)) + 1, STAYS)
    ordered = known[free][np.argsort(first[free], kind="stable")]
    number[ordered] = np.arange(len(ordered))

    def units(axes: Axes) -> Axes:
        return tuple([None if ids is None else number[labels.find(ids)] for ids in axes])

    def by_unit(what: str) -> dict[int, tuple[str, ...]]:
        noted = {int(number[root]): names for root, names in labels.noted(what).items()}
        return {unit: names for unit, names in noted.items() if unit != STAYS}

    reasons = {}
    for name, axes in arrays.values.items():
        if len(axes) > 1 and axes[1] is not None:
            found = [
                r for root in np.unique(labels.find(axes[1])) for r in fixed.get(int(root), ())
            ]
            reasons[name] = tuple(dict.fromkeys(found))
    return Dependencies(
        len(ordered),
        {name: units(axes) for name, axes in arrays.values.items()},
        {name: units(axes) for name, axes in parameters.items()},
        frozenset(arrays.takes),
        reasons,
        by_unit(SUMMED),
        by_unit(MIXED),
    )
