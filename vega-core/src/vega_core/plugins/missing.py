"""Explains why a component cannot be had, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vega_core.errors import PluginError, suggest, there_are
from vega_core.plugins.errors import BrokenPlugin, NotInstalled, UnknownComponent
from vega_core.plugins.kinds import KINDS, kind_of
from vega_core.plugins.known import known_names, package_of
from vega_core.plugins.plugin import Component, Plugin
from vega_core.plugins.switches import normalize

if TYPE_CHECKING:
    from vega_core.plugins.catalog import Catalog

_FEW = 12


def explain_missing(
    catalog: Catalog, kind: str, name: str, unsound: Sequence[Component]
) -> PluginError:
    """Returns the error that says why no sound plugin provides a component.

    Args:
        catalog: Where it was looked for.
        kind: The kind that was asked for.
        name: The name that was asked for, as written.
        unsound: Components of that name whose plugins are broken.
    """
    what = f"{kind_of(kind).label} '{name}'"
    owner, _, bare = name.rpartition(":")
    if unsound:
        return _broken(what, unsound[0].plugin)
    package = owner or package_of(kind, bare)
    plugin = catalog.plugin(package) if package else None
    if plugin and plugin.status == "broken":
        return _broken(what, plugin)
    if plugin and plugin.status == "off":
        return NotInstalled(f"{what} is in {plugin.name}, which is {plugin.reason}")
    if owner:
        return _unknown_here(catalog, kind, name, plugin)
    if package and plugin:
        return NotInstalled(
            f"the installed {plugin.label} has no {what}; "
            f"a later one may have it: pip install --upgrade {package}"
        )
    if package:
        return NotInstalled(f"{what} is not installed; it is in {package}: pip install {package}")
    return _unknown(catalog, kind, name)


def breakage(plugin: Plugin) -> str:
    """Returns what is broken about a plugin, on one line."""
    return f"plugin {plugin.label} is broken at stage '{plugin.stage}': {plugin.reason}"


def _broken(what: str, plugin: Plugin) -> PluginError:
    error = BrokenPlugin(f"{what} cannot be used: {breakage(plugin)}")
    error.__cause__ = plugin.error
    return error


def _unknown_here(catalog: Catalog, kind: str, name: str, plugin: Plugin | None) -> PluginError:
    owner, _, bare = name.rpartition(":")
    if plugin:
        own = [one.name for one in catalog.components(kind) if one.plugin is plugin]
        label = kind_of(kind).label
        return UnknownComponent(f"{plugin.label} has no {label} '{bare}'{suggest(bare, own)}")
    installed = [one.name for one in catalog.plugins]
    package = package_of(kind, bare)
    if package and normalize(package) == normalize(owner):
        return NotInstalled(f"{owner} is not installed: pip install {package}")
    return UnknownComponent(f"there is no plugin '{owner}' for '{name}'{suggest(owner, installed)}")


def _unknown(catalog: Catalog, kind: str, name: str) -> PluginError:
    label = kind_of(kind).label
    text = f"unknown {label} '{name}'"
    spellings = catalog.spellings(kind)
    others = [other for other in KINDS if other.name != kind]
    elsewhere = [other.label for other in others if name in catalog.spellings(other.name)]
    hint = suggest(name, [*spellings, *known_names(kind)])
    if elsewhere:
        text += f"; that is the name of a component of kind {' and '.join(elsewhere)}"
    elif hint:
        text += hint
    elif not spellings:
        text += f"; there is no {label} in any plugin"
    elif len(catalog.names(kind)) <= _FEW:
        text += there_are(catalog.names(kind))
    broken = [plugin for plugin in catalog.plugins if plugin.status == "broken"]
    if broken:
        names = ", ".join(plugin.name for plugin in broken)
        text += f" (broken plugins, which may provide it: {names}; see 'vega doctor')"
    error = UnknownComponent(text)
    error.__cause__ = broken[0].error if len(broken) == 1 else None
    return error
