"""What a loss component is, and how it finds outputs and targets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from vega_core.errors import ModelError, suggest
from vega_core.nn.outputs import main_name
from vega_core.nn.tensor import Tensor


class Loss(ABC):
    """Contract of loss components.

    Called once a trace, never with data. It may emit any operators and have controls (weights,
    temperatures) with `vega_core.nn.control`.
    """

    @abstractmethod
    def __call__(
        self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]
    ) -> Tensor | Mapping[str, Tensor]:
        """Returns the loss of shape (), or several by name.

        Of several, ``loss`` is minimized; where none has that name, their sum is.

        Args:
            outputs: The network's outputs; one that returns a single tensor has ``output``.
            targets: The batch's target fields.
        """


def main_output(outputs: Mapping[str, Tensor], name: str | None = None) -> Tensor:
    """Returns the named output, or the only or main one.

    Raises:
        ModelError: There is no such output, or several and none is the main one.
    """
    chosen = main_name(outputs) if name is None else name
    if chosen is None:
        raise ModelError(f"name the loss's output: the network has {sorted(outputs)}")
    if chosen not in outputs:
        raise ModelError(f"the network has no output {chosen!r}{suggest(chosen, outputs)}")
    return outputs[chosen]


def target_of(targets: Mapping[str, Tensor], name: str) -> Tensor:
    """Returns the named target.

    Raises:
        ModelError: The batch has no such field.
    """
    if name not in targets:
        raise ModelError(f"there is no target {name!r}{suggest(name, targets)}")
    return targets[name]
