"""A graph under onnxruntime, ready to be called."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vega_core.arrays import Array
from vega_core.exchange import deployable
from vega_core.exchange.onnx.convert import to_onnx
from vega_core.exchange.optional import need
from vega_core.measure.sample import sample
from vega_core.measure.timing import Timing, pinned, timed
from vega_core.nn import Graph, initial_parameters

_ERRORS_ONLY = 3


def latency(
    graph: Graph,
    parameters: Mapping[str, Array] | None = None,
    *,
    bounds: Mapping[str, int | None] | None = None,
    batch: int = 1,
    threads: int = 1,
    tolerance: float = 0.02,
    max_seconds: float = 10,
) -> Timing:
    """Measures a network under onnxruntime, on as many cores as there are threads.

    Args:
        graph: The network; modes may be open.
        parameters: By name; None for those that the graph begins with.
        bounds: For integer inputs by name, what they stay below.
        batch: Samples in a batch.
        threads: Threads of one operator; operators run one after another.
        tolerance: The spread at which measuring ends.
        max_seconds: Seconds after which it ends in any case.

    Raises:
        ModelError: The graph cannot be exported.
        NotInstalled: There is no onnxruntime.
    """
    given = sample(graph.inputs, batch, bounds)
    with pinned(threads):
        # Made here, so that its threads are pinned too.
        call = session(graph, parameters, given, threads)
        return timed(call, tolerance=tolerance, max_seconds=max_seconds)


def session(
    graph: Graph,
    parameters: Mapping[str, Array] | None,
    batch: Mapping[str, Array],
    threads: int,
) -> Callable[[], object]:
    """Returns a function that predicts one batch, always the same.

    Args:
        graph: The network; modes may be open.
        parameters: By name; None for those that the graph begins with.
        batch: The network's inputs; others are left aside.
        threads: Threads of one operator; operators run one after another.

    Raises:
        ModelError: The graph cannot be exported.
        NotInstalled: There is no onnxruntime.
    """
    runtime = need("onnxruntime", "onnx")
    arrays = initial_parameters(graph, 0) if parameters is None else parameters
    deployed, arrays = deployable(graph, arrays)
    options = runtime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    proto = to_onnx(deployed, arrays)
    loaded = runtime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    given = {
        name: np.ascontiguousarray(batch[name], spec.dtype)
        for name, spec in deployed.inputs.items()
    }
    return lambda: loaded.run(None, given)
