"""Typed errors: each says what was wrong, where, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class VegaError(Exception):
    """Base of every error that Vega raises on purpose.

    Attributes:
        exit_code: The exit status of the command line when this error ends it.
    """

    exit_code: ClassVar[int] = 1


class UserError(VegaError):
    """A mistake in what the user gave; shown without a traceback."""

    exit_code: ClassVar[int] = 2


class ConfigError(UserError):
    """A configuration that cannot be run."""


class SpaceError(UserError):
    """A search space, or a sample of one, that is not valid.

    Attributes:
        path: Keys and indices that lead to the fault inside the space's configuration.
    """

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


class PluginError(UserError):
    """A component that cannot be had: unknown, ambiguous, not installed or broken."""


class DataError(UserError):
    """Data that are missing, damaged or of the wrong form."""


class ModelError(UserError):
    """A model description that cannot be built."""


class DescriptionError(ModelError):
    """A malformed description of a model; the message begins with the place of the fault.

    Attributes:
        path: Keys and places of lists that lead to the fault.
        fault: The message without the place.
    """

    def __init__(self, fault: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(f"{'.'.join(map(str, path))}: {fault}" if path else fault)
        self.path = path
        self.fault = fault


class ShapeError(ModelError):
    """Shapes that do not fit; names the module path and both shapes."""


class SearchError(UserError):
    """A search algorithm that is set up or answered wrongly."""


class NotFiniteError(VegaError):
    """A loss or metric became NaN or infinite; the attempt that raises it ends in state ``nan``."""


class StateError(VegaError):
    """Saved state that is damaged, incomplete or of another run."""


class RunFailed(VegaError):  # noqa: N818 - the run has failed; the name is the event
    """The run could not finish."""


class LockedError(VegaError):
    """Another driver holds the run."""

    exit_code: ClassVar[int] = 75


def suggest(name: str, known: Iterable[str]) -> str:
    """Returns ``"; did you mean 'X'?"`` for the nearest known name, or an empty string."""
    by_fold = {item.casefold(): item for item in known}
    near = difflib.get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    return f"; did you mean '{by_fold[near[0]]}'?" if near else ""


def there_are(names: Iterable[str]) -> str:
    """Returns ``"; there are a, b"``, ``"; there is only a"``, or an empty string."""
    known = list(names)
    verb = "are" if known[1:] else "is only"
    return f"; there {verb} {', '.join(known)}" if known else ""
