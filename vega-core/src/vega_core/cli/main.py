"""The ``vega`` command.

A subcommand's module is imported when it is run, and plugins are loaded when help or an unknown
word asks for their subcommands. So no command pays for another, and a broken plugin breaks none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from vega_core import __version__
from vega_core.errors import ConfigError, VegaError, suggest

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("vega_core.cli.run", "Run the pipeline of a configuration."),
    "status": ("vega_core.cli.status", "Show how far a run has come."),
    "check": ("vega_core.cli.check", "Check a configuration and print its plan."),
    "schema": ("vega_core.cli.schema", "Print the JSON Schema of configurations, for editors."),
    "plugins": ("vega_core.cli.plugins", "List plugins and what they provide."),
    "describe": ("vega_core.cli.describe", "Explain a component and its parameters."),
    "stats": ("vega_core.cli.stats", "Count a model's parameters, multiply-adds and memory."),
    "export": ("vega_core.cli.export", "Write a trained model in another format, checked."),
    "latency-table": (
        "vega_core.cli.latency_table",
        "Measure the operators of a search space on this machine.",
    ),
    "doctor": ("vega_core.cli.doctor", "Check the installation, its devices and its plugins."),
}
"""Name to the module that has its ``command``, and what it does."""

_INTERRUPTED = 130
_SIGNALLED = 128
"""Exit codes above it mean a signal, which is no error."""


class LazyGroup(click.Group):
    """The core's commands by `COMMANDS`, and those that plugins provide."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self._summaries())

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name in COMMANDS:
            command: click.Command = import_module(COMMANDS[cmd_name][0]).command
            return command
        return _plugin_command(cmd_name)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries().items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        options = click.Command.shell_complete(self, ctx, incomplete)
        words = self._summaries().items()
        found = [CompletionItem(word, help=text) for word, text in words]
        return [item for item in found if item.value.startswith(incomplete)] + options

    def _summaries(self) -> dict[str, str]:
        return {name: text for name, (_, text) in COMMANDS.items()} | _plugin_summaries()


def _plugin_summaries() -> dict[str, str]:
    from vega_core.plugins import load_catalog  # only help and completion need it

    found: dict[str, str] = {}
    for component in load_catalog(strict=False).components("command"):
        if component.name not in COMMANDS:
            summary = f"{component.provider.summary} [{component.plugin.name}]"
            found.setdefault(component.name, summary)
    return found


def _plugin_command(name: str) -> click.Command | None:
    from vega_core.plugins import UnknownComponent, load_catalog

    catalog = load_catalog()
    try:
        command: click.Command | Any = catalog.load("command", name)
    except UnknownComponent as error:
        known = [*COMMANDS, *catalog.names("command")]
        raise click.UsageError(f"No such command '{name}'{suggest(name, known)}") from error
    return command


@click.group(
    cls=LazyGroup,
    name="vega",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="vega", message="%(prog)s %(version)s")
def cli() -> None:
    """From one YAML file to a searched, tuned, trained and exported model."""


def main() -> NoReturn:
    """Runs ``vega`` with the process's arguments and ends the process."""
    _open_streams()
    code = execute(sys.argv[1:])
    _flush_streams()
    sys.exit(code)


def execute(arguments: Sequence[str]) -> int:
    """Runs ``vega`` and returns its exit code.

    A command may return its exit code; None is 0. A user's mistake ends with one line on standard
    error, anything unforeseen with its traceback. With ``--json`` standard output holds an object
    with ``error`` and ``exit_code`` then.
    """
    try:
        result = cli.main(args=list(arguments), prog_name="vega", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return _failed(arguments, error.format_message(), error.exit_code)
    except click.Abort as error:
        return _INTERRUPTED if isinstance(error.__cause__, KeyboardInterrupt) else 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # whoever reads has seen enough
        return 0
    except VegaError as error:
        # The lines of a ConfigError begin with file:line:column, which editors jump to.
        prefix = "" if isinstance(error, ConfigError) else "error: "
        _complain(f"{prefix}{error}")
        if error.exit_code > _SIGNALLED:
            return error.exit_code
        return _failed(arguments, str(error), error.exit_code)
    except Exception as error:
        _report_bug()
        return _failed(arguments, f"{type(error).__name__}: {error}", 1)
    return result if isinstance(result, int) else 0


def _failed(arguments: Sequence[str], message: str, code: int) -> int:
    """Tells a program that reads JSON of an error; returns the exit code."""
    if "--json" in arguments:
        import json  # only who asks for JSON needs it

        with suppress(OSError, ValueError):
            click.echo(json.dumps({"error": message, "exit_code": code}, indent=2))
    return code


def _complain(text: str) -> None:
    with suppress(OSError, ValueError):
        click.echo(text, err=True)


def _open_streams() -> None:
    """Opens standard streams that are closed, or the run's own files would take their places."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115 - lives on
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115 - lives on


def _flush_streams() -> None:
    """Writes what is buffered; what nobody can read is dropped, or Python would complain of it."""
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            stream.flush()
        except (OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, number)
            os.close(null)


def _report_bug() -> None:
    import traceback

    traceback.print_exc()
    click.echo(
        "This is a bug in Vega or in one of its plugins. Please report it with the lines above "
        "and what 'vega doctor' prints.",
        err=True,
    )


if __name__ == "__main__":
    main()
