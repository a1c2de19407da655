"""Where a search gets its new configurations from."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from vega_core.search import Problem, Sampler
from vega_core.search.proposal import Config


class Source(ABC):
    """Gives new configurations, and learns from what became of them.

    The schedule (successive halving, sub-sampling) decides which trial trains for how long; a
    source decides what a new trial is. All randomness comes from the generator that it was made
    with, so that a replay of the same calls gives the same configurations.
    """

    __slots__ = ()

    @abstractmethod
    def draw(self) -> Config:
        """Returns the configuration of a new trial."""

    @abstractmethod
    def learn(self, config: Config, budget: float, values: tuple[float, ...] | None) -> None:
        """Takes the result of an evaluation.

        Args:
            config: The trial's configuration.
            budget: Its cumulative budget.
            values: Objectives to be minimised; None if the evaluation failed.
        """


class RandomSource(Source):
    """Independent draws from the space; learns nothing."""

    __slots__ = ("_sampler",)

    def __init__(self, problem: Problem, rng: np.random.Generator) -> None:
        self._sampler = Sampler(problem.space, rng)

    def draw(self) -> Config:
        return self._sampler.draw()

    def learn(self, config: Config, budget: float, values: tuple[float, ...] | None) -> None:
        """Learns nothing."""
