"""The small networks of the kit, with losses, and batches for them."""

from __future__ import annotations

from functools import lru_cache, reduce
from operator import add
from typing import Any

import numpy as np

from vega_core import nn
from vega_core.arrays import Array
from vega_core.nn.initializers import Normal
from vega_core.nn.primitive import Kind
from vega_core.nn.shapes import Shape, with_batch

LABEL = {"label": nn.batched((), "int64")}
CLASSES = 3


class Pictures(nn.Network):
    """A convolution, a norm, a rectifier, a dropout and a dense layer."""

    rate: float = 0.25
    norm_mode: Any = None

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        x = nn.Conv(4, name="conv")(image)
        x = nn.relu(nn.BatchNorm(name="norm", mode=self.norm_mode)(x))
        x = nn.Dropout(self.rate, name="drop")(nn.flatten(nn.max_pool(x, 2)))
        return nn.Linear(CLASSES, name="fc")(x)


class Parts(nn.Network):
    """Two dense layers on one input, of which the loss may reach one."""

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        names = ("output", "aside")
        return {name: nn.Linear(CLASSES, name=name)(x) for name in names}


class Branches(nn.Network):
    """A choice between a wide branch with a norm, a narrow one and none; all of one shape."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        stem = nn.Linear(6, name="stem")(x)
        chosen = nn.choice("pick", (self._wide, nn.Linear(6, name="narrow"), nn.identity), stem)
        return nn.Linear(CLASSES, name="head")(chosen)

    @staticmethod
    def _wide(x: nn.Tensor) -> nn.Tensor:
        x = nn.BatchNorm(name="norm")(nn.Linear(12, name="wide")(x))
        return nn.Linear(6, name="back")(nn.relu(x))


class Controlled(nn.Network):
    """Controls of each form: a number, an array, an integer, and a rate of dropout."""

    strength: float = 1.0

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.Linear(6, name="fc")(x) * nn.control("strength", self.strength)
        x = x * nn.control("mask", 1.0, (6,))
        shift = nn.control("shift", 0, dtype="int64")
        x = x + nn.cast(shift, "float32")
        return nn.Linear(CLASSES, name="head")(nn.Dropout(0.0, name="drop")(x))


class Draws(nn.Network):
    """Two dropouts of one value, and draws of both distributions; no loss of its own."""

    rate: float = 0.5
    width: int = 64

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        x = x + nn.parameter("offset", (1, self.width))
        return {
            "one": nn.Dropout(self.rate, name="one")(x),
            "other": nn.Dropout(self.rate, name="other")(x),
            "rows": nn.DropPath(self.rate, name="rows")(x),
            "uniform": nn.random_uniform(x, -1, self.width),
            "normal": nn.random_normal(x, -1, self.width),
            "loss": nn.reduce_mean(x * x),
        }


DENSE: dict[str, tuple[Shape, Kind]] = {
    "weight": ((3, 4), "weight"),
    "kernel": ((2, 2, 3, 3), "weight"),
    "bias": ((4,), "bias"),
    "norm": ((5,), "norm"),
    "scale": ((), "weight"),
}
"""Parameters of `Slopes` by name."""

TABLE = (6, 3)
LOOKUPS = 4


class Slopes(nn.Network):
    """Parameters of every kind whose gradients are inputs: the loss is linear in each.

    Of the table's gradient the input gives that of the rows that are looked up. Nothing reaches
    ``idle``.
    """

    def forward(self, **given: nn.Tensor) -> dict[str, nn.Tensor]:
        parts = [
            nn.reduce_sum(nn.parameter(name, shape, Normal(1.0), kind) * given[name])
            for name, (shape, kind) in DENSE.items()
        ]
        rows = nn.Embedding(*TABLE, name="table")(given["ids"])
        idle = nn.parameter("idle", (2, 2), Normal(1.0))
        parts.append(nn.reduce_sum(rows * given["table"]))
        return {"loss": reduce(add, parts), "aside": nn.reduce_sum(idle * idle)}


@lru_cache
def slopes() -> nn.Graph:
    """Returns the graph whose gradients are its inputs."""
    inputs = {name: nn.TensorSpec(shape) for name, (shape, _) in DENSE.items()}
    inputs["ids"] = nn.TensorSpec((LOOKUPS,), "int64")
    inputs["table"] = nn.TensorSpec((LOOKUPS, TABLE[1]))
    return nn.trace(Slopes(), inputs)


@lru_cache
def pictures(rate: float = 0.25, norm_mode: str | None = None) -> nn.Graph:
    """Returns a picture classifier with its loss; the batch has ``image`` and ``label``."""
    model = nn.trace(Pictures(rate, norm_mode), {"image": nn.batched((2, 6, 6))})
    return nn.compose(model, nn.losses.CrossEntropy(), LABEL)


@lru_cache
def classifier(network: nn.Network, features: int = 5) -> nn.Graph:
    """Returns a classifier of vectors ``x`` with its loss on ``output`` and ``label``."""
    model = nn.trace(network, {"x": nn.batched((features,))})
    return nn.compose(model, nn.losses.CrossEntropy(output="output"), LABEL)


def batch(graph: nn.Graph, size: int = 8, seed: int = 0) -> dict[str, Array]:
    """Returns a batch of random inputs of a graph; integers are numbers of classes."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for name, spec in graph.inputs.items():
        shape = with_batch(spec.shape, size)
        if spec.dtype.startswith("int"):
            arrays[name] = rng.integers(0, CLASSES, shape).astype(spec.dtype)
        else:
            arrays[name] = rng.standard_normal(shape).astype(spec.dtype)
    return arrays
