"""More channels that compute the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.dependency import STAYS, Resizing, channel_dependencies
from vega_core.nn.dependency.checking import check_order
from vega_core.nn.graph import Graph
from vega_core.nn.rewrites.finding import node_of
from vega_core.nn.rewriting import Rewrite

MOST: Final = 2**20
"""The most channels of a layer; more would only fill the memory."""


@dataclass(frozen=True)
class Widen(Rewrite):
    """Gives a layer more channels, by copies, so that the network computes the same (Net2WiderNet).

    The channels are copied in turn, and what takes them weighs the copies so that they add up to
    one (Chen, Goodfellow and Shlens, Net2Net, 2016, section 2.3). The copies weigh differently, so
    that training moves them apart; the paper adds noise for that. What can only be widened
    together, as the sides of a sum, is.

    Attributes:
        node: Name of the convolution or dense layer.
        channels: Its number of output channels, from now on.

    Example:
        >>> from vega_core import nn
        >>> class Net(nn.Network):
        ...     def forward(self, x: nn.Tensor) -> nn.Tensor:
        ...         return nn.Linear(2, name="out")(nn.relu(nn.Linear(4, name="fc")(x)))
        >>> graph = nn.trace(Net(), {"x": nn.batched((3,))})
        >>> Widen("fc", 6)(graph).parameters["out.weight"].shape
        (2, 6)
    """

    node: str
    channels: int

    def __call__(self, graph: Graph) -> Graph:
        return self._resizing(graph).rewritten()

    def _carry(self, graph: Graph, params: Mapping[str, Array]) -> Mapping[str, Array | None]:
        return self._resizing(graph).arrays(params)

    def _resizing(self, graph: Graph) -> Resizing:
        units = channel_dependencies(graph)
        name = node_of(graph, self.node).name
        axes = units.values[name]
        axis = axes[1] if len(axes) > 1 else None
        if axis is None or (axis == STAYS).all():
            units.units_of(name, [0])  # says why not
            raise ModelError(f"{name!r} has no channels that can be widened")
        resizing = Resizing(graph, units, self._copies(axis, units.count))
        for unit in np.flatnonzero(resizing.copies > 1).tolist():
            if nodes := (*units.mixed.get(unit, ()), *units.summed.get(unit, ())):
                raise ModelError(
                    f"{name!r} cannot be widened: {nodes[0]!r} computes over its channels, so that "
                    "copies would change the result"
                )
        check_order(resizing)
        return resizing

    def _copies(self, axis: Array, count: int) -> Array:
        """Returns how often each unit is to stand so that an axis gets its size."""
        if not len(axis) <= self.channels <= MOST:
            raise ModelError(
                f"{self.node!r} has {len(axis)} channels and may have up to {MOST}, not "
                f"{self.channels}"
            )
        order = list(dict.fromkeys(axis[axis != STAYS].tolist()))
        sizes = [int((axis == unit).sum()) for unit in order]
        rounds, left = divmod(self.channels - len(axis), sum(sizes))
        copies = np.ones(count, np.int64)
        copies[order] += rounds
        for unit, size in zip(order, sizes, strict=True):
            if left <= 0:
                break
            copies[unit] += 1
            left -= size
        if left:
            raise ModelError(
                f"{self.node!r} cannot have {self.channels} channels: some belong together, and "
                f"{self.channels - left} would be the next number"
            )
        return copies
