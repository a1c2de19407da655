"""The evaluators of latency: measured, and estimated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vega_core.errors import ConfigError
from vega_core.exchange.optional import need
from vega_core.measure.session import latency
from vega_core.measure.table import LatencyTable
from vega_core.train.context import Context
from vega_core.train.evaluator import Evaluator
from vega_core.train.model import Model


class OnnxLatency(Evaluator):
    """Measures how long the trained model takes under onnxruntime on this machine's CPU.

    The model is exported, loaded with a fixed number of threads, kept to as many cores, warmed up,
    and called until its quiet runs agree. It reports ``latency_ms``, the median of them,
    ``latency_p90_ms`` and ``latency_p99_ms`` of all calls, and ``latency_spread``, how far the
    quiet runs were apart as a fraction of the median; one that is much larger than ``tolerance``
    says that the machine was busy. Trials on other workers are such work: for figures that decide
    something leave cores free (``workers``).

    Args:
        batch: Samples in a batch.
        threads: Threads of one operator.
        tolerance: The spread at which measuring ends.
        max_seconds: Seconds after which it ends in any case.
    """

    def __init__(
        self,
        *,
        batch: int = 1,
        threads: int = 1,
        tolerance: float = 0.02,
        max_seconds: float = 10,
    ) -> None:
        for name, value in (("batch", batch), ("threads", threads)):
            if value < 1:
                raise ConfigError(f"evaluator: {name} must be at least 1, not {value}")
        for name, number in (("tolerance", tolerance), ("max_seconds", max_seconds)):
            if not number > 0:
                raise ConfigError(f"evaluator: {name} must be above 0, not {number}")
        need("onnxruntime", "onnx")
        self._batch, self._threads = batch, threads
        self._tolerance, self._max_seconds = tolerance, max_seconds

    def evaluate(self, model: Model, context: Context) -> Mapping[str, float]:  # noqa: ARG002
        """Returns the metrics.

        Raises:
            ModelError: The model cannot be exported.
        """
        found = latency(
            model.graph,
            model.parameters,
            bounds={name: field.bound for name, field in model.inputs.items()},
            batch=self._batch,
            threads=self._threads,
            tolerance=self._tolerance,
            max_seconds=self._max_seconds,
        )
        return {
            "latency_ms": found.median,
            "latency_p90_ms": found.p90,
            "latency_p99_ms": found.p99,
            "latency_spread": found.spread,
        }


class LatencyEstimate(Evaluator):
    """Estimates the latency of a network from a table of its operators'.

    It reports ``latency_estimate_ms``. Nothing is exported or run, so constraints on it are checked
    before anything is trained. ``vega latency-table`` makes tables.

    Args:
        table: The table's file.
    """

    analytic = True

    def __init__(self, *, table: Path) -> None:
        self._table = LatencyTable.load(Path(table))

    def evaluate(self, model: Model, context: Context) -> Mapping[str, float]:  # noqa: ARG002
        """Returns the metric.

        Raises:
            ModelError: The table lacks operators of the network.
        """
        return {"latency_estimate_ms": self._table.estimate(model.graph)}
