"""How commands print: aligned text for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from os import PathLike, fspath
from typing import Any

import click

from vega_core.errors import VegaError


def emit(data: Any, as_json: bool, lines: Iterable[str] = ()) -> None:
    """Prints a command's result on standard output.

    Args:
        data: The result as data.
        as_json: Whether to print the data as JSON, and nothing else.
        lines: The result as text, which is printed otherwise.

    Raises:
        VegaError: It cannot be written, for another reason than that nobody reads it.
    """
    try:
        if as_json:
            import json  # text needs none

            click.echo(json.dumps(plain(data), indent=2, allow_nan=False))
        else:
            for line in lines:
                click.echo(line)
    except BrokenPipeError:
        pass  # whoever reads has seen enough
    except OSError as error:
        raise VegaError(f"standard output cannot be written: {error.strerror}") from error


def say(text: str) -> None:
    """Prints a line of progress; where nobody can read it, the work goes on all the same."""
    with suppress(OSError, ValueError):
        click.echo(text)


def plain(value: Any) -> Any:
    """Returns a value as JSON can hold it; a number that is not finite becomes its name."""
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    if isinstance(value, PathLike):
        return fspath(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: plain(getattr(value, field.name)) for field in fields}
    if hasattr(value, "tolist"):  # arrays and their scalars
        return plain(value.tolist())
    return str(value)


def table(rows: Iterable[Sequence[object]], indent: int = 0) -> list[str]:
    """Returns rows as lines with aligned columns; the last column is left as it is."""
    texts = [[str(cell) for cell in row] for row in rows]
    columns = max((len(row) for row in texts), default=0)
    widths = [
        max((len(row[column]) for row in texts if column < len(row) - 1), default=0)
        for column in range(columns)
    ]
    return [" " * indent + _line(row, widths) for row in texts]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.ljust(widths[column]) for column, cell in enumerate(row)]
    return "  ".join(cells).rstrip()
