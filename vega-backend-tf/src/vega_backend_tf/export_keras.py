"""The exporter of Keras files."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, final

import keras

from vega_backend_tf.functional.build import functional
from vega_backend_tf.modules import called, outputs_of, own_model
from vega_backend_tf.served import arrays_of, numpy_of
from vega_core.backend import Native
from vega_core.errors import ModelError
from vega_core.exchange import Exportable, Exporter
from vega_core.exchange.comparison import DisagreementError
from vega_core.exchange.model import Arrays, Predict
from vega_core.nn import Graph

_ABOUT: Final = "vega.json"


@final
class KerasExporter(Exporter):
    """Writes a functional model of Keras's own layers, which Keras alone loads and trains on.

    ``keras.saving.load_model(file)`` takes the inputs in batches of any size: one array, or several
    by name. Layers have the names of the network's modules. A user's own model is saved as it is,
    and loaded where its class is known.
    """

    suffix = ".keras"

    def _write(self, model: Exportable, path: Path) -> Mapping[str, Any]:
        own = own_model(model.graph, model.parameters)
        saved = functional(model.graph, model.parameters) if own is None else own
        try:
            saved.save(path)
        except (TypeError, ValueError, NotImplementedError) as error:
            raise ModelError(f"Keras cannot save the network: {error}") from error
        about = {"description": model.description, **model.about}
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(_ABOUT, json.dumps(about))
        return {"keras": str(keras.__version__)}

    def _load(self, path: Path, graph: Graph) -> Predict:
        own = [node.op.recipe.component for node in graph.nodes if isinstance(node.op, Native)]
        known = {one.__name__: one for one in own if isinstance(one, type)}
        try:
            loaded = keras.saving.load_model(path, custom_objects=known, compile=False)
        except (TypeError, ValueError) as error:
            raise DisagreementError(f"Keras cannot load the model: {error}") from error

        def predict(batch: Arrays) -> Arrays:
            result = called(loaded, arrays_of(graph, batch), training=False)
            outputs = outputs_of("the model", result)
            if len(graph.outputs) == 1:
                outputs = dict(zip(graph.outputs, outputs.values(), strict=False))
            return numpy_of({name: outputs[name] for name in graph.outputs})

        return predict
