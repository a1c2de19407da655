"""Small networks of any structure, drawn by a seed, on which rewrites are tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from vega_core import nn
from vega_core.arrays import Array
from vega_core.nn.shapes import with_batch

INPUTS: Final = {"x": nn.batched((4, 6, 6))}
"""What the drawn networks take."""

_ACTIVATIONS: Final = (nn.relu, nn.relu, nn.swish, nn.sigmoid, nn.hard_swish, nn.tanh)


class RandomNet(nn.Network):
    """Convolutions, sums, concatenations, splits, groups and shuffles in an order of chance.

    Input (N, 4, 6, 6), outputs ``logits`` (N, 3) and, at times, ``maps``.

    Attributes:
        seed: What it is drawn by.
        steps: Number of parts.
    """

    seed: int
    steps: int = 7

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        rng = np.random.default_rng(self.seed)
        stem = nn.Conv(int(rng.integers(2, 9)), 3, bias=bool(rng.integers(2)), name="stem")
        x = _finished(stem(x), rng, "stem")
        for number in range(self.steps):
            kind = _PARTS[int(rng.integers(len(_PARTS)))]
            x = kind(x, rng, f"part{number}")
        outputs = {"maps": nn.Conv(2, 1, name="maps")(x)} if rng.random() < 0.25 else {}
        x = _flat(x, rng)
        if rng.random() < 0.5:
            x = nn.relu(nn.Linear(int(rng.integers(2, 7)), name="hidden")(x))
            x = nn.BatchNorm(name="hidden_norm")(x) if rng.random() < 0.5 else x
        return {"logits": nn.Linear(3, name="head")(x), **outputs}


def random_graph(seed: int, steps: int = 7) -> nn.Graph:
    """Returns the graph of a `RandomNet`."""
    return nn.trace(RandomNet(seed, steps), INPUTS)


def random_arrays(
    graph: nn.Graph, seed: int = 0, samples: int = 2
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Returns parameters in float64 that are not trivial anywhere, and inputs.

    Weights keep the size of what goes through them; statistics and norms are as of a trained
    network.
    """
    rng = np.random.default_rng(seed)
    params: dict[str, Array] = {}
    for name, spec in graph.parameters.items():
        draws = rng.standard_normal(spec.shape)
        if spec.kind == "statistic":
            params[name] = np.abs(draws) + 0.3 if name.endswith("var") else 0.3 * draws
        elif spec.kind == "norm" and name.endswith("weight"):
            params[name] = 1 + 0.3 * draws
        else:
            fan = int(np.prod(spec.shape[1:], dtype=np.int64))
            params[name] = draws * (1.4 / np.sqrt(max(fan, 1)) if len(spec.shape) > 1 else 0.3)
    inputs = {}
    for name, given in graph.inputs.items():
        shape = with_batch(given.shape, samples)
        drawn = rng.standard_normal(shape) if "float" in given.dtype else rng.integers(0, 2, shape)
        inputs[name] = drawn.astype("float64" if "float" in given.dtype else given.dtype)
    return params, inputs


_Part: TypeAlias = Callable[[nn.Tensor, np.random.Generator, str], nn.Tensor]


def _finished(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    """A normalization or none, and an activation or none."""
    norm = rng.random()
    if norm < 0.6:
        x = nn.BatchNorm(name=f"{name}.norm")(x)
    elif norm < 0.7:
        x = nn.InstanceNorm(affine=True, name=f"{name}.norm")(x)
    elif norm < 0.75 and x.channels % 2 == 0:
        x = nn.GroupNorm(2, name=f"{name}.norm")(x)
    if rng.random() < 0.1:
        return nn.PRelu(name=f"{name}.prelu")(x)
    if rng.random() < 0.8:
        x = _ACTIVATIONS[int(rng.integers(len(_ACTIVATIONS)))](x)
    return nn.Dropout(0.1, name=f"{name}.drop")(x) if rng.random() < 0.1 else x


def _conv(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    size, bias = int(rng.choice([1, 3])), bool(rng.integers(2))
    return _finished(nn.Conv(int(rng.integers(2, 9)), size, bias=bias, name=name)(x), rng, name)


def _residual(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    y = _conv(x, rng, f"{name}.a")
    y = nn.Conv(x.channels, 3, name=f"{name}.b")(y)
    y = nn.BatchNorm(name=f"{name}.norm")(y) if rng.random() < 0.5 else y
    return nn.relu(x + y) if rng.random() < 0.5 else x + y


def _dense(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    parts = [x, *(_conv(x, rng, f"{name}.{k}") for k in range(int(rng.integers(1, 3))))]
    return nn.concat([parts[k] for k in rng.permutation(len(parts))])


def _split(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    if x.channels < 2:
        return _conv(x, rng, name)
    first = int(rng.integers(1, x.channels))
    a, b = nn.split(x, (first, x.channels - first))
    if rng.random() < 0.5:
        return nn.concat([_conv(a, rng, f"{name}.a"), b])
    return nn.concat([b, nn.Conv(a.channels, 1, name=f"{name}.a")(a) + a])


def _halves(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    """Halves that are added up, or one that gates the other."""
    if x.channels % 2:
        return _conv(x, rng, name)
    middle = x.channels // 2
    a, b = x[:, :middle], x[:, middle:]
    return a + b if rng.random() < 0.3 else nn.concat([a * nn.sigmoid(b), b])


def _depthwise(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    times = int(rng.choice([1, 1, 2]))
    conv = nn.Conv(x.channels * times, 3, groups=x.channels, name=name)
    return _finished(conv(x), rng, name)


def _grouped(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    groups = 3 if x.channels % 3 == 0 else 2 if x.channels % 2 == 0 else 1
    y = nn.Conv(groups * int(rng.integers(1, 4)), 3, groups=groups, name=name)(x)
    return nn.channel_shuffle(y, groups) if rng.random() < 0.5 else _finished(y, rng, name)


def _shuffle(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:  # noqa: ARG001
    """A shuffle as it is written with a reshape and a transpose."""
    if x.channels % 2:
        return nn.channel_shuffle(x, x.channels)
    _, channels, height, width = x.shape
    y = nn.reshape(x, -1, 2, channels // 2, height, width)
    return nn.reshape(nn.transpose(y, 0, 2, 1, 3, 4), -1, channels, height, width)


def _gate(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    """A squeeze and an excitation, by convolutions or by dense layers."""
    y = nn.global_average_pool(x)
    if rng.random() < 0.5:
        y = nn.relu(nn.Conv(2, 1, name=f"{name}.squeeze")(y))
        return x * nn.sigmoid(nn.Conv(x.channels, 1, name=f"{name}.gate")(y))
    y = nn.relu(nn.Linear(3, name=f"{name}.squeeze")(nn.flatten(y)))
    y = nn.sigmoid(nn.Linear(x.channels, name=f"{name}.gate")(y))
    return x * nn.reshape(y, 0, 0, 1, 1)


def _transposed(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    groups = 2 if x.channels % 2 == 0 and rng.random() < 0.5 else 1
    conv = nn.ConvTranspose(groups * int(rng.integers(1, 4)), 3, 1, 1, groups=groups, name=name)
    return _finished(conv(x), rng, name)


def _twice(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:  # noqa: ARG001
    shared = nn.Conv(x.channels, 3, name=name)
    return shared(nn.relu(shared(x)))


def _pooled(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:  # noqa: ARG001
    pool = nn.max_pool if rng.random() < 0.5 else nn.average_pool
    return pool(nn.pad(x, (0, 0, 1, 1, 0, 0, 1, 1)), 3, 1)


def _more(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    """More channels of zeros, for a shortcut without parameters."""
    before, after = (int(n) for n in rng.integers(0, 3, 2))
    wide = nn.pad(x, (0, before, 0, 0, 0, after, 0, 0))
    return wide + nn.Conv(wide.channels, 1, name=name)(x)


def _pixels(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    y = nn.pixel_unshuffle(x, 2)
    y = nn.Conv(4 * int(rng.integers(1, 4)), 1, name=name)(y)
    return nn.pixel_shuffle(y, 2)


def _scaled(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    """A scale a channel: a parameter, or numbers that are part of the graph."""
    if rng.random() < 0.5:
        init = nn.initializers.Normal(0.5)
        return x * nn.parameter(f"{name}.scale", (1, x.channels, 1, 1), init)
    return x * rng.standard_normal((x.channels, 1, 1))


def _attention(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    """Pixels that attend to one another."""
    _, channels, height, width = x.shape
    key, query = (
        nn.reshape(nn.Conv(3, 1, name=f"{name}.{part}")(x), 0, 3, height * width)
        for part in ("key", "query")
    )
    weights = nn.softmax(nn.transpose(query, 0, 2, 1) @ key, -1)
    value = nn.reshape(nn.Conv(channels, 1, name=f"{name}.value")(x), 0, channels, -1)
    y = value @ nn.transpose(weights, 0, 2, 1)
    y = nn.reshape(y, 0, channels, height, width)
    return x + y if rng.random() < 0.5 else y


def _layer_norm(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:
    """A normalization of each pixel and a dense layer, with the channels last."""
    y = nn.LayerNorm(name=f"{name}.norm")(nn.transpose(x, 0, 2, 3, 1))
    y = nn.Linear(int(rng.integers(2, 6)), name=f"{name}.fc")(y)
    return nn.transpose(y, 0, 3, 1, 2)


def _spatial_gate(x: nn.Tensor, rng: np.random.Generator, name: str) -> nn.Tensor:  # noqa: ARG001
    maps = nn.concat([nn.reduce_mean(x, (1,), True), nn.reduce_max(x, (1,), True)])
    return x * nn.sigmoid(nn.Conv(1, 3, name=name)(maps))


def _flat(x: nn.Tensor, rng: np.random.Generator) -> nn.Tensor:
    draw = rng.random()
    if draw < 0.4:
        return nn.flatten(nn.max_pool(x, 2, 2))
    if draw < 0.6:
        return nn.reduce_mean(x, (2, 3), False)
    return nn.flatten(nn.global_average_pool(x))


_PARTS: Final[tuple[_Part, ...]] = (
    _conv, _conv, _conv, _residual, _residual, _dense, _split, _halves, _depthwise, _grouped,
    _shuffle, _gate, _transposed, _twice, _pooled, _more, _pixels, _scaled, _attention,
    _layer_norm, _spatial_gate,
)  # fmt: skip
