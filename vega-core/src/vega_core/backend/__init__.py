"""What a backend must provide: stores, executables, and the rules of training as data."""

from __future__ import annotations

from vega_core.backend.batches import Batch, Controls, StepControls
from vega_core.backend.contract import (
    Backend,
    Device,
    Executable,
    StepResult,
    check_reachable,
)
from vega_core.backend.optimizers import SGD, Adam, AdamW, Group, Optimizer, RMSprop
from vega_core.backend.schedules import Schedule
from vega_core.backend.state import Params, State, check_state
from vega_core.backend.store import Gradients, ParamStore, Snapshot
from vega_core.backend.training import TrainSpec

__all__ = [
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
    "Optimizer",
    "ParamStore",
    "Params",
    "RMSprop",
    "Schedule",
    "Snapshot",
    "State",
    "StepControls",
    "StepResult",
    "TrainSpec",
    "check_reachable",
    "check_state",
]
