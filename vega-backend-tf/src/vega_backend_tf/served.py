"""A model as one function of named tensors, as TensorFlow saves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from vega_backend_tf.modules import called, outputs_of, own_model
from vega_backend_tf.native import GraphModel
from vega_core.errors import ModelError
from vega_core.exchange.model import Arrays, Exportable
from vega_core.nn import Graph

SIGNATURE = "serving_default"
"""TensorFlow's name of the function that a file is served by."""


def write_served(model: Exportable, path: Path) -> None:
    """Writes a SavedModel whose one function takes batches of any size.

    It is what `Backend.native` returns, in evaluation: a `GraphModel`, or the user's own model.

    Raises:
        ModelError: Keras cannot follow it.
        OSError: The file system refused something.
    """
    graph = model.graph
    own = own_model(graph, model.parameters)
    module = GraphModel(graph, model.parameters) if own is None else own

    def serve(inputs: Mapping[str, Any]) -> dict[str, Any]:
        named = {name: inputs[name] for name in graph.inputs}
        outputs = outputs_of("the network", called(module, named, training=False))
        return {name: outputs[_name_of(name, graph, outputs)] for name in graph.outputs}

    archive = keras.export.ExportArchive()
    archive.track(module)
    try:
        archive.add_endpoint("serve", serve, input_signature=[_signature(graph)])
        with os_errors():
            archive.write_out(str(path), verbose=False)
    except (ValueError, TypeError, AssertionError, tf.errors.OpError) as error:
        raise ModelError(f"TensorFlow cannot save the network: {error}") from error


def arrays_of(graph: Graph, batch: Arrays) -> dict[str, Any]:
    """Returns a batch in the graph's element types."""
    return {name: batch[name].astype(spec.dtype) for name, spec in graph.inputs.items()}


def numpy_of(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Returns tensors on the host."""
    return {name: np.asarray(tensor) for name, tensor in tensors.items()}


@contextmanager
def os_errors() -> Iterator[None]:
    """Turns TensorFlow's errors about files into Python's."""
    errors = tf.errors
    try:
        yield
    except (
        errors.FailedPreconditionError,
        errors.NotFoundError,
        errors.PermissionDeniedError,
        errors.ResourceExhaustedError,
    ) as error:
        raise OSError(error.message) from error


def _signature(graph: Graph) -> dict[str, Any]:
    return {
        name: tf.TensorSpec([None if d < 0 else d for d in spec.shape], spec.dtype, name)
        for name, spec in graph.inputs.items()
    }


def _name_of(name: str, graph: Graph, outputs: Mapping[str, Any]) -> str:
    """Returns what a model calls an output: one that is alone has no name of its own."""
    return name if name in outputs or len(graph.outputs) > 1 else next(iter(outputs))
