"""Conformance kits: base classes of tests that authors of plugins run on what they wrote.

A kit is imported when it is first used; none imports a deep-learning framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vega_core._lazy import lazy_names

if TYPE_CHECKING:
    from vega_core.testing.algorithm import AlgorithmConformance as AlgorithmConformance
    from vega_core.testing.backend.kit import BackendConformance as BackendConformance
    from vega_core.testing.compare import Tolerance as Tolerance
    from vega_core.testing.network.kit import NetworkCase as NetworkCase
    from vega_core.testing.network.kit import NetworkConformance as NetworkConformance
    from vega_core.testing.plugin.kit import PluginConformance as PluginConformance
    from vega_core.testing.rewrite.kit import RewriteCase as RewriteCase
    from vega_core.testing.rewrite.kit import RewriteConformance as RewriteConformance

_HOMES = {
    "AlgorithmConformance": "vega_core.testing.algorithm",
    "BackendConformance": "vega_core.testing.backend.kit",
    "NetworkCase": "vega_core.testing.network.kit",
    "NetworkConformance": "vega_core.testing.network.kit",
    "PluginConformance": "vega_core.testing.plugin.kit",
    "RewriteCase": "vega_core.testing.rewrite.kit",
    "RewriteConformance": "vega_core.testing.rewrite.kit",
    "Tolerance": "vega_core.testing.compare",
}

__all__ = [*sorted(_HOMES)]

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
