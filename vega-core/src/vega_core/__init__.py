"""Vega: from one YAML file to a searched, tuned, trained and exported model.

The names below are imported when they are first used, so that ``import vega_core`` costs
next to nothing and imports neither NumPy nor a deep-learning framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vega_core.errors import VegaError as VegaError
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
    "VegaError": "vega_core.errors",
    "Command": "vega_core.plugins",
    "Provider": "vega_core.plugins",
    "hookimpl": "vega_core.plugins",
    "FAILED": "vega_core.search",
    "Algorithm": "vega_core.search",
    "Proposal": "vega_core.search",
    "algorithm": "vega_core.search",
    "SearchSpace": "vega_core.space",
}

__all__ = [*sorted(_HOMES), "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'vega_core' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
