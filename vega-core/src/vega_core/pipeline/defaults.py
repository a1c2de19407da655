"""What a configuration leaves out; apart from the rest because workers need it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULT_TRAINER = "Trainer"


def trainer_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the trainer's description; the standard one where none is given."""
    return {"type": DEFAULT_TRAINER, **(config.get("trainer") or {})}
