"""The subcommands of ``vega``, from their own help."""

from __future__ import annotations

from importlib import import_module

import click

from vega_core.cli.main import COMMANDS
from vega_reference.markdown import code, page


def commands_page() -> str:
    """Returns the page."""
    parts = [
        "# Commands",
        "Every command has `--help`. Those that print something have `--json` for programs.",
    ]
    for name, (module, summary) in COMMANDS.items():
        command: click.Command = import_module(module).command
        context = click.Context(
            command, info_name=f"vega {name}", terminal_width=92, max_content_width=92
        )
        parts += [f"## `vega {name}`", summary, code(command.get_help(context), "text")]
    return page(*parts)
