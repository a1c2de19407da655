"""Options that several commands have."""

from __future__ import annotations

import click

local_plugins = click.option(
    "--plugin",
    "local",
    multiple=True,
    metavar="PATH",
    help="Also load this file or module, as 'plugins' in a configuration does.",
)
