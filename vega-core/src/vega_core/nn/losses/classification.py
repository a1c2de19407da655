"""Losses of classes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vega_core.errors import ModelError, suggest
from vega_core.nn.functional.arithmetic import constant
from vega_core.nn.functional.control import control, stop_gradient
from vega_core.nn.functional.rounding import cast
from vega_core.nn.functional.shaping import unsqueeze
from vega_core.nn.losses.contract import Loss, main_output, target_of
from vega_core.nn.losses.functions import binary_cross_entropy, cross_entropy, kl_divergence
from vega_core.nn.tensor import Tensor


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross entropy of one output with class numbers.

    Attributes:
        smoothing: Label smoothing, in [0, 1].
        output: Name of the output with the scores; by default the main one.
        target: Name of the field with the class numbers.
        ignore_index: The label of samples that do not count.
        weights: How much each class counts; by default all alike.
    """

    smoothing: float = 0.0
    output: str | None = None
    target: str = "label"
    ignore_index: int = -100
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing <= 1:
            raise ModelError(f"label smoothing is in [0, 1], and got {self.smoothing}")
        given = self.weights
        if given is not None and not (all(0 <= w < math.inf for w in given) and any(given)):
            raise ModelError(f"weights of classes are not negative, nor all 0, and got {given}")

    def __call__(
        self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]
    ) -> Tensor | Mapping[str, Tensor]:
        scores, label = main_output(outputs, self.output), target_of(targets, self.target)
        weights = None if self.weights is None else constant(self.weights, scores.dtype)
        return cross_entropy(scores, label, self.smoothing, self.ignore_index, weights=weights)


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """Cross entropy of one output's yes-or-no scores, before the sigmoid, with a target in [0, 1].

    The target has the output's shape, or that without a last axis of size 1; numbers and
    booleans of any type will do.

    Attributes:
        output: Name of the output with the scores; by default the main one.
        target: Name of the field with the answers.
    """

    output: str | None = None
    target: str = "label"

    def __call__(
        self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]
    ) -> Tensor | Mapping[str, Tensor]:
        scores, target = main_output(outputs, self.output), target_of(targets, self.target)
        if target.dtype != scores.dtype:
            target = cast(target, scores.dtype)
        if scores.shape == (*target.shape, 1):
            target = unsqueeze(target, -1)
        return binary_cross_entropy(scores, target)


@dataclass(frozen=True)
class KLDivergence(Loss):
    """Distillation: how far one output's classes are from a teacher's; see `kl_divergence`.

    Its control ``temperature`` may change from step to step. No gradient flows into the teacher.

    Attributes:
        temperature: What scores are divided by, before the softmax; above 0.
        output: Name of the student's output; by default the main one beside the teacher's.
        teacher: Name of the output, or else of the target field, with the teacher's scores.
    """

    temperature: float = 1.0
    output: str | None = None
    teacher: str = "teacher"

    def __post_init__(self) -> None:
        if not 0 < self.temperature < math.inf:
            raise ModelError(f"a temperature is above 0, and got {self.temperature}")

    def __call__(
        self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]
    ) -> Tensor | Mapping[str, Tensor]:
        known = {**targets, **outputs}
        if self.teacher not in known:
            raise ModelError(
                f"no output or target {self.teacher!r} has the teacher's scores"
                f"{suggest(self.teacher, known)}"
            )
        others = {name: output for name, output in outputs.items() if name != self.teacher}
        temperature = control("temperature", self.temperature)
        teacher = stop_gradient(known[self.teacher])
        return kl_divergence(main_output(others, self.output), teacher, temperature)
