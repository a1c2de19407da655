"""Losses: functions that emit nodes, and components that bind them to names.

A loss component is called once, while the training graph is traced (`vega_core.nn.compose`), with
the network's outputs and the targets by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from vega_core.errors import ModelError, suggest
from vega_core.nn import ops
from vega_core.nn.ops.loss import Reduction
from vega_core.nn.outputs import main_name
from vega_core.nn.tensor import Tensor


def cross_entropy(
    logits: Tensor,
    label: Tensor,
    smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Tensor:
    """Returns the cross entropy of scores (N, C, *places) and labels (N, *places).

    Args:
        logits: Scores before the softmax.
        label: Class numbers, int64.
        smoothing: Label smoothing, in [0, 1].
        ignore_index: The label of places that do not count.
        reduction: ``mean`` over the places that count, ``sum``, or ``none``.
    """
    return logits.apply(ops.SoftmaxCrossEntropyLoss(smoothing, ignore_index, reduction), label)


def mse(a: Tensor, b: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Returns the squared error of two tensors of one shape."""
    return a.apply(ops.SquaredError(reduction), b)


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


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross entropy of one output with class numbers.

    Attributes:
        smoothing: Label smoothing, in [0, 1].
        output: Name of the output with the scores; by default the main one.
        target: Name of the field with the class numbers.
        ignore_index: The label of samples that do not count.
    """

    smoothing: float = 0.0
    output: str | None = None
    target: str = "label"
    ignore_index: int = -100

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing <= 1:
            raise ModelError(f"label smoothing is in [0, 1], and got {self.smoothing}")

    def __call__(
        self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]
    ) -> Tensor | Mapping[str, Tensor]:
        scores, label = main_output(outputs, self.output), target_of(targets, self.target)
        return cross_entropy(scores, label, self.smoothing, self.ignore_index)


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Mean squared error of one output with a target of the same shape.

    Attributes:
        output: Name of the output; by default the main one.
        target: Name of the target field.
    """

    output: str | None = None
    target: str = "label"

    def __call__(
        self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]
    ) -> Tensor | Mapping[str, Tensor]:
        return mse(main_output(outputs, self.output), target_of(targets, self.target))


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
