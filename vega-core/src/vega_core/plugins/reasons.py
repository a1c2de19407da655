"""Says on one line why foreign code failed."""

from __future__ import annotations

import importlib
from pathlib import Path

import pluggy

from vega_core.errors import VegaError

_MACHINERY = ("<frozen", str(importlib.__file__), str(Path(pluggy.__file__).parent))
_HERE = Path(__file__).parent


def reason_of(error: BaseException) -> str:
    """Returns an exception on one line, with the place in the plugin's code where it arose."""
    text = " ".join(str(error).split())
    if isinstance(error, VegaError | pluggy.PluginValidationError):
        return text
    if isinstance(error, SystemExit):
        text = f"{text} (a plugin must not exit)".lstrip()
    text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text + _place(error)


def _place(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return ""  # its text names the file and line
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(_MACHINERY) and Path(file).parent != _HERE:
            place = f" ({file}:{trace.tb_lineno})"
        trace = trace.tb_next
    return place
