"""A table of how long operators take, to estimate networks from."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from vega_core.errors import DataError, ModelError
from vega_core.exchange.optional import need
from vega_core.measure.session import latency
from vega_core.measure.units import units
from vega_core.nn import Graph, TensorSpec, ops
from vega_core.nn.graph import Node
from vega_core.nn.shapes import BATCH
from vega_core.store.atomic import write_json

_FORMAT: Final = 1
_SHOWN: Final = 5
_NEXT_TO_NOTHING: Final = Graph(
    {"x": TensorSpec((BATCH, 1))},
    {},
    {},
    (Node("y", ops.Relu(), ("x",)),),
    {"output": "y"},
    {"x": TensorSpec((BATCH, 1)), "y": TensorSpec((BATCH, 1))},
)
"""Takes as long as a call does."""


@dataclass(frozen=True)
class LatencyTable:
    """Latencies of units under one runtime, batch size and number of threads.

    The sum over a network's units leaves out what joins them, and counts changes of layout that a
    whole network makes once. So it is scaled, as fits networks that were measured whole.

    Attributes:
        operators: Milliseconds of a unit by its signature, without those of the call.
        batch: Samples in a batch.
        threads: Threads of one operator.
        runtime: Name and version of what ran them.
        scale: Factor of the sum.
        offset_ms: What is added to it: what a call takes by itself.
        errors: Of the estimates of networks that were measured whole, as fractions of what was
            measured; it is scaled by the same networks.
    """

    operators: Mapping[str, float]
    batch: int
    threads: int
    runtime: str
    scale: float = 1.0
    offset_ms: float = 0.0
    errors: Sequence[float] = ()

    def estimate(self, graph: Graph) -> float:
        """Returns the estimated milliseconds of a network.

        Raises:
            ModelError: The table lacks units of it; names them.
        """
        return self.scale * self._sum(graph) + self.offset_ms

    def calibrated(self, graphs: Sequence[Graph], latencies_ms: Sequence[float]) -> LatencyTable:
        """Returns the table scaled so that estimates of networks fit what was measured of them.

        It minimises the squares of the relative errors.
        """
        sums = np.array([self._sum(graph) for graph in graphs])
        measured = np.asarray(latencies_ms, dtype=np.float64)
        share = sums / measured
        scale = float(share @ (1 - self.offset_ms / measured) / (share @ share))
        errors = (scale * sums + self.offset_ms) / measured - 1
        return replace(self, scale=scale, errors=errors.tolist())

    def save(self, path: Path) -> None:
        """Writes the table as JSON."""
        write_json(path, {"format": _FORMAT, **asdict(self)})

    @classmethod
    def load(cls, path: Path) -> LatencyTable:
        """Reads a table.

        Raises:
            DataError: The file cannot be read, or is no such table.
        """
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if data.pop("format") != _FORMAT:
                raise DataError(f"{path} has another format than this version of Vega reads")
            times = {key: _time(ms) for key, ms in data.pop("operators").items()}
            scale, offset = _time(data.pop("scale")), _time(data.pop("offset_ms"))
            errors = [float(one) for one in data.pop("errors")]
            return cls(times, scale=scale, offset_ms=offset, errors=errors, **data)
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}") from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise DataError(
                f"{path} is no table of latencies ({error}); 'vega latency-table' makes one"
            ) from error

    def _sum(self, graph: Graph) -> float:
        needed = Counter(unit.signature for unit in units(graph))
        missing = [signature for signature in needed if signature not in self.operators]
        if missing:
            more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
            raise ModelError(
                f"the table of latencies lacks {', '.join(missing[:_SHOWN])}{more}; measure them "
                "with 'vega latency-table'"
            )
        return sum(self.operators[signature] * count for signature, count in needed.items())


def _time(value: Any) -> float:
    number = float(value)
    if not 0 <= number < math.inf:
        raise ValueError(f"{value!r} is no time")
    return number


def measure_table(
    graphs: Iterable[Graph],
    whole: Sequence[Graph] = (),
    *,
    batch: int = 1,
    threads: int = 1,
    max_seconds: float = 1,
) -> LatencyTable:
    """Measures every unit of some networks under onnxruntime.

    Args:
        graphs: The networks, such as samples of a search space.
        whole: Networks to measure whole too, to calibrate the table by; eight are enough.
        batch: Samples in a batch.
        threads: Threads of one operator.
        max_seconds: The longest that one measurement may take.

    Raises:
        ModelError: A unit cannot be exported.
        NotInstalled: There is no onnxruntime.
    """
    runtime = f"onnxruntime {need('onnxruntime', 'onnx').__version__}"
    found = {unit.signature: unit.graph for graph in (*graphs, *whole) for unit in units(graph)}

    def measured(graph: Graph) -> float:
        return latency(graph, batch=batch, threads=threads, max_seconds=max_seconds).median

    call = measured(_NEXT_TO_NOTHING)
    operators = {signature: max(0.0, measured(graph) - call) for signature, graph in found.items()}
    table = LatencyTable(operators, batch, threads, runtime, offset_ms=call)
    return table.calibrated(whole, [measured(graph) for graph in whole]) if whole else table
