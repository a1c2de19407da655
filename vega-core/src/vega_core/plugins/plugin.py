"""A loaded plugin and the components that it offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vega_core.plugins.records import Provider

CORE = "vega-core"


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin as loading left it.

    Attributes:
        name: The distribution's name, or what a configuration wrote under ``plugins``.
        version: The distribution's version; empty for local code.
        status: ``ok``, ``broken`` or ``off``.
        stage: Where it broke: ``version``, ``name``, ``import``, ``register`` or ``call``.
        reason: Why it is broken or off, on one line.
        error: The exception that broke it.
        providers: Kind of component (and ``command``) to what it offers, in its order. A plugin
            that broke in the middle keeps what it had offered, so that errors can name it.
        listeners: Its implementations of event hooks.
    """

    name: str
    version: str = ""
    status: str = "ok"
    stage: str = ""
    reason: str = ""
    error: BaseException | None = None
    providers: Mapping[str, tuple[Provider, ...]] = field(default_factory=dict)
    listeners: tuple[Implementation, ...] = ()

    @property
    def label(self) -> str:
        """Name and version: ``vega-core 0.1.0``."""
        return f"{self.name} {self.version}".rstrip()


@dataclass(frozen=True, slots=True)
class Implementation:
    """One function that implements a hook, and the names of the arguments that it takes."""

    hook: str
    function: Callable[..., Any]
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """One component that can be asked for: what a provider says, and whose it is."""

    kind: str
    name: str
    provider: Provider
    plugin: Plugin

    @property
    def qualified(self) -> str:
        """The name that no other plugin can share: ``distribution:Name``."""
        return f"{self.plugin.name}:{self.name}"

    @property
    def target(self) -> str:
        """Where its code is: ``package.module:Class``."""
        return self.provider.target
