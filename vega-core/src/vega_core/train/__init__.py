"""Trainers, evaluators, callbacks and metrics: contracts, and the trainers of the core."""

from __future__ import annotations

from vega_core.train.callbacks import EVENTS, Callback
from vega_core.train.context import BEST, LAST, Catalog, Context, Host, LocalHost
from vega_core.train.evaluation import evaluate
from vega_core.train.evaluator import Evaluator
from vega_core.train.loaders import make_loader
from vega_core.train.metrics import Metric, output_of
from vega_core.train.model import Model, build_model
from vega_core.train.progress import Progress
from vega_core.train.standard import StandardTrainer
from vega_core.train.trainer import Trainer

__all__ = [
    "BEST",
    "EVENTS",
    "LAST",
    "Callback",
    "Catalog",
    "Context",
    "Evaluator",
    "Host",
    "LocalHost",
    "Metric",
    "Model",
    "Progress",
    "StandardTrainer",
    "Trainer",
    "build_model",
    "evaluate",
    "make_loader",
    "output_of",
]
