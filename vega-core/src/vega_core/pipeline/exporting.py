"""Trained models on their way to a foreign format."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from vega_core.arrays import Array
from vega_core.backend import Backend, Executable
from vega_core.config.values import faults
from vega_core.data import Field
from vega_core.errors import UserError, suggest
from vega_core.exchange import Exporter
from vega_core.exchange.model import Arrays, Predict
from vega_core.nn.graph import Graph
from vega_core.nn.reference import evaluate
from vega_core.plugins import Catalog, parameters_of
from vega_core.plugins.creating import create


def make_exporter(catalog: Catalog, name: str, options: Mapping[str, Any]) -> Exporter:
    """Returns an exporter with its parameters.

    Raises:
        PluginError: There is none of this name.
        UserError: It has no such parameter, or needs another, or a value is not of its type.
    """
    parameters = parameters_of(catalog.load("exporter", name))
    known = {parameter.name: parameter for parameter in parameters}
    for key, value in options.items():
        if key not in known:
            hint = suggest(key, known) or f"; it has {', '.join(known) or 'none'}"
            raise UserError(f"the exporter '{name}' has no parameter '{key}'{hint}")
        for path, message in faults(known[key], value):
            raise UserError(f"{'.'.join(map(str, (key, *path)))} of '{name}': {message}")
    exporter: Exporter = create(catalog.load, "exporter", {**options, "type": name})
    return exporter


def predictor(
    graph: Graph, parameters: Arrays, against: str, catalog: Catalog, backend: str
) -> Predict:
    """Returns what an exported model is held against, as a function of a batch.

    The backend is made when it is first asked. It runs on the host, in full precision: on a GPU
    PyTorch rounds the inputs of convolutions to 10 bits unless it is told not to.

    Args:
        graph: The network.
        parameters: Its parameters.
        against: ``backend`` or ``reference``.
        catalog: Finds the backend.
        backend: Its name.
    """
    if against == "reference":
        return lambda batch: evaluate(graph, parameters, batch).outputs
    if against != "backend":
        raise UserError(f"against={against!r}: expected 'backend' or 'reference'")
    compiled = lru_cache(
        lambda: _on_the_host(create(catalog.load, "backend", backend), graph, parameters)
    )
    return lambda batch: compiled().predict(batch)


def _on_the_host(backend: Backend, graph: Graph, parameters: Arrays) -> Executable:
    devices = backend.devices()
    host = next((device for device in devices if device.kind == "cpu"), devices[0])
    return backend.compile(graph, backend.store(parameters, host))


def random_samples(fields: Mapping[str, Field], count: int) -> dict[str, Array]:
    """Returns made-up samples, the same each time, as a dataset would give them.

    Fractions are normal; indices below their bound; bytes from 0 to 255; other numbers 0 or 1.
    """
    rng = np.random.default_rng(0)
    return {name: _drawn(field, count, rng) for name, field in fields.items()}


def _drawn(field: Field, count: int, rng: np.random.Generator) -> Array:
    shape, dtype = (count, *field.padded_shape), np.dtype(field.dtype)
    if np.issubdtype(dtype, np.floating):
        return rng.standard_normal(shape).astype(dtype)
    bound = field.bound or (256 if dtype == np.uint8 else 2)
    return np.asarray(rng.integers(0, bound, shape)).astype(dtype)
