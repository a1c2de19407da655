"""The run directory: journal, lock, files written atomically, checkpoints.

The names below are imported when they are first used: workers need neither SQLite nor NumPy for
the file that they write.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vega_core.store.atomic import read_json as read_json
    from vega_core.store.atomic import write_bytes as write_bytes
    from vega_core.store.atomic import write_json as write_json
    from vega_core.store.atomic import write_text as write_text
    from vega_core.store.journal import Journal as Journal
    from vega_core.store.journal import JournalFullError as JournalFullError
    from vega_core.store.lock import RunLock as RunLock
    from vega_core.store.records import Asked as Asked
    from vega_core.store.records import AttemptEnded as AttemptEnded
    from vega_core.store.records import AttemptRow as AttemptRow
    from vega_core.store.records import AttemptStarted as AttemptStarted
    from vega_core.store.records import Entry as Entry
    from vega_core.store.records import JournalEvent as JournalEvent
    from vega_core.store.records import Note as Note
    from vega_core.store.records import Reported as Reported
    from vega_core.store.records import StepFinished as StepFinished
    from vega_core.store.records import StepStarted as StepStarted
    from vega_core.store.records import Told as Told
    from vega_core.store.records import TrialRow as TrialRow
    from vega_core.store.rundir import RunDir as RunDir
    from vega_core.store.tensors import load_state as load_state
    from vega_core.store.tensors import load_tensors as load_tensors
    from vega_core.store.tensors import save_state as save_state
    from vega_core.store.tensors import save_tensors as save_tensors

_NAMES = {
    "atomic": ("read_json", "write_bytes", "write_json", "write_text"),
    "journal": ("Journal", "JournalFullError"),
    "lock": ("RunLock",),
    "records": (
        *("Asked", "AttemptEnded", "AttemptRow", "AttemptStarted", "Entry", "JournalEvent"),
        *("Note", "Reported", "StepFinished", "StepStarted", "Told", "TrialRow"),
    ),
    "rundir": ("RunDir",),
    "tensors": ("load_state", "load_tensors", "save_state", "save_tensors"),
}
_HOMES = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
