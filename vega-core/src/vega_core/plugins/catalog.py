"""Everything that plugins provide, by kind and name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

from vega_core.errors import PluginError
from vega_core.plugins.collecting import names_of
from vega_core.plugins.discovery import discover, local_plugin
from vega_core.plugins.errors import AmbiguousComponent, BrokenPlugin
from vega_core.plugins.kinds import COMMAND, KINDS, kind_of
from vega_core.plugins.loading import Loader
from vega_core.plugins.missing import breakage, explain_missing
from vega_core.plugins.modules import (
    MODULE,
    NETWORK,
    allowed_target,
    backend_of,
    load_network,
    target_of,
    with_place,
)
from vega_core.plugins.plugin import Component, Implementation, Plugin
from vega_core.plugins.switches import SELECT, Switches, normalize
from vega_core.plugins.targets import load_component


@final
class Catalog:
    """Looks components up among loaded plugins.

    A name is a component's own, one of its aliases, or either of them after its plugin's name and
    a colon (``vega-algos-hpo:AshaHpo``). An exact spelling wins over one that differs in case.

    Example:
        >>> catalog = load_catalog()
        >>> catalog.find("step", "SearchPipeStep").qualified
        'vega-core:SearchPipeStep'

    Attributes:
        plugins: Every plugin that was found, also those that are broken or switched off.
    """

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self.plugins = tuple(plugins)
        self._modules: dict[str, str] = {}
        self._exact: dict[tuple[str, str], list[Component]] = defaultdict(list)
        self._folded: dict[tuple[str, str], list[Component]] = defaultdict(list)
        for component in self._all():
            for name in names_of(component.provider):
                self._exact[component.kind, name].append(component)
                self._folded[component.kind, name.casefold()].append(component)

    def find(self, kind: str, name: str) -> Component:
        """Returns the component of a kind and name, without importing its code.

        Raises:
            UnknownComponent: No plugin provides it.
            AmbiguousComponent: Several plugins provide it.
            NotInstalled: A package known to provide it is missing, too old or switched off.
            BrokenPlugin: Its plugin is broken; chains the cause.
        """
        kind_of(kind)
        plugin, _, bare = name.rpartition(":")
        matches = [
            component
            for component in self._matches(kind, bare)
            if not plugin or normalize(component.plugin.name) == normalize(plugin)
        ]
        sound = [component for component in matches if component.plugin.status == "ok"]
        if not sound:
            raise explain_missing(self, kind, name, matches)
        if len(sound) > 1:
            raise AmbiguousComponent(_ambiguity(kind, name, sound))
        return sound[0]

    def load(self, kind: str, name: str) -> Any:
        """Imports the component of a kind and name.

        Raises:
            PluginError: As `find`; also where its code cannot be imported, or is not of its kind.
        """
        if kind == NETWORK and self.is_module(name):
            return load_network(self.load, self._with_own_backend(name), self._modules)
        component = self.find(kind, name)
        return load_component(kind, component.name, component.target, component.plugin.label)

    def is_module(self, name: str) -> bool:
        """Tells a module of a framework, ``torch:my_package.MyNet``, from other names."""
        backend = backend_of(name)
        matches = self._matches("backend", backend) if backend else ()
        return any(component.plugin.status == "ok" for component in matches)

    def allow(self, names: Iterable[str], base: Path | None = None) -> None:
        """Lets modules of frameworks be loaded as networks, because the user has named them.

        Args:
            names: ``torch:my_package.MyNet``; what is no module is left out.
            base: The folder from which paths in them are taken.

        Raises:
            PluginError: One of them says a file and no class.
        """
        for name in names:
            if self.is_module(name):
                own = with_place(self._with_own_backend(name), base)
                self._modules[own] = target_of(name, base)

    def check_allowed(self, names: Iterable[str]) -> None:
        """Checks that the modules of frameworks among some names may be loaded.

        Raises:
            PluginError: One may not, or its backend is not installed.
        """
        for name in names:
            if backend_of(name):
                allowed_target(self._with_own_backend(name), self._modules)

    def _with_own_backend(self, name: str) -> str:
        """Returns a module's name with its backend's own, as saved models have it: not an alias."""
        backend, _, place = name.partition(":")
        return f"{self.find('backend', backend).name}:{place}"

    def names(self, kind: str) -> list[str]:
        """Returns the names of a kind's components, sorted, without aliases."""
        return sorted({component.name for component in self.components(kind)})

    def components(self, kind: str) -> list[Component]:
        """Returns a kind's components of sound plugins, sorted by name, then by plugin."""
        kind_of(kind)
        sound = (one for one in self._all() if one.kind == kind and one.plugin.status == "ok")
        return sorted(sound, key=lambda one: (one.name.casefold(), one.name, one.plugin.name))

    def spellings(self, kind: str) -> list[str]:
        """Returns every name and alias of a kind that sound plugins give, sorted."""
        given = (names_of(component.provider) for component in self.components(kind))
        return sorted({name for names in given for name in names})

    def ambiguous(self) -> list[tuple[str, str, list[str]]]:
        """Returns each name that several sound plugins give: its kind, itself, the plugins."""
        found = []
        for (kind, name), components in sorted(self._exact.items()):
            owners = [one.plugin.name for one in components if one.plugin.status == "ok"]
            if len(owners) > 1:
                found.append((kind, name, owners))
        return found

    def plugin(self, name: str) -> Plugin | None:
        """Returns the plugin of that name, however its separators and case are written."""
        wanted = normalize(name)
        return next((one for one in self.plugins if normalize(one.name) == wanted), None)

    def listeners(self, hook: str) -> list[tuple[Plugin, Implementation]]:
        """Returns the implementations of an event hook, in the order of their plugins."""
        return [
            (plugin, implementation)
            for plugin in self.plugins
            for implementation in plugin.listeners
            if implementation.hook == hook
        ]

    def targets(self) -> dict[str, dict[str, str]]:
        """Returns kind to name to import target, as plain data for workers.

        Aliases and qualified names are in it; bare names that are ambiguous are not.
        """
        table: dict[str, dict[str, str]] = {kind.name: {} for kind in KINDS}
        table[MODULE] = dict(self._modules)
        for (kind, name), components in self._exact.items():
            sound = [component for component in components if component.plugin.status == "ok"]
            if kind == COMMAND.name or not sound:
                continue
            if len(sound) == 1:
                table[kind][name] = sound[0].target
            for component in sound:
                table[kind][f"{component.plugin.name}:{name}"] = component.target
        return table

    def _matches(self, kind: str, name: str) -> list[Component]:
        return self._exact.get((kind, name)) or self._folded.get((kind, name.casefold()), [])

    def _all(self) -> Iterator[Component]:
        for plugin in self.plugins:
            for kind, providers in plugin.providers.items():
                for provider in providers:
                    yield Component(kind, provider.name, provider, plugin)


def load_catalog(
    local: Sequence[str] = (), base: Path | None = None, *, strict: bool | None = None
) -> Catalog:
    """Discovers and loads every plugin.

    Args:
        local: Paths (``./my_search.py``) and module names of plugins that are not installed, and
            modules of frameworks (``torch:my_package.MyNet``) that models may be made of.
        base: The folder from which they are looked up; the working folder by default.
        strict: Whether a broken plugin is an error at once; ``VEGA_STRICT_PLUGINS`` by default.

    Raises:
        BrokenPlugin: A plugin of ``local`` is broken, or any while ``strict``.
        PluginError: A module of ``local`` is of no framework whose backend is installed.
    """
    listed = isinstance(local, Sequence) and not isinstance(local, str)
    if not listed or not all(isinstance(one, str) for one in local):
        raise PluginError(f"plugins: expected a list of paths and module names, got {local!r}")
    switches = Switches.from_environment()
    strict = switches.strict if strict is None else strict
    loader = Loader()
    plugins: list[Plugin] = []
    for found in discover():
        off = switches.reason_off(found.name)
        if off:
            plugins.append(Plugin(found.name, found.version, status="off", reason=off))
        else:
            plugins.append(loader.load(found))
    for name in switches.absent(plugin.name for plugin in plugins):
        reason = f"{SELECT} names it, but it is not installed"
        plugins.append(Plugin(name, status="broken", stage="name", reason=reason))
    broken = [plugin for plugin in plugins if plugin.status == "broken"]
    if strict and broken:
        raise BrokenPlugin(breakage(broken[0])) from broken[0].error
    places = [one for one in local if not backend_of(one)]
    local_plugins = {found.modules: found for found in (local_plugin(one, base) for one in places)}
    for found in local_plugins.values():
        if found.name in loader.owners:
            continue  # installed by now: the same code
        plugin = loader.load(found)
        if plugin.status == "broken":
            raise BrokenPlugin(breakage(plugin)) from plugin.error
        plugins.append(plugin)
    catalog = Catalog(plugins)
    for backend in filter(None, map(backend_of, local)):
        catalog.find("backend", backend)
    catalog.allow(local, base)
    return catalog


def _ambiguity(kind: str, name: str, components: Sequence[Component]) -> str:
    owners = " and ".join(component.plugin.name for component in components)
    forms = " or ".join(f"'{component.qualified}'" for component in components)
    return f"{kind_of(kind).label} '{name}' is provided by {owners}; write {forms}"
