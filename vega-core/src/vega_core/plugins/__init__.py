"""Plugins: hook specifications, guarded discovery and the catalog of components.

Importing this imports neither a plugin nor anything heavy; what only some processes need is
imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vega_core._lazy import lazy_names
from vega_core.plugins.catalog import Catalog, load_catalog
from vega_core.plugins.errors import (
    AmbiguousComponent,
    BrokenPlugin,
    NotInstalled,
    UnknownComponent,
)
from vega_core.plugins.hookspecs import hookimpl, hookspec
from vega_core.plugins.importing import load_target
from vega_core.plugins.kinds import KINDS, Kind, kind_of
from vega_core.plugins.plugin import Component, Plugin
from vega_core.plugins.records import Command, Provider
from vega_core.plugins.targets import Targets

if TYPE_CHECKING:
    from vega_core.plugins.events import Events, RunEvent, StepEvent, TrialEvent
    from vega_core.plugins.parameters import Parameter, parameters_of

_LATER = {
    "Events": "vega_core.plugins.events",
    "RunEvent": "vega_core.plugins.events",
    "StepEvent": "vega_core.plugins.events",
    "TrialEvent": "vega_core.plugins.events",
    "Parameter": "vega_core.plugins.parameters",
    "parameters_of": "vega_core.plugins.parameters",
}

__all__ = [
    "KINDS",
    "AmbiguousComponent",
    "BrokenPlugin",
    "Catalog",
    "Command",
    "Component",
    "Events",
    "Kind",
    "NotInstalled",
    "Parameter",
    "Plugin",
    "Provider",
    "RunEvent",
    "StepEvent",
    "Targets",
    "TrialEvent",
    "UnknownComponent",
    "hookimpl",
    "hookspec",
    "kind_of",
    "load_catalog",
    "load_target",
    "parameters_of",
]

__getattr__ = lazy_names(__name__, _LATER)
