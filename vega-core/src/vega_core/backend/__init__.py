"""What a backend must provide: stores, executables, and the rules of training as data."""

from __future__ import annotations

from vega_core.backend.batches import Batch, Controls, StepControls
from vega_core.backend.contract import Backend, Device
from vega_core.backend.executable import Executable, StepResult, check_reachable
from vega_core.backend.native import Native, NativeNetwork, Outline, Recipe
from vega_core.backend.optimizer import Group, Optimizer
from vega_core.backend.optimizers import GRDA, SGD, Adam, AdamW, RMSprop
from vega_core.backend.schedules import Schedule
from vega_core.backend.state import Params, State, check_state
from vega_core.backend.store import Gradients, ParamStore, Snapshot
from vega_core.backend.training import TrainSpec

__all__ = [
    "GRDA",
    "SGD",
    "Adam",
    "AdamW",
    "Backend",
    "Batch",
    "Controls",
    "Device",
    "Executable",
    "Gradients",
    "Group",
    "Native",
    "NativeNetwork",
    "Optimizer",
    "Outline",
    "ParamStore",
    "Params",
    "RMSprop",
    "Recipe",
    "Schedule",
    "Snapshot",
    "State",
    "StepControls",
    "StepResult",
    "TrainSpec",
    "check_reachable",
    "check_state",
]
