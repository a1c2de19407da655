"""The small frozen records that hooks yield."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Provider:
    """One component that a plugin offers; its code is imported when it is first used.

    Example:
        >>> Provider("Halving", "my_package.halving:Halving", "Successive halving.")
        ... # doctest: +ELLIPSIS
        Provider(name='Halving', target='my_package.halving:Halving', ...)

    Attributes:
        name: What a configuration writes after ``type:``.
        target: Where the class is: ``package.module:Class``.
        summary: One sentence for listings.
        aliases: Other names that mean the same component.
        backends: Backends that it is bound to; empty where it runs on all of them.
        paper: What it implements: authors, title, year, an arXiv number.
        example: Parameters of a configuration that works, for ``vega describe``; by default the
            defaults of the class, and invented values for what it requires.
    """

    name: str
    target: str
    summary: str = ""
    aliases: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    paper: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command:
    """One subcommand of ``vega`` that a plugin offers.

    Attributes:
        name: The word after ``vega``.
        target: Where the ``click.Command`` is: ``package.module:command``.
        summary: One sentence for ``vega --help``.
    """

    name: str
    target: str
    summary: str = ""
