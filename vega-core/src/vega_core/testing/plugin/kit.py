"""Conformance kit of plugins."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from vega_core.plugins import Catalog, Component, kind_of, load_target, parameters_of
from vega_core.plugins.collecting import names_of
from vega_core.plugins.kinds import COMMAND
from vega_core.plugins.plugin import Plugin
from vega_core.testing.compare import require
from vega_core.testing.conformance import Cases, Conformance
from vega_core.testing.plugin.listing import (
    FRAMEWORKS,
    HEAVY,
    Listing,
    catalog_of,
    find,
    is_local,
    listing,
)

_SENTENCE = re.compile(r"[A-Z0-9].*[.]")
_TWO = re.compile(r"[a-z)\]][.!?] +[A-Z]")
"""Where one sentence ends and another begins."""


@dataclass(frozen=True)
class Offered:
    """A component of the plugin; shown as its kind and name."""

    component: Component

    def __str__(self) -> str:
        return f"{self.component.kind} {self.component.name}"


class PluginConformance(Conformance):
    """What every plugin must do. Subclass it, say which plugin, and run pytest.

    Example::

        class TestMine(PluginConformance):
            plugin = "vega-algos-mine"

    Attributes:
        plugin: The distribution's name; or a module or the path of a file, as ``plugins`` in a
            configuration names local code.
        expected_failures: Name of a test, or ``test[kind Name]`` -> the reason why it fails. It
            must fail then.
    """

    plugin: ClassVar[str] = ""

    def cases(self) -> Cases:
        return {**super().cases(), "offered": self.components}

    def components(self) -> Sequence[Offered]:
        """Returns what the plugin provides, but for subcommands."""
        plugin = self._plugin()
        return [
            Offered(Component(kind, provider.name, provider, plugin))
            for kind, providers in plugin.providers.items()
            if kind != COMMAND.name
            for provider in providers
        ]

    # The plugin.

    def test_it_loads(self) -> None:
        """Its version fits, it is imported and registered, and its hooks yield providers."""
        plugin = self._plugin()
        require(
            plugin.status == "ok",
            f"{plugin.name} is {plugin.status} at the stage '{plugin.stage}': {plugin.reason}",
        )
        offers = bool(plugin.listeners) or any(plugin.providers.values())
        require(offers, f"{plugin.name} provides nothing")

    def test_it_loads_by_itself(self) -> None:
        """In a process without other plugins but the core."""
        status = self._listing().status
        require(status == "ok", f"'{self.plugin}' alone: {status}")

    def test_listing_it_imports_no_framework(self) -> None:
        """Nor, for a package, anything else that takes long."""
        heavy = self._listing().of(FRAMEWORKS if is_local(self.plugin) else HEAVY)
        require(not heavy, f"listing '{self.plugin}' imports {', '.join(heavy)}")

    def test_listing_it_imports_no_component(self) -> None:
        """A component's module is imported when the component is first used."""
        if is_local(self.plugin):
            return  # one file may hold both
        imported = self._listing().imported
        early = sorted(
            str(offered)
            for offered in self.components()
            if offered.component.target.partition(":")[0] in imported
        )
        require(not early, f"listing '{self.plugin}' imports the code of {', '.join(early)}")

    def test_names_are_its_own(self) -> None:
        """No name or alias is another component's, however its letters are cased."""
        catalog, plugin = self._catalog(), self._plugin()
        clashes = [
            f"{kind} '{name}' of {' and '.join(owners)}"
            for kind, name, owners in catalog.ambiguous()
            if plugin.name in owners
        ]
        for kind, providers in plugin.providers.items():
            seen: dict[str, str] = {}
            for provider in providers:
                for name in names_of(provider):
                    other = seen.setdefault(name.casefold(), provider.name)
                    if other != provider.name:
                        clashes.append(f"{kind} '{name}' of {other} and {provider.name}")
        require(not clashes, f"names that clash: {'; '.join(clashes)}")

    def test_commands(self) -> None:
        """Each is a subcommand with help, and is not called as one of the core's."""
        for provider in self._plugin().providers.get(COMMAND.name, ()):
            command: Any = load_target(provider.target)
            contract = load_target(COMMAND.contract)
            require(isinstance(command, contract), f"{provider.target} is no click.Command")
            require(bool(command.help), f"vega {provider.name} has no help")
            _check_sentence(provider.summary, f"the summary of vega {provider.name}")

    # Its components.

    def test_it_is_of_its_kind(self, offered: Offered) -> None:
        """Its code is imported, and keeps the contract of its kind."""
        component = offered.component
        self._catalog().load(component.kind, component.qualified)

    def test_its_summary_is_one_sentence(self, offered: Offered) -> None:
        _check_sentence(offered.component.provider.summary, f"the summary of {offered}")

    def test_it_is_documented(self, offered: Offered) -> None:
        """The class, and what a configuration may give: a type and a meaning each."""
        made = load_target(offered.component.target)
        require(bool(inspect.getdoc(made)), f"{offered} has no docstring")
        if kind_of(offered.component.kind).bare:
            return  # no configuration gives it parameters
        for parameter in parameters_of(made):
            where = f"{offered}, parameter '{parameter.name}'"
            require(parameter.annotation is not Any, f"{where} has no annotation")
            require(bool(parameter.doc), f"{where} has no meaning in the docstring")

    def test_it_can_be_described(self, offered: Offered) -> None:
        """``vega describe`` prints what it takes, and a configuration that is read back."""
        import yaml
        from click.testing import CliRunner

        component = offered.component
        local = ("--plugin", self.plugin) if component.plugin.version == "" else ()
        name = component.name if local else component.qualified
        command = load_target("vega_core.cli.describe:command")
        for options in ((), ("--json",)):
            arguments = [name, "--kind", component.kind, *local, *options]
            result = CliRunner().invoke(command, arguments)
            require(result.exit_code == 0, f"vega describe {' '.join(arguments)}: {result.output}")
        data = json.loads(result.output)
        require(data["name"] == component.name, f"{offered} is described as {data['name']}")
        yaml.safe_load(data["configuration"])

    def _plugin(self) -> Plugin:
        require(bool(self.plugin), f"{type(self).__name__} must say which plugin: plugin = '...'")
        return find(self._catalog(), self.plugin)

    def _catalog(self) -> Catalog:
        return self.once("catalog", lambda: catalog_of(self.plugin))

    def _listing(self) -> Listing:
        return self.once("listing", lambda: listing(self.plugin))


def _check_sentence(text: str, what: str) -> None:
    one = bool(_SENTENCE.fullmatch(text)) and not _TWO.search(text)
    require(one, f"{what} is not one sentence: {text!r}")
