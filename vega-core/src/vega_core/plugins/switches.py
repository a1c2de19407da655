"""The three environment switches of plugins."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vega_core.plugins.plugin import CORE

SELECT = "VEGA_PLUGINS"
DISABLE = "VEGA_DISABLE_PLUGINS"
STRICT = "VEGA_STRICT_PLUGINS"
_OFF = frozenset({"", "0", "false", "no", "off"})


def normalize(name: str) -> str:
    """Returns a distribution's name as packaging tools compare it: ``my-plug-in``."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, slots=True)
class Switches:
    """Which plugins to use, and how to take a broken one.

    Attributes:
        selected: With ``VEGA_PLUGINS=a,b`` only these distributions; None means all.
        disabled: With ``VEGA_DISABLE_PLUGINS=a,b`` not these; ``*`` (or ``all``) means none.
        strict: With ``VEGA_STRICT_PLUGINS=1`` a broken plugin is an error at once.
    """

    selected: frozenset[str] | None = None
    disabled: frozenset[str] = frozenset()
    strict: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Switches:
        """Reads the switches from the environment variables."""
        env = os.environ if environment is None else environment
        return cls(
            selected=_names(env[SELECT]) if env.get(SELECT, "").strip() else None,
            disabled=_names(env.get(DISABLE, "")),
            strict=env.get(STRICT, "").strip().lower() not in _OFF,
        )

    def reason_off(self, distribution: str) -> str:
        """Returns why a distribution is switched off, or an empty string; the core never is."""
        name = normalize(distribution)
        if name == CORE:
            return ""
        if name in self.disabled or self.disabled & {"*", "all"}:
            return f"switched off by {DISABLE}"
        if self.selected is not None and name not in self.selected:
            return f"not selected by {SELECT}"
        return ""

    def absent(self, names: Iterable[str]) -> list[str]:
        """Returns the distributions that are selected and are not among those that there are."""
        return sorted((self.selected or frozenset()) - {normalize(name) for name in names})


def _names(text: str) -> frozenset[str]:
    return frozenset(normalize(name) for name in re.split(r"[,;\s]+", text) if name)
