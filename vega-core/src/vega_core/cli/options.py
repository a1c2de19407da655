"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

local_plugins = click.option(
    "--plugin",
    "local",
    multiple=True,
    metavar="PATH",
    help="Also load this file or module, as 'plugins' in a configuration does.",
)

output_file = click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The file to write."
)
force_option = click.option(
    "--force", is_flag=True, help="Replace the file if it is there already."
)
