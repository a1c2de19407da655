"""Configurations: YAML to typed models, every fault with its place and a suggestion.

Most names below are imported when they are first used: they need pydantic, which takes longer to
import than reading a configuration does. `bind` is imported at once, before its module of the
same name can take its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vega_core._lazy import lazy_names
from vega_core.config.bind import bind as bind

if TYPE_CHECKING:
    from vega_core.config.diagnostics import Diagnostic as Diagnostic
    from vega_core.config.diagnostics import InvalidConfigError as InvalidConfigError
    from vega_core.config.load import catalog_of as catalog_of
    from vega_core.config.load import load_config as load_config
    from vega_core.config.model import General as General
    from vega_core.config.model import HandOver as HandOver
    from vega_core.config.model import RunConfig as RunConfig
    from vega_core.config.model import StepConfig as StepConfig
    from vega_core.config.schema import json_schema as json_schema
    from vega_core.config.source import Source as Source
    from vega_core.config.source import load_source as load_source

_HOMES = {
    "InvalidConfigError": "vega_core.config.diagnostics",
    "Diagnostic": "vega_core.config.diagnostics",
    "General": "vega_core.config.model",
    "HandOver": "vega_core.config.model",
    "RunConfig": "vega_core.config.model",
    "Source": "vega_core.config.source",
    "StepConfig": "vega_core.config.model",
    "catalog_of": "vega_core.config.load",
    "json_schema": "vega_core.config.schema",
    "load_config": "vega_core.config.load",
    "load_source": "vega_core.config.source",
}

__all__ = sorted([*_HOMES, "bind"])

__getattr__ = lazy_names(__name__, _HOMES)
