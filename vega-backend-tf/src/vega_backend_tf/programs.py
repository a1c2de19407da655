"""The programs of a backend, kept for all executables that can use them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from vega_backend_tf.modes import Option

Made = TypeVar("Made")


class Programs:
    """Programs by what decides them.

    Attributes:
        option: How the user wants graphs to run.
        compiles: Programs built so far. Each has shapes of its own, so that neither TensorFlow nor
            XLA builds anything behind it.
    """

    def __init__(self, option: Option) -> None:
        self.option: Option = option
        self.compiles = 0
        self._kept: dict[Hashable, Any] = {}

    def get(self, key: Hashable, build: Callable[[], Made]) -> Made:
        """Returns the program of a key, built where there is none."""
        if key not in self._kept:
            self._kept[key] = build()
            self.compiles += 1
        made: Made = self._kept[key]
        return made
