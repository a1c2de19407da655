"""Takes a found plugin through its stages: version, name, import, register, call.

A stage that fails leaves a plugin marked as broken, and nothing else disturbed.
"""

from __future__ import annotations

import re
from typing import final

from vega_core import __version__
from vega_core.errors import PluginError
from vega_core.plugins.collecting import collect, localized
from vega_core.plugins.discovery import Found
from vega_core.plugins.importing import load_module, prints_to_stderr
from vega_core.plugins.kinds import COMMAND, KINDS
from vega_core.plugins.plugin import CORE, Implementation, Plugin
from vega_core.plugins.reasons import reason_of
from vega_core.plugins.records import Provider
from vega_core.plugins.registering import Registrar
from vega_core.plugins.requirements import requirements, satisfies

_KIND_OF_HOOK = {kind.hook: kind for kind in (*KINDS, COMMAND)}
_DISTRIBUTION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


@final
class Loader:
    """Loads plugins one after another.

    Attributes:
        owners: Module to plugin of those loaded so far.
    """

    def __init__(self) -> None:
        self.owners: dict[str, str] = {}
        self._registrar = Registrar()

    def load(self, found: Found) -> Plugin:
        """Loads one plugin; whatever it does wrong is recorded in what comes back."""
        loading = _Loading(found)
        error: BaseException | None = None
        try:
            with prints_to_stderr():
                loading.run(self._registrar, self.owners)
        except KeyboardInterrupt:
            raise
        except BaseException as caught:  # SystemExit too: a plugin does not end the program
            error = caught
        return Plugin(
            name=found.name,
            version=found.version,
            status="broken" if error else "ok",
            stage=loading.stage if error else "",
            reason=reason_of(error) if error else "",
            error=error,
            providers={kind: tuple(given) for kind, given in loading.providers.items()},
            listeners=() if error else tuple(loading.listeners),
        )


class _Loading:
    """How far the loading of one plugin has come."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.stage = ""
        self.providers: dict[str, list[Provider]] = {}
        self.listeners: list[Implementation] = []

    def run(self, registrar: Registrar, owners: dict[str, str]) -> None:
        found = self.found
        self.stage = "version"
        _check_version(found)
        self.stage = "name"
        _check_name(found, owners)
        self.stage = "import"
        modules = [load_module(module) for module in found.modules]
        self.stage = "register"
        registered = [
            one for module in modules for one in registrar.implementations(found.name, module)
        ]
        if not registered:
            raise PluginError("it implements no hook of Vega; mark its functions with @hookimpl")
        self.stage = "call"
        for one in registered:
            self._call(one)
        if found.local:
            for given in self.providers.values():
                given[:] = [localized(provider, found.local, modules[0]) for provider in given]

    def _call(self, implementation: Implementation) -> None:
        kind = _KIND_OF_HOOK.get(implementation.hook)
        if kind is None:
            self.listeners.append(implementation)
        else:
            collect(kind, implementation.function, self.providers.setdefault(kind.name, []))


def _check_version(found: Found) -> None:
    for requirement in requirements(found.requires):
        if requirement.name == CORE and not satisfies(__version__, requirement.specifier):
            raise PluginError(
                f"it needs {CORE} {requirement.specifier}, but {__version__} is installed; "
                f"upgrade the older of the two"
            )


def _check_name(found: Found, owners: dict[str, str]) -> None:
    if found.problem:
        raise PluginError(found.problem)
    if found.local:
        return
    if not _DISTRIBUTION.fullmatch(found.name):
        raise PluginError(f"'{found.name}' is no name of a distribution")
    for module in found.modules:
        if not _MODULE.fullmatch(module):
            raise PluginError(f"its entry point names '{module}', which is no module")
        owner = owners.setdefault(module, found.name)
        if owner != found.name:
            raise PluginError(f"its entry point names {module}, which belongs to {owner}")
