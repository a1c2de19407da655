"""The metric contract: numbers that accumulate over batches, on the host."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

from vega_core.data import Array
from vega_core.errors import ConfigError
from vega_core.nn.outputs import main_name

Direction = Literal["max", "min"]
LOSS = "loss"


class Metric(ABC):
    """A measure of a network's outputs against the targets.

    The trainer calls ``reset``, then ``update`` once a batch, then ``value``. Rows that only fill
    up a batch are taken off before.

    Attributes:
        direction: Whether more (``max``) or less (``min``) is better.
    """

    direction: ClassVar[Direction] = "max"

    @property
    @abstractmethod
    def name(self) -> str:
        """The name under which the value is reported."""

    @abstractmethod
    def reset(self) -> None:
        """Forgets all batches."""

    @abstractmethod
    def update(self, outputs: Mapping[str, Array], batch: Mapping[str, Array]) -> None:
        """Takes one batch in.

        Args:
            outputs: The network's outputs by name, each of shape ``(N, ...)``.
            batch: The batch's fields by name, each of shape ``(N, ...)``.
        """

    @abstractmethod
    def value(self) -> float:
        """Returns the measure over all batches since ``reset``; NaN where there was none."""


def output_of(outputs: Mapping[str, Array], name: str | None = None) -> Array:
    """Returns the output that a metric is about.

    Args:
        outputs: The network's outputs.
        name: The configured name; None for the only output with rows, ``logits`` or ``output``.

    Raises:
        ConfigError: There is no such output, or no telling which one is meant.
    """
    if name is None:
        # Losses are single numbers.
        name = main_name([item for item, array in outputs.items() if array.ndim])
    if name is None or name not in outputs:
        raise ConfigError(
            f"a metric needs the name of an output of the network; it has {', '.join(outputs)}, "
            f"not {name!r}"
        )
    return outputs[name]
