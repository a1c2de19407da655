"""All components of this repository, also of packages that are not installed."""

from __future__ import annotations

import sys
from pathlib import Path

from vega_core.plugins import Catalog, Plugin, load_catalog

REPOSITORY = Path(__file__).parents[3]


def whole_catalog() -> Catalog:
    """Returns the catalog with every package of the repository.

    A plugin's module imports no framework, so that a backend can be listed where its framework
    is not installed.
    """
    installed, before = load_catalog(), list(sys.path)
    missing = [package for package in packages() if installed.plugin(package) is None]
    sys.path += [str(REPOSITORY / package / "src") for package in missing]
    try:
        return load_catalog([f"{package.replace('-', '_')}.plugin" for package in missing])
    finally:
        sys.path[:] = before


def packages() -> list[str]:
    """Returns the names of the repository's packages, the core first."""
    found = sorted(path.parent.name for path in REPOSITORY.glob("vega-*/pyproject.toml"))
    return sorted(found, key=lambda name: name != "vega-core")


def package_of(plugin: Plugin) -> str:
    """Returns the distribution of a plugin, also of one that is loaded from the sources."""
    return plugin.name.removesuffix(".plugin").replace("_", "-")
