"""Models in foreign formats: the contract of exporters, ONNX out of a graph and into one.

The names below are imported when they are first used; ONNX itself when something is exported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vega_core._lazy import lazy_names

if TYPE_CHECKING:
    from vega_core.exchange.comparison import Agreement as Agreement
    from vega_core.exchange.comparison import DisagreementError as DisagreementError
    from vega_core.exchange.comparison import compare as compare
    from vega_core.exchange.exporter import Exported as Exported
    from vega_core.exchange.exporter import Exporter as Exporter
    from vega_core.exchange.model import Exportable as Exportable
    from vega_core.exchange.onnx.convert import to_onnx as to_onnx
    from vega_core.exchange.onnx.exporter import OnnxExporter as OnnxExporter
    from vega_core.exchange.onnx.site import Site as Site
    from vega_core.exchange.prepare import deployable as deployable

_HOMES = {
    "Agreement": "vega_core.exchange.comparison",
    "DisagreementError": "vega_core.exchange.comparison",
    "Exportable": "vega_core.exchange.model",
    "Exported": "vega_core.exchange.exporter",
    "Exporter": "vega_core.exchange.exporter",
    "OnnxExporter": "vega_core.exchange.onnx.exporter",
    "Site": "vega_core.exchange.onnx.site",
    "compare": "vega_core.exchange.comparison",
    "deployable": "vega_core.exchange.prepare",
    "to_onnx": "vega_core.exchange.onnx.convert",
}

__all__ = sorted(_HOMES)

__getattr__ = lazy_names(__name__, _HOMES)
