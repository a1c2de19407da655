"""Update rules on tensors: PyTorch's fused kernels where they agree with the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import torch
from torch.optim.adam import adam as torch_adam
from torch.optim.adamw import adamw as torch_adamw
from torch.optim.sgd import sgd as torch_sgd

from vega_backend_torch.arrays import to_numpy
from vega_backend_torch.store import exported
from vega_core.backend import GRDA, SGD, Adam, AdamW, Optimizer, RMSprop

Rates: TypeAlias = Mapping[str, float]
Tensors: TypeAlias = list[torch.Tensor]


@dataclass(frozen=True)
class Batch:
    """Parameters that are updated in one call, in place.

    Attributes:
        params: The parameters.
        grads: Their gradients, which stay as they are.
        slots: Their slots by slot name.
    """

    params: Tensors
    grads: Tensors
    slots: Mapping[str, Tensors]


Rule: TypeAlias = Callable[[Any, Batch, Rates], None]


def _sgd(optimizer: Any, batch: Batch, rates: Rates) -> None:
    if rates["momentum"] == 0:
        # PyTorch leaves the velocity alone then; the rule is v = g.
        for velocity, grad, param in zip(
            batch.slots["velocity"], batch.grads, batch.params, strict=True
        ):
            velocity.copy_(grad).add_(param, alpha=rates["weight_decay"])
    torch_sgd(
        batch.params,
        batch.grads,
        list(batch.slots["velocity"]),
        fused=True,
        lr=rates["lr"],
        momentum=rates["momentum"],
        weight_decay=rates["weight_decay"],
        dampening=0.0,
        nesterov=optimizer.nesterov and rates["momentum"] > 0,
        maximize=False,
    )


def _adam(_: Any, batch: Batch, rates: Rates) -> None:
    _adam_with(torch_adam, batch, rates)


def _adamw(_: Any, batch: Batch, rates: Rates) -> None:
    _adam_with(torch_adamw, batch, rates)


def _adam_with(step: Callable[..., None], batch: Batch, rates: Rates) -> None:
    slots, names = batch.slots, ("lr", "beta1", "beta2", "eps", "weight_decay")
    step(
        batch.params,
        batch.grads,
        slots["exp_avg"],
        slots["exp_avg_sq"],
        [],
        slots["steps"],
        fused=True,
        amsgrad=False,
        maximize=False,
        **{name: rates[name] for name in names},
    )


def _rmsprop(_: Any, batch: Batch, rates: Rates) -> None:
    grads, squares = _decayed(batch, rates), batch.slots["square_avg"]
    buffers, alpha = batch.slots["momentum_buffer"], rates["alpha"]
    torch._foreach_mul_(squares, alpha)
    torch._foreach_addcmul_(squares, grads, grads, 1 - alpha)
    roots = torch._foreach_sqrt(squares)
    torch._foreach_add_(roots, rates["eps"])
    torch._foreach_mul_(buffers, rates["momentum"])
    torch._foreach_addcdiv_(buffers, grads, roots)
    torch._foreach_add_(batch.params, buffers, alpha=-rates["lr"])


def _grda(_: Any, batch: Batch, rates: Rates) -> None:
    lr, mu, slots = rates["lr"], rates["mu"], batch.slots
    torch._foreach_add_(slots["accumulator"], _decayed(batch, rates), alpha=-lr)
    torch._foreach_add_(slots["steps"], 1)
    steps = torch.stack(slots["steps"])
    growth = -steps.pow(mu) * torch.expm1(mu * torch.log1p(-1 / steps))
    torch._foreach_add_(
        slots["threshold"], list(growth.unbind()), alpha=rates["c"] * lr ** (0.5 + mu)
    )
    for param, sum_, threshold in zip(
        batch.params, slots["accumulator"], slots["threshold"], strict=True
    ):
        param.copy_(sum_.sign() * (sum_.abs() - threshold).clamp_(min=0))


def _decayed(batch: Batch, rates: Rates) -> Tensors:
    """Returns the gradients with the weight decay added."""
    if not rates["weight_decay"]:
        return batch.grads
    return list(torch._foreach_add(batch.grads, batch.params, alpha=rates["weight_decay"]))


def by_reference(optimizer: Optimizer, batch: Batch, rates: Rates) -> None:
    """Updates through NumPy: right for any rule, and slow."""
    for index, (param, grad) in enumerate(zip(batch.params, batch.grads, strict=True)):
        own = {slot: tensors[index] for slot, tensors in batch.slots.items()}
        arrays = {slot: exported(optimizer.slots[slot], tensor) for slot, tensor in own.items()}
        updated, slots = optimizer.update(to_numpy(param), to_numpy(grad), arrays, rates)
        param.copy_(torch.as_tensor(updated))
        for slot, array in slots.items():
            own[slot].copy_(torch.as_tensor(array))


RULES: Final[Mapping[type[Optimizer], Rule]] = MappingProxyType(
    {SGD: _sgd, Adam: _adam, AdamW: _adamw, RMSprop: _rmsprop, GRDA: _grda}
)
"""Native rule by optimizer type; others go through their NumPy reference."""
