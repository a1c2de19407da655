"""``vega plugins``: what is installed, and what it provides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from vega_core.cli.output import emit, table
from vega_core.plugins import Catalog, Plugin, load_catalog


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List plugins with their versions and what they provide.

    A broken plugin is listed with the stage at which it broke and the reason.
    """
    catalog = load_catalog(strict=False)
    emit(_data(catalog), as_json, _lines(catalog))


def _data(catalog: Catalog) -> dict[str, Any]:
    return {
        "plugins": [
            {
                "name": plugin.name,
                "version": plugin.version,
                "status": plugin.status,
                "stage": plugin.stage,
                "reason": plugin.reason,
                "provides": provided(plugin),
                "listens": sorted({one.hook for one in plugin.listeners}),
            }
            for plugin in catalog.plugins
        ],
        "ambiguous": [
            {"kind": kind, "name": name, "plugins": owners}
            for kind, name, owners in catalog.ambiguous()
        ],
    }


def provided(plugin: Plugin) -> dict[str, list[str]]:
    """Returns kind to names of what a sound plugin provides; nothing of another."""
    if plugin.status != "ok":
        return {}
    return {
        kind: sorted((one.name for one in providers), key=str.casefold)
        for kind, providers in sorted(plugin.providers.items())
        if providers
    }


def _lines(catalog: Catalog) -> Iterator[str]:
    for plugin in catalog.plugins:
        state = f" ({plugin.stage})" if plugin.stage else ""
        reason = f": {plugin.reason}" if plugin.reason else ""
        yield f"{plugin.label}  {plugin.status}{state}{reason}"
        rows = [(kind, ", ".join(names)) for kind, names in provided(plugin).items()]
        yield from table(rows, indent=2)
    for kind, name, owners in catalog.ambiguous():
        yield f"ambiguous: {kind} '{name}' is provided by {', '.join(owners)}; qualify it"
