"""Measures of classifiers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vega_core.data import Array
from vega_core.errors import ConfigError
from vega_core.train import Metric, output_of


@dataclass
class Accuracy(Metric):
    """The fraction of samples whose true class has the largest output.

    Attributes:
        output: Name of the network's output, of shape ``(N, classes)``; None for the usual one.
        target: Name of the field with the true class.
    """

    output: str | None = None
    target: str = "label"

    _hits: int = field(default=0, init=False)
    _count: int = field(default=0, init=False)

    @property
    def name(self) -> str:
        return "accuracy"

    def reset(self) -> None:
        self._hits = self._count = 0

    def update(self, outputs: Mapping[str, Array], batch: Mapping[str, Array]) -> None:
        predicted = output_of(outputs, self.output).argmax(axis=1)
        self._hits += int((predicted == batch[self.target]).sum())
        self._count += len(predicted)

    def value(self) -> float:
        return self._hits / self._count if self._count else math.nan


@dataclass
class TopKAccuracy(Metric):
    """The fraction of samples whose true class is among the ``k`` largest outputs.

    It is reported as ``accuracy_top<k>``. Of classes with equal outputs the first counts as the
    largest, so that ``k`` = 1 is the accuracy.

    Attributes:
        k: How many classes may be named.
        output: Name of the network's output, of shape ``(N, classes)``; None for the usual one.
        target: Name of the field with the true class.
    """

    k: int = 5
    output: str | None = None
    target: str = "label"

    _hits: int = field(default=0, init=False)
    _count: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ConfigError(f"top_k_accuracy: k must be at least 1, not {self.k}")

    @property
    def name(self) -> str:
        return f"accuracy_top{self.k}"

    def reset(self) -> None:
        self._hits = self._count = 0

    def update(self, outputs: Mapping[str, Array], batch: Mapping[str, Array]) -> None:
        scores, label = output_of(outputs, self.output), batch[self.target][:, None]
        true = np.take_along_axis(scores, label, axis=1)
        first = np.arange(scores.shape[1]) < label
        larger = ~(scores <= true) | ((scores == true) & first)  # NaN counts as larger
        self._hits += int((larger.sum(axis=1) < self.k).sum())
        self._count += len(scores)

    def value(self) -> float:
        return self._hits / self._count if self._count else math.nan


@dataclass
class F1(Metric):
    """The mean over classes of the harmonic mean of precision and recall (macro F1).

    Classes that neither occur nor are predicted do not count.

    Attributes:
        output: Name of the network's output, of shape ``(N, classes)``; None for the usual one.
        target: Name of the field with the true class.
    """

    output: str | None = None
    target: str = "label"

    _hits: Array | int = field(default=0, init=False)
    _named: Array | int = field(default=0, init=False)

    @property
    def name(self) -> str:
        return "f1"

    def reset(self) -> None:
        self._hits = self._named = 0

    def update(self, outputs: Mapping[str, Array], batch: Mapping[str, Array]) -> None:
        scores = output_of(outputs, self.output)
        predicted, true = scores.argmax(axis=1), batch[self.target]
        classes = scores.shape[1]
        self._hits = self._hits + np.bincount(true[predicted == true], minlength=classes)
        both = np.concatenate([predicted, true])
        self._named = self._named + np.bincount(both, minlength=classes)

    def value(self) -> float:
        named = np.asarray(self._named)
        seen = named > 0
        if not seen.any():
            return math.nan
        return float(np.mean(2 * np.asarray(self._hits)[seen] / named[seen]))
