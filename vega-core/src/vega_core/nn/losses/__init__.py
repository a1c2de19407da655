"""Losses: functions that emit nodes, and components that bind them to names.

A loss component is called once, while the training graph is traced (`vega_core.nn.compose`), with
the network's outputs and the targets by name.
"""

from __future__ import annotations

from vega_core.nn.losses.classification import BinaryCrossEntropy, CrossEntropy, KLDivergence
from vega_core.nn.losses.contract import Loss, main_output, target_of
from vega_core.nn.losses.functions import (
    binary_cross_entropy,
    cross_entropy,
    kl_divergence,
    l1,
    mse,
    smooth_l1,
)
from vega_core.nn.losses.regression import MeanAbsoluteError, MeanSquaredError, SmoothL1

__all__ = [
    "BinaryCrossEntropy",
    "CrossEntropy",
    "KLDivergence",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SmoothL1",
    "binary_cross_entropy",
    "cross_entropy",
    "kl_divergence",
    "l1",
    "main_output",
    "mse",
    "smooth_l1",
    "target_of",
]
