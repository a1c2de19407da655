"""The exporter of TensorFlow Lite files."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, final

import tensorflow as tf

from vega_backend_tf.served import SIGNATURE, arrays_of, numpy_of, write_served
from vega_core.errors import ModelError
from vega_core.exchange import Exportable, Exporter
from vega_core.exchange.comparison import DisagreementError
from vega_core.exchange.model import Arrays, Predict
from vega_core.nn import Graph

_LACKING: Final = re.compile(r"'tf\.(\w+)' op")


@final
class TFLiteExporter(Exporter):
    """Writes a TensorFlow Lite file, for phones and small devices; weights stay float32.

    Its signature ``serving_default`` takes the inputs by name, in batches of any size, and gives
    the outputs by name.
    """

    suffix = ".tflite"

    def _write(self, model: Exportable, path: Path) -> Mapping[str, Any]:
        with TemporaryDirectory(prefix="vega-") as folder:
            saved = Path(folder) / "model"
            write_served(model, saved)
            converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
            try:
                content = converter.convert()
            except Exception as error:  # its own kinds are not public
                raise ModelError(_told(str(error))) from error
        path.write_bytes(content)
        return {"tensorflow": str(tf.__version__)}

    def _load(self, path: Path, graph: Graph) -> Predict:
        with warnings.catch_warnings():
            # It will move to a package of its own; the files are the same.
            warnings.simplefilter("ignore")
            interpreter = tf.lite.Interpreter(model_path=str(path), num_threads=1)

        def predict(batch: Arrays) -> Arrays:
            try:
                run = interpreter.get_signature_runner(SIGNATURE)
                return numpy_of(run(**arrays_of(graph, batch)))
            except (RuntimeError, ValueError) as error:
                raise DisagreementError(f"TensorFlow Lite cannot run the model: {error}") from error

        return predict


def _told(message: str) -> str:
    """Returns what the converter says, which is many pages."""
    lacking = sorted({*_LACKING.findall(message)})
    if lacking:
        return f"TensorFlow Lite has no {', '.join(lacking)}; export to savedmodel"
    return f"TensorFlow Lite cannot express the network: {message.strip().splitlines()[-1]}"
