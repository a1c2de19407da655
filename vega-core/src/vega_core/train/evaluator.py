"""The evaluator contract: measures of a model beside those of its trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from vega_core.train.context import Context
from vega_core.train.model import Model


class Evaluator(ABC):
    """Measures a model before training (from its graph), after it, or instead of it.

    Attributes:
        analytic: Whether it needs the graph alone, so that a step can use it before training.
    """

    analytic: bool = False

    @abstractmethod
    def evaluate(self, model: Model, context: Context) -> Mapping[str, float]:
        """Returns metrics by name, with units in their names (``latency_ms``)."""


class Statistics(Evaluator):
    """Counts parameters and multiply-adds (``params``, ``macs``) of the graph, for one sample.

    Of a module of a framework's own the multiply-adds are not known: there is no ``macs`` then.
    """

    analytic = True

    def evaluate(self, model: Model, context: Context) -> Mapping[str, float]:  # noqa: ARG002
        statistics = model.graph.stats()
        params = {"params": float(statistics.params)}
        return params if statistics.uncounted else {**params, "macs": float(statistics.macs)}
