"""What the tests of exporters share; without onnx only those that need none are run."""

from __future__ import annotations

from importlib.util import find_spec

READING = ["", "_fuzz", "_operators", "_torch", "_variants"]
NEED_ONNX = [
    *("networks", "onnx_exporter", "onnx_graphs", "onnx_operators"),
    *(f"onnx_reading{part}" for part in READING),
]
installed = find_spec("onnx") and find_spec("onnxruntime")
collect_ignore = [] if installed else [f"test_{name}.py" for name in NEED_ONNX]
