"""What a run leaves, and how it ends: exit codes, states, the run directory, records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from vega_core import errors
from vega_core.errors import VegaError
from vega_core.execute import AttemptState
from vega_core.store.records import EVENT_TYPES
from vega_core.store.rundir import RunDir
from vega_reference.docstrings import entries, markdown, summary
from vega_reference.markdown import page, table
from vega_reference.members import object_section, target_section


def runs_page() -> str:
    """Returns the page."""
    states = entries(AttemptState.__doc__, "Attributes")
    return page(
        "# Runs",
        "## Exit codes",
        table(["code", "meaning", "errors"], sorted(_codes(), key=lambda row: int(row[0]))),
        "## States of an attempt",
        markdown(AttemptState.__doc__, without=("Attributes",)),
        table(["state", "meaning"], [(f"`{name.lower()}`", states[name]) for name in states]),
        "## The run directory",
        markdown(RunDir.__doc__, without=("Attributes",)),
        target_section("vega_core.pipeline.records:ModelRecord"),
        "## Events of the journal",
        "`journal.db` is an SQLite file with one table, `events`. Its rows are only ever added. "
        "Each holds one of these records.",
        *(object_section(event, event.kind, 3) for event in EVENT_TYPES),
        "## Errors",
        *(object_section(error, error.__name__, 3) for error in _errors()),
    )


def _codes() -> Iterator[tuple[str, str, str]]:
    by_code = defaultdict(list)
    for error in _errors():
        by_code[error.exit_code].append(f"`{error.__name__}`")
    meanings = {
        0: "Done.",
        1: "The run failed, or there is a bug.",
        2: "A mistake in what the user gave; nothing was begun.",
        3: "Done, but more trials failed than `general.max_failures` allows.",
        75: "Another driver holds the run.",
        130: "Interrupted by Ctrl-C; `--resume` goes on.",
        143: "Interrupted by SIGTERM; `--resume` goes on.",
    }
    for code in sorted(by_code.keys() | meanings.keys()):
        yield str(code), meanings.get(code, ""), ", ".join(by_code[code])


def _errors() -> list[type[VegaError]]:
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    return [value for value in found if issubclass(value, VegaError) and summary(value.__doc__)]
