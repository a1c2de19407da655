"""What is optional is imported when it is used, and says what installs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vega_core import nn
from vega_core.exchange import to_onnx
from vega_core.plugins import NotInstalled, load_catalog, parameters_of


def test_the_package_imports_nothing_heavy():
    code = (
        "import sys, vega_core.exchange\n"
        "print([m for m in ('onnx', 'onnxruntime', 'numpy', 'torch') if m in sys.modules])\n"
        "import vega_core.exchange.onnx.exporter\n"
        "print([m for m in ('onnx', 'onnxruntime', 'torch', 'pydantic') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "[]"]


@pytest.mark.parametrize("module", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named_with_the_command(module, monkeypatch, tmp_path):
    from vega_core.exchange.optional import need

    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(NotInstalled, match=r"pip install 'vega-core\[onnx\]'") as caught:
        need(module, "onnx")
    assert isinstance(caught.value.__cause__, ImportError)


def test_conversion_needs_onnx(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    graph = nn.trace(nn.Linear(3), {"x": nn.batched((4,))})
    with pytest.raises(NotInstalled, match="onnx cannot be imported"):
        to_onnx(graph, nn.initial_parameters(graph, seed=0))


def test_the_exporter_is_a_component_without_onnx(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    cls = load_catalog().load("exporter", "onnx")
    assert [parameter.name for parameter in parameters_of(cls)] == ["opset"]
