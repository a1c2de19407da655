"""Losses of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from vega_core.errors import ModelError
from vega_core.nn.losses.contract import Loss, main_output, target_of
from vega_core.nn.losses.functions import l1, mse, smooth_l1
from vega_core.nn.tensor import Tensor


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


@dataclass(frozen=True)
class MeanAbsoluteError(Loss):
    """Mean absolute error of one output with a target of the same shape.

    Attributes:
        output: Name of the output; by default the main one.
        target: Name of the target field.
    """

    output: str | None = None
    target: str = "label"

    def __call__(
        self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]
    ) -> Tensor | Mapping[str, Tensor]:
        return l1(main_output(outputs, self.output), target_of(targets, self.target))


@dataclass(frozen=True)
class SmoothL1(Loss):
    """Mean absolute error of one output with a target of the same shape, a square near 0.

    Attributes:
        beta: The error below which it is a square; 0 is the absolute error.
        output: Name of the output; by default the main one.
        target: Name of the target field.
    """

    beta: float = 1.0
    output: str | None = None
    target: str = "label"

    def __post_init__(self) -> None:
        if not 0 <= self.beta < math.inf:
            raise ModelError(f"beta of a smooth error is not negative, and got {self.beta}")

    def __call__(
        self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]
    ) -> Tensor | Mapping[str, Tensor]:
        output, target = main_output(outputs, self.output), target_of(targets, self.target)
        return smooth_l1(output, target, self.beta)
