"""What this package provides."""

from __future__ import annotations

from collections.abc import Iterable

from vega_core import Provider, hookimpl


@hookimpl
def vega_backends() -> Iterable[Provider]:
    """Yields the TensorFlow backend."""
    yield Provider(
        "tf",
        "vega_backend_tf.backend:TensorFlowBackend",
        "TensorFlow.",
        aliases=("tensorflow", "keras"),
    )


@hookimpl
def vega_exporters() -> Iterable[Provider]:
    """Yields the exporters of TensorFlow's and Keras's formats."""
    formats = (
        ("keras", "export_keras:KerasExporter", "A model of Keras's own layers."),
        ("savedmodel", "export_savedmodel:SavedModelExporter", "A folder for TensorFlow alone."),
        ("tflite", "export_tflite:TFLiteExporter", "TensorFlow Lite, for small devices."),
    )
    for name, place, summary in formats:
        yield Provider(name, f"vega_backend_tf.{place}", summary, backends=("tf",))
