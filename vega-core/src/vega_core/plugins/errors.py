"""What can go wrong on the way to a component."""

from __future__ import annotations

from vega_core.errors import PluginError


class UnknownComponent(PluginError):  # noqa: N818 - reads as what it is, like LookupError's kin
    """No plugin provides a component of that kind and name."""


class AmbiguousComponent(PluginError):  # noqa: N818
    """Several plugins provide a component of that kind and name."""


class NotInstalled(PluginError):  # noqa: N818
    """A component that a package known to Vega provides, which cannot be used here."""


class BrokenPlugin(PluginError):  # noqa: N818
    """A component whose plugin, or whose own code, cannot be used; chains the cause."""
