"""How parameters begin: frozen records that fill an array from a random generator."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Fan = Literal["fan_in", "fan_out"]


class Initializer(ABC):
    """Fills a new parameter; the same generator state gives the same values."""

    @abstractmethod
    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float32]:
        """Returns a float32 array of ``shape``."""

    def for_transposed(self, groups: int) -> Initializer:  # noqa: ARG002
        """Returns the same for the weight (in, out / groups, *kernel) of a transposed convolution.

        Args:
            groups: Number of its channel groups.
        """
        return self

    def written(self) -> Initializer:
        """Returns what stands for it where a graph is written as text: a record of plain values."""
        return self


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
class _ByFans(Initializer):
    """Draws of a size that depends on how many inputs or outputs a unit has.

    Attributes:
        transposed: Whether the weight is laid out (in, out / groups, *kernel), as those of
            transposed convolutions are, and not (out, in / groups, *kernel).
        groups: Number of channel groups. Where a weight is not transposed, the default 1
            counts the outputs of all groups, as PyTorch does.
    """

    transposed: bool = field(default=False, kw_only=True)
    groups: int = field(default=1, kw_only=True)

    def for_transposed(self, groups: int) -> Initializer:
        return replace(self, transposed=True, groups=groups)

    def _fans(self, shape: Sequence[int]) -> dict[Fan, int]:
        return fans(shape, self.transposed, self.groups)


@dataclass(frozen=True)
class KaimingNormal(_ByFans):
    """Normal draws of standard deviation gain / sqrt(fan) (He et al., 2015).

    Attributes:
        fan: ``fan_in`` keeps the variance of activations, ``fan_out`` that of gradients.
        gain: sqrt(2) before a ReLU, 1 before nothing.
    """

    fan: Fan = "fan_in"
    gain: float = math.sqrt(2.0)

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float32]:
        return Normal(self.gain / math.sqrt(self._fans(shape)[self.fan]))(rng, shape)


@dataclass(frozen=True)
class KaimingUniform(_ByFans):
    """Uniform draws of the same variance as `KaimingNormal`.

    The default gain of 1 / sqrt(3) gives the bound 1 / sqrt(fan_in), what PyTorch takes for
    convolutions and linear layers.
    """

    fan: Fan = "fan_in"
    gain: float = math.sqrt(1.0 / 3.0)

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float32]:
        return Uniform(self.gain * math.sqrt(3.0 / self._fans(shape)[self.fan]))(rng, shape)


@dataclass(frozen=True)
class XavierUniform(_ByFans):
    """Uniform draws of variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010)."""

    gain: float = 1.0

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float32]:
        return Uniform(self.gain * math.sqrt(6.0 / sum(self._fans(shape).values())))(rng, shape)


@dataclass(frozen=True)
class Stored(Initializer):
    """Values from a file.

    Attributes:
        source: Which file it is; no part of the values.
        name: What the array is called there.
        shape: Its shape.
        otherwise: How a parameter of another shape begins, as after a change of channels.
        load: Reads the array; a new one at each call.
    """

    source: str
    name: str
    shape: tuple[int, ...]
    otherwise: Initializer
    load: Callable[[], NDArray[Any]] = field(compare=False, repr=False)

    def __call__(self, rng: np.random.Generator, shape: Sequence[int]) -> NDArray[Any]:
        return self.load() if tuple(shape) == self.shape else self.otherwise(rng, shape)

    def written(self) -> Initializer:
        return self.otherwise


ZEROS = Full(0.0)
ONES = Full(1.0)

INITIALIZERS: dict[str, type[Initializer]] = {
    cls.__name__: cls
    for cls in (Full, Normal, Uniform, KaimingNormal, KaimingUniform, XavierUniform)
}


def fans(shape: Sequence[int], transposed: bool = False, groups: int = 1) -> dict[Fan, int]:
    """Returns how many inputs and outputs a unit of a weight has.

    Args:
        shape: Shape of the weight, (out, in / groups, *kernel).
        transposed: Whether it is (in, out / groups, *kernel) instead.
        groups: Number of channel groups, which the first axis holds all of.
    """
    kernel = math.prod(shape[2:])
    first = shape[0] if shape else 1
    second = shape[1] if len(shape) > 1 else first
    whole, part = max(first // groups, 1) * kernel, second * kernel
    inputs, outputs = (whole, part) if transposed else (part, whole)
    return {"fan_in": inputs, "fan_out": outputs}
