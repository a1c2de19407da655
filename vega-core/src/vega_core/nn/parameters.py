"""Parameters at the start of training, the same for every backend."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from vega_core.nn.graph import Graph


def initial_parameters(graph: Graph, seed: int) -> dict[str, NDArray[np.float32]]:
    """Returns every parameter and statistic of a graph as it begins.

    An array is a function of the seed and the parameter's name and specification alone: other
    parameters, their order and the backend have no part in it.

    Args:
        graph: The graph.
        seed: The trial's seed.
    """
    arrays = {}
    for name, spec in graph.parameters.items():
        digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
        rng = np.random.Generator(np.random.Philox(int.from_bytes(digest[:16], "little")))
        arrays[name] = spec.init(rng, spec.shape).astype(spec.dtype, copy=False)
    return arrays
