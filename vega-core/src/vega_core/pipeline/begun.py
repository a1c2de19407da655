"""What a tuned function's run was begun with, and whether a later call may go on with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from vega_core.errors import SearchError
from vega_core.plugins.parameters import parameters_of
from vega_core.search import Algorithm
from vega_core.store.journal import Journal
from vega_core.store.lock import RunLock
from vega_core.store.records import StepStarted
from vega_core.store.rundir import RunDir

LOOK_AHEAD = "look_ahead"
_SHOWN = {"num_samples": "trials"}
"""Parameters that `tune` calls otherwise."""
_LONG = 60


def describe(
    search: Algorithm, params: Mapping[str, Any], *, deterministic: bool, look_ahead: int | None
) -> dict[str, Any]:
    """Returns as plain data all that decides which trials are made.

    Args:
        search: The algorithm, as it was made.
        params: The parameters that it was given; those left out count with their defaults.
        deterministic: Whether results are told in the order of the proposals.
        look_ahead: Proposals under way at once, where they are.
    """
    cls, problem = type(search), search.problem
    defaults = {one.name: one.default for one in parameters_of(cls) if not one.required}
    return {
        "algorithm": f"{cls.__module__}:{cls.__qualname__}",
        "params": _plain({**defaults, **params}),
        "space": _plain(problem.space.to_config()),
        "objectives": _plain(problem.objectives.to_config()),
        "constraints": [str(one) for one in problem.constraints],
        "seed": int(problem.seed),
        "budget": float(problem.budget),
        "deterministic": bool(deterministic),
        LOOK_AHEAD: look_ahead,
    }


def begin(journal: Journal, step: str, now: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Writes down what a run begins with; a later call gets what the first one has written.

    Raises:
        SearchError: The run was begun with something else; nothing has been written then.
    """
    for entry in journal.events(step=step, kinds=(StepStarted.kind,)):
        assert isinstance(entry.event, StepStarted)  # noqa: S101 - by the query
        before = dict(entry.event.data)
        _check_same(before, now, folder)
        return before
    journal.append(StepStarted(step=step, data=now))
    return dict(now)


def open_run(output: str | Path | None, *, resume: bool) -> RunDir | None:
    """Returns the run directory that a call of `tune` asks for; None where it asks for none.

    Raises:
        UserError: It cannot be made, or there is none to resume.
    """
    if output is None:
        if resume:
            raise SearchError("resume needs the run directory of the earlier run: give output")
        return None
    if resume and not Path(output).expanduser().exists():
        raise SearchError(f"there is no run to resume: there is no folder {output}")
    try:
        return RunDir.create(output)
    except OSError as error:
        raise SearchError(
            f"{output} cannot be made: {error.strerror}; choose another output"
        ) from error


def open_journal(stack: ExitStack, run: RunDir, *, resume: bool) -> Journal:
    """Locks a run directory and opens its journal.

    Raises:
        SearchError: It holds a run that was not asked for.
        LockedError: Another driver holds it.
    """
    stack.enter_context(RunLock(run.lock))
    if run.config.is_file():
        raise SearchError(f"{run.root} holds the run of a configuration; choose another output")
    if run.journal.is_file() and not resume:
        raise SearchError(f"{run.root} holds a run already; give resume=True, or another output")
    return stack.enter_context(Journal.open(run.journal))


def _check_same(before: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    earlier, later = _flat(before), _flat(now)
    for name in later:
        was, is_now = earlier.get(name), later[name]
        if was == is_now or name == LOOK_AHEAD:
            continue
        long = max(len(repr(was)), len(repr(is_now))) > _LONG
        what = f"another {name}" if long else f"{name}={was!r}, now {is_now!r}"
        raise SearchError(
            f"{folder} was begun with {what}; resume it as it was begun, or choose another output"
        )


def _flat(arguments: Mapping[str, Any]) -> dict[str, Any]:
    flat = {name: value for name, value in arguments.items() if name != "params"}
    params = arguments.get("params", {})
    # The algorithm comes first: with another one, most parameters differ as well.
    return flat | {_SHOWN.get(name, name): value for name, value in params.items()}


def _plain(value: Any) -> Any:
    """Returns a value as it comes back from the journal; an object is known by its type."""
    return json.loads(json.dumps(value, default=lambda item: type(item).__qualname__))
