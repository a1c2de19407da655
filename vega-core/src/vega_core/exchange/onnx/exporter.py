"""The exporter of ONNX files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from vega_core.errors import ModelError
from vega_core.exchange.comparison import DisagreementError
from vega_core.exchange.exporter import Exporter
from vega_core.exchange.model import Arrays, Exportable, Predict
from vega_core.exchange.onnx.convert import OPSET, to_onnx
from vega_core.exchange.optional import need
from vega_core.nn.graph import Graph

_LIMIT = 2**31
"""Bytes of one message of protobuf."""
_ERRORS_ONLY = 3


@final
class OnnxExporter(Exporter):
    """Writes ONNX files, which take batches of any size; checked with onnx and onnxruntime.

    Args:
        opset: The version of ONNX's operators; an older one for a runtime that needs it.
    """

    suffix = ".onnx"

    def __init__(self, *, opset: int = OPSET) -> None:
        self.opset = opset

    def _write(self, model: Exportable, path: Path) -> Mapping[str, Any]:
        onnx = need("onnx", "onnx")
        proto = to_onnx(
            model.graph,
            model.parameters,
            opset=self.opset,
            name=str(model.description.get("type", "vega")),
            about={"description": model.description, **model.about},
        )
        if proto.ByteSize() >= _LIMIT:
            raise ModelError(
                f"the model takes {proto.ByteSize() / 2**30:.1f} GiB, and an ONNX file at most 2"
            )
        try:
            onnx.checker.check_model(proto, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
            raise ModelError(f"onnx refuses the model at opset {self.opset}: {error}") from error
        path.write_bytes(proto.SerializeToString())
        return {"opset": self.opset}

    def _load(self, path: Path, graph: Graph) -> Predict:
        runtime = need("onnxruntime", "onnx")
        options = runtime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        try:
            session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its own kinds are not public
            raise DisagreementError(f"onnxruntime cannot load the model: {error}") from error

        def predict(batch: Arrays) -> Arrays:
            given = {name: batch[name].astype(spec.dtype) for name, spec in graph.inputs.items()}
            # In the graph's order: a name that an input has too is another in the file.
            return dict(zip(graph.outputs, session.run(None, given), strict=True))

        return predict
