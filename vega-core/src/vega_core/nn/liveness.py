"""How much memory the values of a graph take while it runs.

The graph is run node by node in its order, for one sample and for the outputs alone, as in
evaluation. A value is held from the node that gives it (an input: from the start) until the last
node that reads it has run; outputs are held until the end. Nothing is computed in place and
nothing is fused, so a framework may need less, and its workspace comes on top. Controls, and
parameters used as values, take nothing.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from vega_core.nn.graph import Graph
from vega_core.nn.shapes import TensorSpec


def live_bytes(graph: Graph) -> list[int]:
    """Returns, by node, the bytes of all values that are held while it runs."""
    nodes, specs = graph.nodes, graph.specs
    last: dict[str, int] = {}
    for place, node in enumerate(nodes):
        last.update(dict.fromkeys(node.inputs, place))
    last.update(dict.fromkeys(graph.outputs.values(), len(nodes)))
    sizes = {name: _bytes_of(spec) for name, spec in graph.inputs.items() if name in last}
    held, found = sum(sizes.values()), []
    for place, node in enumerate(nodes):
        names = graph.values(node)
        if node.inputs or not node.params:
            for name in names:
                sizes[name] = _bytes_of(specs[name])
                held += sizes[name]
        found.append(held)
        for name in {*names, *node.inputs}:
            if last.get(name, place) == place:
                held -= sizes.pop(name, 0)
    return found


@lru_cache(maxsize=64)
def size_of(dtype: str) -> int:
    """Returns the bytes of one element."""
    return np.dtype(dtype).itemsize


def _bytes_of(spec: TensorSpec) -> int:
    return spec.per_sample * size_of(spec.dtype)
