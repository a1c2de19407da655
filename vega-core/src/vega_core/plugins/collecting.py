"""Calls component hooks and checks the records that they yield."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from vega_core.errors import PluginError
from vega_core.plugins.importing import absolute, is_path
from vega_core.plugins.kinds import COMMAND, Kind
from vega_core.plugins.records import Command, Provider

_TARGET = re.compile(r"[^:\s][^:]*:[A-Za-z_][\w.]*")


def collect(
    kind: Kind, hook: Callable[[], Iterable[Any] | None], collected: list[Provider]
) -> None:
    """Calls one implementation of a component hook.

    Args:
        kind: The kind that the hook provides.
        hook: The implementation.
        collected: What the same plugin gave before; each checked record is added at once.

    Raises:
        PluginError: A record is of the wrong form, or one plugin gives a name twice.
    """
    wanted = Command if kind is COMMAND else Provider
    taken = {name for provider in collected for name in names_of(provider)}
    for record in hook() or ():
        if not isinstance(record, wanted):
            raise PluginError(f"{kind.hook} yields {record!r} where a {wanted.__name__} is due")
        if isinstance(record, Command):
            record = Provider(record.name, record.target, record.summary)
        _check_form(kind, record)
        for name in names_of(record):
            if name in taken:
                raise PluginError(f"it gives the {kind.label} '{name}' twice")
            taken.add(name)
        collected.append(record)


def names_of(provider: Provider) -> tuple[str, ...]:
    """Returns a component's name and its aliases, each once."""
    return tuple(dict.fromkeys((provider.name, *provider.aliases)))


def localized(provider: Provider, plugin: Path, module: ModuleType) -> Provider:
    """Returns a provider of local code with a target that any process can import.

    Args:
        provider: Its target names the plugin's own module or file, or a module beside it.
        plugin: The plugin's path.
        module: The plugin's module.
    """
    place, _, name = provider.target.rpartition(":")
    if place == module.__name__ or (plugin.suffix == ".py" and place == plugin.stem):
        place = str(plugin)
    elif is_path(place):
        place = str(absolute(place, plugin.parent))
    else:
        place = str(plugin.parent / place)
    return replace(provider, target=f"{place}:{name}")


def _check_form(kind: Kind, provider: Provider) -> None:
    if not isinstance(provider.aliases, tuple):
        raise PluginError(f"the aliases of {kind.label} '{provider.name}' are not a tuple of names")
    for name in names_of(provider):
        if not re.fullmatch(r"[^\s:]+", str(name)):
            raise PluginError(f"{kind.hook} yields the name {name!r}; a name has no spaces or ':'")
    if not _TARGET.fullmatch(str(provider.target)):
        raise PluginError(
            f"the target of {kind.label} '{provider.name}' is {provider.target!r}; "
            f"it must read 'package.module:Class'"
        )
