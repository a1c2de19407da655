"""What this package provides."""

from __future__ import annotations

from collections.abc import Iterable

from vega_core import Provider, hookimpl


@hookimpl
def vega_backends() -> Iterable[Provider]:
    """Yields the MindSpore backend."""
    yield Provider(
        "ms", "vega_backend_ms.backend:MindSporeBackend", "MindSpore.", aliases=("mindspore",)
    )


@hookimpl
def vega_exporters() -> Iterable[Provider]:
    """Yields the exporters of MindSpore's formats."""
    yield Provider(
        "mindir",
        "vega_backend_ms.export_mindir:MindIRExporter",
        "A graph that MindSpore alone loads and runs.",
        backends=("ms",),
    )
    yield Provider(
        "mindspore",
        "vega_backend_ms.export_checkpoint:CheckpointExporter",
        "A checkpoint: parameters for a Cell that has the graph's names.",
        aliases=("ckpt",),
        backends=("ms",),
    )
