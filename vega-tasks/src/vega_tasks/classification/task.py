"""The classification task: names and defaults for trainers."""

from __future__ import annotations

from vega_core.data import Task

CLASSIFICATION = Task(
    name="Classification",
    inputs=("image",),
    targets=("label",),
    loss={"type": "CrossEntropy"},
    metrics=({"type": "accuracy"},),
)
