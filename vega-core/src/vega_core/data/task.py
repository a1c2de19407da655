"""What a dataset is for: which fields go in, which are to be met, and the usual measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    """Names and defaults that a trainer takes where its configuration is silent.

    Attributes:
        name: Name of the task.
        inputs: Fields that the network takes, by name.
        targets: Fields that the loss and the metrics compare with.
        loss: Description of the usual loss, ``{type: ..., ...}``.
        metrics: Descriptions of the usual metrics; the first is the usual objective.
    """

    name: str
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    loss: Mapping[str, Any]
    metrics: tuple[Mapping[str, Any], ...] = ()
