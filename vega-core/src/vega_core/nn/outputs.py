"""Which output of a network is meant where none is named."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

MAIN_OUTPUTS: Final = ("logits", "output")
"""Names that mean the main output of a network with several, the first that it has."""


def main_name(names: Collection[str]) -> str | None:
    """Returns the name of the only or the main output; None where there is no telling."""
    if len(names) == 1:
        return next(iter(names))
    return next((name for name in MAIN_OUTPUTS if name in names), None)
