"""Runs: from a configuration, or a function, to finished models.

The names below are imported when they are first used: a worker needs few of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vega_core._lazy import lazy_names

if TYPE_CHECKING:
    from vega_core.pipeline.driver import RunResult as RunResult
    from vega_core.pipeline.entry import run as run
    from vega_core.pipeline.loading import LoadedModel as LoadedModel
    from vega_core.pipeline.loading import load as load
    from vega_core.pipeline.progress import Progress as Progress
    from vega_core.pipeline.step import Output as Output
    from vega_core.pipeline.step import Step as Step
    from vega_core.pipeline.step import StepContext as StepContext
    from vega_core.pipeline.tuning import Tuned as Tuned
    from vega_core.pipeline.tuning import tune as tune

_HOMES = {
    "LoadedModel": "vega_core.pipeline.loading",
    "Output": "vega_core.pipeline.step",
    "Progress": "vega_core.pipeline.progress",
    "RunResult": "vega_core.pipeline.driver",
    "Step": "vega_core.pipeline.step",
    "StepContext": "vega_core.pipeline.step",
    "Tuned": "vega_core.pipeline.tuning",
    "load": "vega_core.pipeline.loading",
    "run": "vega_core.pipeline.entry",
    "tune": "vega_core.pipeline.tuning",
}

__all__ = sorted(_HOMES)

__getattr__ = lazy_names(__name__, _HOMES)
