"""Executors: they run attempts in child processes or here, and give each one's end exactly once.

The contract is here; ``vega_core.execute.local`` and ``vega_core.execute.inprocess`` implement it.
"""

from __future__ import annotations

from vega_core.execute.contract import (
    Attempt,
    Channel,
    Ended,
    Event,
    Executor,
    Key,
    Limits,
    Report,
    Started,
)
from vega_core.execute.states import AttemptState

__all__ = [
    "Attempt",
    "AttemptState",
    "Channel",
    "Ended",
    "Event",
    "Executor",
    "Key",
    "Limits",
    "Report",
    "Started",
]
