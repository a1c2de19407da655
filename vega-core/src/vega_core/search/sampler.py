"""Random configurations, drawn in batches."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from vega_core.search.proposal import Config
from vega_core.space import SearchSpace

_BATCH: Final = 256


class Sampler:
    """A stream of independent configurations; drawn in batches, which is much cheaper.

    The stream is a function of the space and the generator's state at the start, as long as
    nothing else draws from that generator.
    """

    __slots__ = ("_drawn", "_rng", "_space")

    def __init__(self, space: SearchSpace, rng: np.random.Generator) -> None:
        self._space = space
        self._rng = rng
        self._drawn: deque[Config] = deque()

    def draw(self) -> Config:
        """Returns the next configuration."""
        if not self._drawn:
            self._drawn.extend(self._space.sample(_BATCH, self._rng, as_dicts=True))
        return self._drawn.popleft()
