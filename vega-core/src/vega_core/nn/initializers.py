"""How parameters begin: frozen records that fill an array from a random generator."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Fan = Literal["fan_in", "fan_out"]


class Initializer(ABC):
    """Fills a new parameter; the same generator state gives the same values."""

    @abstractmethod
    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float32]:
        """Returns a float32 array of ``shape``."""


@dataclass(frozen=True)
class Full(Initializer):
    """One value everywhere."""

    value: float = 0.0

    def __call__(
        self,
        rng: np.random.Generator,  # noqa: ARG002
        shape: Sequence[int],
    ) -> NDArray[np.float32]:
        return np.full(shape, self.value, np.float32)


@dataclass(frozen=True)
class Normal(Initializer):
    """Normal draws of mean 0."""

    std: float

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float32]:
        draws: NDArray[np.float32] = rng.standard_normal(shape, dtype=np.float32)
        np.multiply(draws, np.float32(self.std), out=draws)
        return draws


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform draws in [-bound, bound)."""

    bound: float

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float32]:
        draws: NDArray[np.float32] = rng.random(shape, dtype=np.float32)
        np.multiply(2 * draws - 1, np.float32(self.bound), out=draws)
        return draws


@dataclass(frozen=True)
class KaimingNormal(Initializer):
    """Normal draws of standard deviation gain / sqrt(fan) (He et al., 2015).

    Attributes:
        fan: ``fan_in`` keeps the variance of activations, ``fan_out`` that of gradients.
        gain: sqrt(2) before a ReLU, 1 before nothing.
    """

    fan: Fan = "fan_in"
    gain: float = math.sqrt(2.0)

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float32]:
        return Normal(self.gain / math.sqrt(fans(shape)[self.fan]))(rng, shape)


@dataclass(frozen=True)
class KaimingUniform(Initializer):
    """Uniform draws of the same variance as `KaimingNormal`.

    The default gain of 1 / sqrt(3) gives the bound 1 / sqrt(fan_in), what PyTorch takes for
    convolutions and linear layers.
    """

    fan: Fan = "fan_in"
    gain: float = math.sqrt(1.0 / 3.0)

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float32]:
        return Uniform(self.gain * math.sqrt(3.0 / fans(shape)[self.fan]))(rng, shape)


@dataclass(frozen=True)
class XavierUniform(Initializer):
    """Uniform draws of variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010)."""

    gain: float = 1.0

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float32]:
        return Uniform(self.gain * math.sqrt(6.0 / sum(fans(shape).values())))(rng, shape)


ZEROS = Full(0.0)
ONES = Full(1.0)

INITIALIZERS: dict[str, type[Initializer]] = {
    cls.__name__: cls
    for cls in (Full, Normal, Uniform, KaimingNormal, KaimingUniform, XavierUniform)
}


def fans(shape: Sequence[int]) -> dict[Fan, int]:
    """Returns inputs and outputs a unit of a weight of shape (out, in, *kernel)."""
    kernel = math.prod(shape[2:])
    inputs = shape[1] if len(shape) > 1 else shape[0] if shape else 1
    return {"fan_in": inputs * kernel, "fan_out": (shape[0] if shape else 1) * kernel}
