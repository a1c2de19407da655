"""Mistakes must be refused with a typed error that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def refused(
    kind: type[Exception],
    what: str,
    attempt: Callable[..., object],
    *arguments: Any,
    named: str = "",
    **keywords: Any,
) -> None:
    """Checks that an attempt raises an error of a kind, whose message names something.

    Args:
        kind: The error's type.
        what: What is attempted, for messages.
        attempt: What must fail.
        *arguments: What it is called with.
        named: A text that the error's message must hold.
        **keywords: What it is called with by name.
    """
    try:
        attempt(*arguments, **keywords)
    except kind as error:
        if named not in str(error):
            raise AssertionError(f"{what}: the error does not name {named!r}: {error}") from error
        return
    except Exception as error:
        raise AssertionError(f"{what}: {error!r} instead of a {kind.__name__}") from error
    raise AssertionError(f"{what} is accepted; it must raise a {kind.__name__}")
