"""The small frozen records that hooks yield."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    name: str
    target: str
    summary: str = ""
    aliases: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    paper: str = ""


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
