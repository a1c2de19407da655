"""Fewer channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.dependency import Resizing, channel_dependencies
from vega_core.nn.graph import Graph
from vega_core.nn.rewriting import Rewrite
from vega_core.nn.values import coerced


@dataclass(frozen=True)
class PruneChannels(Rewrite):
    """Removes channels, and with each all that can only go together with it.

    A channel goes wherever it stands: in the weights that make it, in normalizations, on all sides
    of a sum, at the same place of every group, in each pixel of what is flattened, and in the
    weights that take it; see `vega_core.nn.channel_dependencies`. The others keep their
    parameters, so the network computes what it did with those channels zero.

    Attributes:
        remove: Numbers of the channels (axis 1), by the name of the node that gives them.

    Example:
        >>> from vega_core import nn
        >>> class Net(nn.Network):
        ...     def forward(self, x: nn.Tensor) -> nn.Tensor:
        ...         x = nn.BatchNorm(name="norm")(nn.Conv(8, name="conv")(x))
        ...         return nn.Linear(2, name="fc")(nn.flatten(x))
        >>> graph = nn.trace(Net(), {"x": nn.batched((3, 2, 2))})
        >>> new = PruneChannels({"conv": [0, 3]})(graph)
        >>> new.parameters["norm.weight"].shape, new.parameters["fc.weight"].shape
        ((6,), (2, 24))
    """

    remove: Mapping[str, Sequence[int]]

    def __post_init__(self) -> None:
        for name, channels in self.remove.items():
            coerced(channels, Sequence[int], f"remove.{name}")

    def __call__(self, graph: Graph) -> Graph:
        return self._resizing(graph).rewritten()

    def _carry(self, graph: Graph, params: Mapping[str, Array]) -> Mapping[str, Array | None]:
        return self._resizing(graph).arrays(params)

    def _resizing(self, graph: Graph) -> Resizing:
        units = channel_dependencies(graph)
        copies = np.ones(units.count, np.int64)
        for name, channels in self.remove.items():
            if len(set(channels)) != len(channels):
                raise ModelError(f"{name!r}: a channel is named twice in {list(channels)}")
            copies[units.units_of(name, channels)] = 0
        return Resizing(graph, units, copies)
