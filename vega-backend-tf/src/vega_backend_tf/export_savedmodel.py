"""The exporter of TensorFlow's SavedModel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, final

import tensorflow as tf

from vega_backend_tf.served import SIGNATURE, arrays_of, numpy_of, write_served
from vega_core.exchange import Exportable, Exporter
from vega_core.exchange.model import Arrays, Predict
from vega_core.nn import Graph

_EXTRA: Final = "assets.extra"
"""Where TensorFlow leaves files alone that it does not know."""


@final
class SavedModelExporter(Exporter):
    """Writes a SavedModel, a folder that TensorFlow alone loads and runs.

    ``tf.saved_model.load(folder).signatures["serving_default"]`` takes the inputs by name, in
    batches of any size, and gives the outputs by name. Its variables have the graph's names.
    """

    suffix = ""

    def _write(self, model: Exportable, path: Path) -> Mapping[str, Any]:
        write_served(model, path)
        about = {"description": model.description, **model.about}
        (path / _EXTRA).mkdir()
        (path / _EXTRA / "vega.json").write_text(json.dumps(about), encoding="utf-8")
        return {"tensorflow": str(tf.__version__)}

    def _load(self, path: Path, graph: Graph) -> Predict:
        loaded = tf.saved_model.load(str(path))
        serve = loaded.signatures[SIGNATURE]

        def predict(batch: Arrays) -> Arrays:
            given = {name: tf.constant(x) for name, x in arrays_of(graph, batch).items()}
            _ = loaded  # which owns the variables
            return numpy_of(serve(**given))

        return predict
