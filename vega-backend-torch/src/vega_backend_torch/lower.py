"""The operator table: for each primitive operator, the PyTorch expression that computes it.

Expressions become code. So they hold nothing of a graph but variables that `generate` has named and
values that went through `literal`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import torch
import torch.nn.functional as F

from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.keys import combined
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import TensorSpec


@dataclass(frozen=True)
class Site:
    """One node, as its lowering sees it.

    Attributes:
        inputs: Variable of each input; a control's holds a Python number.
        params: Variable of each parameter by role.
        specs: Specification of each input.
        moving: Roles of the statistics that move.
        key: Expression of the node's random key.
        overwrites: Whether the first input is a fresh array that nothing reads any more, a gradient
            neither, so that its memory may take the output.
    """

    inputs: Sequence[str]
    params: Mapping[str, str]
    specs: Sequence[TensorSpec]
    moving: frozenset[str]
    key: str
    overwrites: bool = False


Lowering: TypeAlias = Callable[[Any, Site], str]


def literal(value: Any) -> str:
    """Returns the source of a plain value, which cannot do anything but be that value.

    Raises:
        ModelError: It is no number, text or None, nor a tuple of such.
    """
    if type(value) is tuple:
        return f"({''.join(f'{literal(item)}, ' for item in value)})"
    if type(value) is float and not math.isfinite(value):
        return {math.inf: "math.inf", -math.inf: "-math.inf"}.get(value, "math.nan")
    if value is None or type(value) in (int, float, bool, str):
        return repr(value)
    raise ModelError(f"an attribute of an operator is no plain value: {value!r}")


def literals(*values: Any) -> str:
    """Returns the source of plain values as arguments of a call."""
    return ", ".join(map(literal, values))


def conv(op: ops.Conv, site: Site) -> str:
    """Lowers Conv; padding that differs between the sides is a node of its own."""
    rank = len(op.kernel_shape)
    x, pads = _padded(site.inputs[0], op.pads, rank)
    bias = site.params.get("bias")
    options = literals(op.strides, pads, op.dilations, op.group)
    return f"torch.conv{rank}d({x}, {site.params['weight']}, {bias}, {options})"


def gemm(op: ops.Gemm, site: Site) -> str:  # noqa: ARG001
    """Lowers Gemm."""
    return f"F.linear({site.inputs[0]}, {site.params['weight']}, {site.params.get('bias')})"


def batch_normalization(op: ops.BatchNormalization, site: Site) -> str:
    """Lowers BatchNormalization; statistics that do not move are kept from PyTorch."""
    p, training = site.params, op.mode == "train"
    roles = ("running_mean", "running_var")
    if training and not site.moving.intersection(roles):
        mean = variance = "None"
    else:
        mean, variance = (
            p[role] if not training or role in site.moving else f"{p[role]}.clone()"
            for role in roles
        )
    options = literals(training, op.momentum, op.epsilon, True)
    return (
        f"torch.batch_norm({site.inputs[0]}, {p['weight']}, {p['bias']}, {mean}, {variance}, "
        f"{options})"
    )


def max_pool(op: ops.MaxPool, site: Site) -> str:
    """Lowers MaxPool; what pads never wins."""
    rank = len(op.kernel_shape)
    x, pads = _padded(site.inputs[0], op.pads, rank, -math.inf)
    options = literals(op.kernel_shape, op.strides, pads, op.dilations, op.ceil_mode)
    return f"F.max_pool{rank}d({x}, {options}){_cut(op, site)}"


def average_pool(op: ops.AveragePool, site: Site) -> str:
    """Lowers AveragePool; with unequal pads, as the mean over that of ones."""
    rank = len(op.kernel_shape)
    x = site.inputs[0]
    if op.pads[:rank] == op.pads[rank:]:
        options = literals(op.kernel_shape, op.strides, op.pads[:rank], op.ceil_mode)
        return f"F.avg_pool{rank}d({x}, {options}, {literal(op.count_include_pad)})"
    padded, _ = _padded(x, op.pads, rank)
    ones, _ = _padded(f"torch.ones_like({x}[:1, :1])", op.pads, rank, float(op.count_include_pad))
    # Cut before the division: windows beyond the size would be 0 / 0, their gradients NaN.
    options, cut = literals(op.kernel_shape, op.strides, 0, op.ceil_mode), _cut(op, site)
    sums, counts = (f"F.avg_pool{rank}d({part}, {options}){cut}" for part in (padded, ones))
    return f"{sums} / {counts}"


def global_average_pool(op: ops.GlobalAveragePool, site: Site) -> str:  # noqa: ARG001
    """Lowers GlobalAveragePool."""
    rank = len(site.specs[0].shape) - 2
    if rank <= 3:
        return f"F.adaptive_avg_pool{rank}d({site.inputs[0]}, 1)"
    return f"{site.inputs[0]}.mean({literal(tuple(range(2, rank + 2)))}, keepdim=True)"


def flatten(op: ops.Flatten, site: Site) -> str:
    """Lowers Flatten."""
    x, rank = site.inputs[0], len(site.specs[0].shape)
    if op.axis == 0:
        return f"{x}.reshape(1, -1)"
    if op.axis == rank:
        return f"{x}.reshape(-1, 1)"
    head = x if op.axis == 1 else f"{x}.flatten(0, {literal(op.axis - 1)})"
    return f"{head}.flatten(1)"


def reshape(op: ops.Reshape, site: Site) -> str:
    """Lowers Reshape; a copied dimension is read from the array."""
    x = site.inputs[0]
    sizes = ", ".join(f"{x}.shape[{i}]" if d == 0 else literal(d) for i, d in enumerate(op.shape))
    return f"{x}.reshape(({sizes},))"


def concat(op: ops.Concat, site: Site) -> str:
    """Lowers Concat."""
    return f"torch.cat(({', '.join(site.inputs)},), {literal(op.axis)})"


def pad(op: ops.Pad, site: Site) -> str:
    """Lowers Pad."""
    return _pad(site.inputs[0], op.pads, len(op.pads) // 2, op.value)


def dropout(op: ops.Dropout, site: Site) -> str:
    """Lowers Dropout; in evaluation it is its input."""
    x, rate = site.inputs
    return f"masked({x}, {rate}, {site.key})" if op.mode == "train" else x


def cross_entropy(op: ops.SoftmaxCrossEntropyLoss, site: Site) -> str:
    """Lowers SoftmaxCrossEntropyLoss; PyTorch takes labels as int64 alone."""
    scores, labels = site.inputs
    if site.specs[1].dtype != "int64":
        labels = f"{labels}.long()"
    return (
        f"F.cross_entropy({scores}, {labels}, ignore_index={literal(op.ignore_index)}, "
        f"reduction={literal(op.reduction)}, label_smoothing={literal(op.smoothing)})"
    )


def squared_error(op: ops.SquaredError, site: Site) -> str:
    """Lowers SquaredError."""
    return f"F.mse_loss({', '.join(site.inputs)}, reduction={literal(op.reduction)})"


def relu(op: ops.Relu, site: Site) -> str:  # noqa: ARG001
    """Lowers Relu, in place where that is free: a twentieth of a ResNet's training step."""
    return f"torch.relu{'_' if site.overwrites else ''}({site.inputs[0]})"


def masked(x: torch.Tensor, rate: float, key: int) -> torch.Tensor:
    """Returns x with elements zeroed at random and the others scaled up; see `ops.Dropout`."""
    if rate == 0:
        return x
    generator = torch.Generator(x.device).manual_seed(key)
    kept = torch.empty_like(x).bernoulli_(1 - rate, generator=generator)
    return x * kept.div_(1 - rate)


NAMESPACE: Final[Mapping[str, Any]] = MappingProxyType(
    {"torch": torch, "F": F, "math": math, "masked": masked, "combined": combined}
)
"""What the expressions may name."""

LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = MappingProxyType(
    {
        ops.Add: lambda _, site: " + ".join(site.inputs),
        ops.AveragePool: average_pool,
        ops.BatchNormalization: batch_normalization,
        ops.Concat: concat,
        ops.Constant: lambda op, _: literal(op.value),
        ops.Conv: conv,
        ops.Div: lambda _, site: " / ".join(site.inputs),
        ops.Dropout: dropout,
        ops.Flatten: flatten,
        ops.Gemm: gemm,
        ops.GlobalAveragePool: global_average_pool,
        ops.Identity: lambda _, site: site.inputs[0],
        ops.LogSoftmax: lambda op, site: f"torch.log_softmax({site.inputs[0]}, {literal(op.axis)})",
        ops.MaxPool: max_pool,
        ops.Mul: lambda _, site: " * ".join(site.inputs),
        ops.Pad: pad,
        ops.Relu: relu,
        ops.Reshape: reshape,
        ops.Softmax: lambda op, site: f"torch.softmax({site.inputs[0]}, {literal(op.axis)})",
        ops.SoftmaxCrossEntropyLoss: cross_entropy,
        ops.SquaredError: squared_error,
        ops.Sub: lambda _, site: " - ".join(site.inputs),
    }
)
"""Lowering by operator type."""


FRESH: Final = (ops.Add, ops.BatchNormalization, ops.Conv, ops.Gemm, ops.Sub)
"""Operators whose output is a new array that their own gradient does not read."""


def _padded(
    x: str, pads: Sequence[int], rank: int, value: float = 0.0
) -> tuple[str, tuple[int, ...]]:
    """Returns the expression to pool or convolve over, and the padding left to do there."""
    if tuple(pads[:rank]) == tuple(pads[rank:]):
        return x, tuple(pads[:rank])
    return _pad(x, pads, rank, value), (0,) * rank


def _pad(x: str, pads: Sequence[int], rank: int, value: float) -> str:
    """Returns the padded expression; PyTorch lists the last axis first."""
    sides = tuple(p for axis in reversed(range(rank)) for p in (pads[axis], pads[axis + rank]))
    return f"F.pad({x}, {literal(sides)}, value={literal(value)})"


def _cut(op: ops.MaxPool | ops.AveragePool, site: Site) -> str:
    """Returns the index that takes off windows which begin in what was padded by hand.

    With ``ceil_mode`` PyTorch leaves out those that begin in its own padding; it cannot know ours.
    """
    rank = len(op.kernel_shape)
    if not op.ceil_mode or op.pads[:rank] == op.pads[rank:]:
        return ""
    (result,) = op.infer(site.specs[0])
    return f"[:, :, {', '.join(f':{literal(size)}' for size in result.shape[2:])}]"
