"""The form in which a configuration writes a search space."""

from __future__ import annotations

from typing import Any, TypedDict


class _Parameters(TypedDict):
    hyperparameters: list[dict[str, Any]]


class SpaceConfig(_Parameters, total=False):
    """A search space as plain data.

    Attributes:
        hyperparameters: What is searched: each has a ``key``, the name to bind; a ``type`` such as
            ``FLOAT_EXP``; and a ``range``, an interval or a list of choices.
        condition: When hyperparameters exist: each has a ``child`` and a ``parent``, the names;
            a ``type`` (``EQUAL``, ``NOT_EQUAL``, ``IN``, ``FORBIDDEN``); and a ``range``, values
            of the parent.
        forbidden: Combinations ``{name: value, ...}`` that may not occur.
    """

    condition: list[dict[str, Any]]
    forbidden: list[dict[str, Any]]
