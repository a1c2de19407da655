"""Checks a plugin module's functions against the hook specifications."""

from __future__ import annotations

from types import ModuleType
from typing import final

import pluggy

from vega_core.errors import PluginError, suggest
from vega_core.plugins import hookspecs
from vega_core.plugins.plugin import Implementation


@final
class Registrar:
    """Reads hook implementations, one plugin after another, and keeps none.

    pluggy checks marks and signatures; it never calls a hook here, because there one
    implementation that raises would end the call for all.
    """

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager("vega")
        self._manager.add_hookspecs(hookspecs)
        self._known = frozenset(vars(self._manager.hook))

    def implementations(self, name: str, module: ModuleType) -> list[Implementation]:
        """Returns a module's hook implementations, in the order of their hooks' names.

        Args:
            name: The plugin's name, for messages.
            module: Its module.

        Raises:
            PluginError: A hook is unknown, or a function is marked wrongly.
            pluggy.PluginValidationError: A signature does not fit its specification.
        """
        for attribute in sorted(self._known & set(vars(module))):
            if not hasattr(getattr(module, attribute), "vega_impl"):
                raise PluginError(f"{attribute} is not marked with @hookimpl")
        self._manager.register(module, name)
        try:
            callers = self._manager.get_hookcallers(module) or ()
            found = [self._checked(caller) for caller in callers]
        finally:
            self._manager.unregister(module)
        return sorted(found, key=lambda one: one.hook)

    def _checked(self, caller: pluggy.HookCaller) -> Implementation:
        if caller.name not in self._known:
            hint = suggest(caller.name, self._known)
            hint = hint or "; the reference lists all hooks on one page"
            raise PluginError(f"unknown hook '{caller.name}'{hint}")
        (one,) = caller.get_hookimpls()
        if one.wrapper or one.hookwrapper:
            raise PluginError(f"{caller.name} is a wrapper, but hooks are called one by one")
        return Implementation(caller.name, one.function, tuple(one.argnames))
