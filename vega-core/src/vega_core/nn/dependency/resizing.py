"""A graph in which some channels are left out, or stand several times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.dependency.analysis import STAYS, Dependencies
from vega_core.nn.dependency.fitting import Fit, fitted
from vega_core.nn.dependency.labels import Ids
from vega_core.nn.dependency.spot import Axis
from vega_core.nn.graph import Graph
from vega_core.nn.rewriting import Site, rewritten
from vega_core.nn.tensor import Tensor


@dataclass(frozen=True, eq=False)
class Resizing:
    """How often each unit of a graph shall stand in another.

    Attributes:
        graph: The graph.
        units: Its units.
        copies: How often, by unit: 0 leaves it out.
    """

    graph: Graph
    units: Dependencies
    copies: Ids

    @cached_property
    def places(self) -> Mapping[str, tuple[Ids | None, ...]]:
        """For each axis of each value, the old place at each new one; None where all stay.

        Raises:
            ModelError: Nothing would be left of an axis.
        """
        found = {}
        for name, axes in self.units.values.items():
            found[name] = tuple([self.sources(axis) for axis in axes])
            for axis, places in enumerate(found[name]):
                if places is not None and not places.size:
                    raise ModelError(
                        f"{name!r} would keep none of its {self.graph.specs[name].shape[axis]} "
                        "channels; leave one"
                    )
        return found

    def sources(self, axis: Axis) -> Ids | None:
        """Returns the old place at each new one along an axis; None where all stay.

        Copies stand beside one another; what lies together of one unit, as the pixels of a
        channel that is flattened, is copied as one.
        """
        if axis is None or (self.copies[axis[axis != STAYS]] == 1).all():
            return None
        return self._laid_out(axis)[0]

    def shares(self, axis: Ids) -> Array:
        """Returns what each new place along an axis counts, so that copies add up to one.

        The k-th of m copies counts 2k / (m (m + 1)): as copies count differently, training moves
        them apart.
        """
        _, copy, total = self._laid_out(axis)
        shares: Array = 2 * (copy + 1) / (total * (total + 1))
        return shares

    def rewritten(self) -> Graph:
        """Returns the graph in which every operator has its new sizes.

        Raises:
            ModelError: Nothing would be left of an axis, or an operator cannot be resized.
        """
        places = self.places

        def edit(site: Site) -> tuple[Tensor, ...]:
            names = self.graph.values(site.node)
            fit = Fit(
                [self.graph.specs[name].shape for name in site.node.inputs],
                [self.graph.specs[name].shape for name in names],
                [places[name] for name in site.node.inputs],
                [places[name] for name in names],
            )
            return site.keep(fitted(site.node.op, fit))

        return rewritten(self.graph, edit)

    def arrays(self, params: Mapping[str, Array]) -> dict[str, Array]:
        """Returns the parameters that change, with what they take of copies shared out."""
        found = {}
        for name, axes in self.units.parameters.items():
            array = params[name]
            for axis, units in enumerate(axes):
                places = self.sources(units)
                if units is None or places is None:
                    continue
                array = np.take(array, places, axis)
                if (name, axis) in self.units.takes:
                    sizes = [1] * array.ndim
                    sizes[axis] = -1
                    array = array * self.shares(units).reshape(sizes).astype(array.dtype)
            if array is not params[name]:
                found[name] = array
        return found

    def _laid_out(self, axis: Ids) -> tuple[Ids, Ids, Ids]:
        """Returns the old place, the copy's number and how many there are, at each new place."""
        starts = np.flatnonzero(np.diff(axis, prepend=axis[:1] - 1))
        lengths = np.diff(starts, append=len(axis))
        copies = np.where(axis[starts] == STAYS, 1, self.copies[axis[starts]])
        runs = np.repeat(np.arange(len(starts)), copies)
        ends = np.cumsum(copies)
        copy = np.arange(len(runs)) - np.repeat(ends - copies, copies)
        inside = np.arange(int(lengths[runs].sum())) - np.repeat(
            np.cumsum(lengths[runs]) - lengths[runs], lengths[runs]
        )
        places = np.repeat(starts[runs], lengths[runs]) + inside
        return places, np.repeat(copy, lengths[runs]), np.repeat(copies[runs], lengths[runs])
