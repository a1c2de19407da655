"""Update rules: MindSpore's fused kernels where they agree with the reference."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from mindspore import ops

from vega_backend_ms.arrays import Tensor, take, to_numpy
from vega_backend_ms.store import Slot, exported, write
from vega_core.backend import GRDA, SGD, Adam, AdamW, Optimizer, RMSprop
from vega_core.backend.slots import like_parameter

Rates: TypeAlias = Mapping[str, float]
Slots: TypeAlias = Mapping[str, Slot]
Rule: TypeAlias = Callable[[Any, Tensor, Tensor, Slots, Rates], None]
"""Changes a parameter and its slots in place, given the optimizer, the parameter, its gradient, the
slots and the rates."""

_momentum: Final = ops.ApplyMomentum()
_moments: Final = ops.Adam()


def _sgd(optimizer: Any, param: Tensor, grad: Tensor, slots: Slots, rates: Rates) -> None:
    velocity, grad = slots["velocity"], _decayed(param, grad, rates)
    if optimizer.nesterov:  # the kernel's own is another on a CPU
        write(velocity, velocity * rates["momentum"] + grad)
        write(param, param - (grad + velocity * rates["momentum"]) * rates["lr"])
    else:
        _momentum(param, velocity, rates["lr"], grad, rates["momentum"])


def _adam(_: Any, param: Tensor, grad: Tensor, slots: Slots, rates: Rates) -> None:
    _adam_step(param, _decayed(param, grad, rates), slots, rates)


def _adamw(_: Any, param: Tensor, grad: Tensor, slots: Slots, rates: Rates) -> None:
    if rates["weight_decay"]:
        write(param, param * (1 - rates["lr"] * rates["weight_decay"]))
    _adam_step(param, grad, slots, rates)


def _adam_step(param: Tensor, grad: Tensor, slots: Slots, rates: Rates) -> None:
    """Calls the kernel, whose epsilon is beside the root that is not corrected.

    It would compute the corrections in float32; they go into the rate and epsilon instead.
    """
    beta1, beta2 = rates["beta1"], rates["beta2"]
    slots["steps"][...] += 1
    steps = int(slots["steps"])
    root = math.sqrt(1 - beta2**steps)
    rate = rates["lr"] * root / (1 - beta1**steps)
    means = slots["exp_avg"], slots["exp_avg_sq"]
    _moments(param, *means, 0.0, 0.0, rate, beta1, beta2, rates["eps"] * root, grad)


def _rmsprop(_: Any, param: Tensor, grad: Tensor, slots: Slots, rates: Rates) -> None:
    square, buffer = slots["square_avg"], slots["momentum_buffer"]
    grad, alpha = _decayed(param, grad, rates), rates["alpha"]
    write(square, square * alpha + grad * grad * (1 - alpha))
    write(buffer, buffer * rates["momentum"] + grad / (ops.sqrt(square) + rates["eps"]))
    write(param, param - buffer * rates["lr"])


def _grda(_: Any, param: Tensor, grad: Tensor, slots: Slots, rates: Rates) -> None:
    lr, mu, sums = rates["lr"], rates["mu"], slots["accumulator"]
    write(sums, sums - _decayed(param, grad, rates) * lr)
    slots["steps"][...] += 1
    steps = int(slots["steps"])
    growth = -(steps**mu) * math.expm1(mu * math.log1p(-1 / steps)) if steps > 1 else 1.0
    slots["threshold"][...] += rates["c"] * lr ** (0.5 + mu) * growth
    left = ops.relu(ops.abs(sums) - float(slots["threshold"]))
    write(param, ops.sign(sums) * left)


def _decayed(param: Tensor, grad: Tensor, rates: Rates) -> Tensor:
    """Returns the gradient with the weight decay added."""
    return grad + param * rates["weight_decay"] if rates["weight_decay"] else grad


def by_reference(
    optimizer: Optimizer, param: Tensor, grad: Tensor, slots: Slots, rates: Rates
) -> None:
    """Updates through NumPy: right for any rule, and slow."""
    arrays = {slot: exported(value) for slot, value in slots.items()}
    updated, after = optimizer.update(to_numpy(param), to_numpy(grad), arrays, rates)
    dtype = str(to_numpy(param).dtype)
    write(param, take(updated.astype(dtype)))
    for slot, array in after.items():
        whole = like_parameter(optimizer.slots[slot])
        write(slots[slot], take(array.astype(dtype)) if whole else array)


RULES: Final[Mapping[type[Optimizer], Rule]] = MappingProxyType(
    {SGD: _sgd, Adam: _adam, AdamW: _adamw, RMSprop: _rmsprop, GRDA: _grda}
)
"""Native rule by optimizer type, for parameters of float32; others go through their reference."""
