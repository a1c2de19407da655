"""Calls a target and says how it ended."""

from __future__ import annotations

import contextlib
import numbers
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from vega_core.errors import NotFiniteError, VegaError
from vega_core.execute.contract import Channel
from vega_core.execute.states import AttemptState

Target = Callable[[Mapping[str, Any], Channel], Mapping[str, float]]

_LAST_FRAMES = 3
_MEMORY_TYPES = ("OutOfMemoryError", "ResourceExhaustedError")
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended.

    Attributes:
        state: ``ok``, ``nan``, ``oom`` or ``failed``.
        metrics: What it returned, where it is ``ok``.
        reason: Why it is not, in one line.
        fingerprint: Exception type and last frames.
        trace: The full traceback.
    """

    state: AttemptState
    metrics: dict[str, float] | None = None
    reason: str = ""
    fingerprint: str = ""
    trace: str = ""


def call(load: Callable[[], Target], payload: Mapping[str, Any], channel: Channel) -> Outcome:
    """Loads a target and calls it; whatever it raises becomes an outcome.

    Only ``KeyboardInterrupt`` passes through: it is meant for the program, not for the attempt.
    """
    try:
        returned = load()(payload, channel)
        return Outcome(AttemptState.OK, plain_metrics(returned))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return outcome_of(error)


def outcome_of(error: BaseException) -> Outcome:
    """The outcome that an exception means."""
    own = error.__traceback__
    frames = own.tb_next if own and own.tb_next else own
    trace = "".join(traceback.format_exception(type(error), error, frames))
    return Outcome(_state(error), None, _reason(error), _fingerprint(error), trace)


def plain_metrics(metrics: Any) -> dict[str, float]:
    """Metrics as plain numbers; one-element arrays and tensors become their element.

    Raises:
        TypeError: It is no mapping, a name is no string, or a value no real number; says which.
    """
    if not isinstance(metrics, Mapping):
        raise TypeError(f"metrics must be a mapping of names to numbers, not {_shown(metrics)}")
    return {_name(name): _number(name, value) for name, value in metrics.items()}


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"the name of a metric must be a string, not {_shown(name)}")
    return str(name)


def _number(name: Any, value: Any) -> float:
    if hasattr(value, "item") and getattr(value, "size", None) != 0:
        with contextlib.suppress(TypeError, ValueError, RuntimeError):  # several elements
            value = value.item()
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, numbers.Real):
        return float(value)
    raise TypeError(f"metric {name!r} must be a number, not {_shown(value)}")


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} of type {type(value).__name__}"


def _state(error: BaseException) -> AttemptState:
    if isinstance(error, NotFiniteError):
        return AttemptState.NAN
    text = _text(error).lower()
    if (
        isinstance(error, MemoryError)
        or type(error).__name__ in _MEMORY_TYPES
        or any(words in text for words in _MEMORY_WORDS)
    ):
        return AttemptState.OOM
    return AttemptState.FAILED


def _reason(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"exit {error.code} without a result"
    text = _text(error)
    first = text.splitlines()[0] if text else ""
    if isinstance(error, VegaError) and first:
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _text(error: BaseException) -> str:
    try:
        return str(error).strip()
    except Exception:
        return ""


def _fingerprint(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-_LAST_FRAMES:]
    places = " > ".join(f"{PurePath(f.filename).name}:{f.lineno}" for f in frames)
    return f"{type(error).__name__} at {places}"
