"""What listing a plugin imports, seen in a process of its own.

Run as ``python -m vega_core.testing.plugin.listing PLUGIN``; prints one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from vega_core.plugins import Catalog, load_catalog
from vega_core.plugins.importing import is_path
from vega_core.plugins.plugin import Plugin
from vega_core.plugins.switches import DISABLE, SELECT, STRICT

FRAMEWORKS = frozenset({"flax", "jax", "keras", "mindspore", "paddle", "tensorflow", "torch"})
HEAVY = FRAMEWORKS | {"matplotlib", "numpy", "pandas", "pydantic", "scipy", "sklearn", "yaml"}


@dataclass(frozen=True)
class Listing:
    """What a process saw that listed one plugin.

    Attributes:
        status: ``ok``, or how the plugin is broken.
        imported: Every module that it had imported in the end.
    """

    status: str
    imported: frozenset[str]

    def of(self, packages: frozenset[str]) -> list[str]:
        """Returns those of some packages that were imported."""
        return sorted(packages & {name.partition(".")[0] for name in self.imported})


def catalog_of(plugin: str) -> Catalog:
    """Returns the catalog with a plugin in it: a distribution's name, a module or a path."""
    catalog = load_catalog(strict=False)
    return catalog if catalog.plugin(plugin) else load_catalog((plugin,), strict=False)


def find(catalog: Catalog, plugin: str) -> Plugin:
    """Returns the plugin.

    Raises:
        AssertionError: It is not there.
    """
    found = catalog.plugin(plugin)
    if found is None:
        known = ", ".join(one.name for one in catalog.plugins)
        raise AssertionError(f"there is no plugin '{plugin}', but {known}")
    return found


def is_local(plugin: str) -> bool:
    """Tells a file of the user's own, which may hold its components itself, from a package."""
    return is_path(plugin)


def listing(plugin: str, timeout: float = 60.0) -> Listing:
    """Lists one plugin, and no other but the core, in a child process.

    Args:
        plugin: A distribution's name, a module or a path.
        timeout: Seconds that it may take.
    """
    installed = load_catalog(strict=False).plugin(plugin) is not None
    switches = {SELECT: plugin, DISABLE: ""} if installed else {SELECT: "", DISABLE: "*"}
    done = subprocess.run(
        [sys.executable, "-m", __name__, plugin],
        env=os.environ | switches | {STRICT: ""},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if done.returncode != 0:
        raise AssertionError(f"listing '{plugin}' ends with {done.returncode}: {done.stderr}")
    data: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Listing(data["status"], frozenset(data["imported"]))


def _main(plugin: str) -> None:
    found = catalog_of(plugin).plugin(plugin)
    status = "missing" if found is None else found.reason or found.status
    data = {"status": status, "imported": sorted(sys.modules)}
    sys.stdout.write(f"{json.dumps(data)}\n")


if __name__ == "__main__":
    _main(sys.argv[1])
