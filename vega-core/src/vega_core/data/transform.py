"""The transform contract: whole batches in, whole batches out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from vega_core.data.fields import Batch, Field


class Transform(ABC):
    """One operation on a batch of samples, in NumPy.

    The loader calls a transform once a batch, in the configured order. A ``random`` one is
    called in training only; a deterministic one also in evaluation and in prediction, so that
    both see the same data.

    Attributes:
        random: Whether the transform draws from ``rng``.
    """

    random: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """Returns the transformed batch.

        Args:
            batch: Arrays of shape ``(N, ...)``, which may be overwritten.
            rng: Source of all randomness, a function of seed, epoch and batch.
        """

    def spec(self, fields: dict[str, Field]) -> dict[str, Field]:
        """Returns the fields after the transform, given those before it."""
        return fields

    def bind(self, controls: Mapping[str, Any]) -> Transform:  # noqa: ARG002
        """Returns the transform to use for one epoch under ``controls``.

        A transform that follows a policy (PBA) returns a copy of itself with the policy set;
        others return themselves.
        """
        return self
