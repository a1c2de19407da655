"""Rewrites of the core: each is a frozen record that makes another graph, and its parameters.

Descriptions list them by name (``rewrites: [{type: FoldBatchNorm}]``); code calls them:
``FoldBatchNorm()(graph)`` is the graph, ``FoldBatchNorm().carry(graph, params)`` its parameters.
"""

from __future__ import annotations

from vega_core.nn.rewrites.applying import applied, with_rewrites
from vega_core.nn.rewrites.deepen import Deepen
from vega_core.nn.rewrites.fold import FoldBatchNorm
from vega_core.nn.rewrites.freeze import Freeze
from vega_core.nn.rewrites.head import ReplaceHead
from vega_core.nn.rewrites.prune import PruneChannels
from vega_core.nn.rewrites.quantize import FakeQuant
from vega_core.nn.rewrites.swap import SwapOperator
from vega_core.nn.rewrites.widen import Widen

__all__ = [
    "Deepen",
    "FakeQuant",
    "FoldBatchNorm",
    "Freeze",
    "PruneChannels",
    "ReplaceHead",
    "SwapOperator",
    "Widen",
    "applied",
    "with_rewrites",
]
