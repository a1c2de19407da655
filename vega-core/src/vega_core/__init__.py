"""Vega: from one YAML file to a searched, tuned, trained and exported model.

The names below are imported when they are first used, so that ``import vega_core`` costs
next to nothing and imports neither NumPy nor a deep-learning framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vega_core._lazy import lazy_names

if TYPE_CHECKING:
    from vega_core.errors import VegaError as VegaError
    from vega_core.pipeline import LoadedModel as LoadedModel
    from vega_core.pipeline import RunResult as RunResult
    from vega_core.pipeline import Tuned as Tuned
    from vega_core.pipeline import load as load
    from vega_core.pipeline import run as run
    from vega_core.pipeline import tune as tune
    from vega_core.pipeline.described import DescribedModel as DescribedModel
    from vega_core.pipeline.finding import describe_model as describe_model
    from vega_core.plugins import Command as Command
    from vega_core.plugins import Provider as Provider
    from vega_core.plugins import hookimpl as hookimpl
    from vega_core.search import FAILED as FAILED
    from vega_core.search import Algorithm as Algorithm
    from vega_core.search import Proposal as Proposal
    from vega_core.search import algorithm as algorithm
    from vega_core.space import SearchSpace as SearchSpace

__version__ = "0.1.0"

_HOMES = {
    "Algorithm": "vega_core.search",
    "Command": "vega_core.plugins",
    "DescribedModel": "vega_core.pipeline.described",
    "FAILED": "vega_core.search",
    "LoadedModel": "vega_core.pipeline",
    "Proposal": "vega_core.search",
    "Provider": "vega_core.plugins",
    "RunResult": "vega_core.pipeline",
    "SearchSpace": "vega_core.space",
    "Tuned": "vega_core.pipeline",
    "VegaError": "vega_core.errors",
    "algorithm": "vega_core.search",
    "describe_model": "vega_core.pipeline.finding",
    "hookimpl": "vega_core.plugins",
    "load": "vega_core.pipeline",
    "run": "vega_core.pipeline",
    "tune": "vega_core.pipeline",
}

__all__ = [*sorted(_HOMES), "__version__"]

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
