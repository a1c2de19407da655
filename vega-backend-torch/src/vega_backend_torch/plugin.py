"""What this package provides."""

from __future__ import annotations

from collections.abc import Iterable

from vega_core import Provider, hookimpl


@hookimpl
def vega_backends() -> Iterable[Provider]:
    """Yields the PyTorch backend."""
    yield Provider(
        "torch", "vega_backend_torch.backend:TorchBackend", "PyTorch.", aliases=("pytorch",)
    )


@hookimpl
def vega_exporters() -> Iterable[Provider]:
    """Yields the exporter of PyTorch programs."""
    yield Provider(
        "torch",
        "vega_backend_torch.export:TorchExporter",
        "A program that PyTorch alone loads and runs.",
        aliases=("pytorch", "pt2"),
        backends=("torch",),
    )
