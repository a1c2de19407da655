"""Update rules on tensors: PyTorch's fused kernels where they agree with the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import torch
from torch.optim.adam import adam as torch_adam
from torch.optim.adamw import adamw as torch_adamw
from torch.optim.sgd import sgd as torch_sgd

from vega_backend_torch.store import TorchStore, to_numpy
from vega_core.backend import SGD, Adam, AdamW, Optimizer, RMSprop, TrainSpec
from vega_core.nn.graph import Graph

Rates: TypeAlias = Mapping[str, float]
Tensors: TypeAlias = list[torch.Tensor]


@dataclass(frozen=True)
class Batch:
    """Parameters that are updated in one call.

    Attributes:
        params: The parameters.
        grads: Their gradients.
        slots: Their slots by slot name.
    """

    params: Tensors
    grads: Tensors
    slots: Mapping[str, Tensors]


@dataclass(frozen=True)
class Member:
    """One trained parameter and its slots."""

    name: str
    tensor: torch.Tensor
    slots: Mapping[str, torch.Tensor]


class Update:
    """An optimizer over a store; a parameter without a gradient keeps its bytes and slots.

    Args:
        graph: Knows the parameters' kinds.
        store: Holds parameters and slots.
        spec: The optimizer, and which parameters are trained.
    """

    def __init__(self, graph: Graph, store: TorchStore, spec: TrainSpec) -> None:
        self._rule = RULES.get(type(spec.optimizer), _by_reference)
        self._optimizer = spec.optimizer
        self._clips = spec.clip_norm is not None
        self._groups: dict[tuple[float, float], list[Member]] = {}
        for name in spec.trained(graph):
            slots = {
                slot: store.slot(name, slot, form) for slot, form in spec.optimizer.slots.items()
            }
            scales = spec.optimizer.scales(name, graph.parameters[name].kind)
            self._groups.setdefault(scales, []).append(Member(name, store.tensor(name), slots))

    def step(self, gradients: Mapping[str, torch.Tensor], rates: Rates) -> None:
        """Updates every parameter that has a gradient."""
        with torch.no_grad():
            if self._clips and gradients:
                gradients = _clipped(gradients, rates["clip_norm"])
            for (lr_scale, decay_scale), members in self._groups.items():
                present = [member for member in members if member.name in gradients]
                if present:
                    own = {
                        **rates,
                        "lr": rates["lr"] * lr_scale,
                        "weight_decay": rates["weight_decay"] * decay_scale,
                    }
                    self._rule(self._optimizer, self._batch(present, gradients), own)

    def _batch(self, members: Sequence[Member], gradients: Mapping[str, torch.Tensor]) -> Batch:
        return Batch(
            [member.tensor for member in members],
            [_laid_out(gradients[member.name], member.tensor) for member in members],
            {slot: [member.slots[slot] for member in members] for slot in self._optimizer.slots},
        )


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
    grads, squares = batch.grads, batch.slots["square_avg"]
    buffers, alpha = batch.slots["momentum_buffer"], rates["alpha"]
    if rates["weight_decay"]:
        grads = list(torch._foreach_add(grads, batch.params, alpha=rates["weight_decay"]))
    torch._foreach_mul_(squares, alpha)
    torch._foreach_addcmul_(squares, grads, grads, 1 - alpha)
    roots = torch._foreach_sqrt(squares)
    torch._foreach_add_(roots, rates["eps"])
    torch._foreach_mul_(buffers, rates["momentum"])
    torch._foreach_addcdiv_(buffers, grads, roots)
    torch._foreach_add_(batch.params, buffers, alpha=-rates["lr"])


def _by_reference(optimizer: Optimizer, batch: Batch, rates: Rates) -> None:
    """Updates through NumPy: right for any rule, and slow."""
    for index, (param, grad) in enumerate(zip(batch.params, batch.grads, strict=True)):
        own = {slot: tensors[index] for slot, tensors in batch.slots.items()}
        arrays = {slot: to_numpy(tensor) for slot, tensor in own.items()}
        updated, slots = optimizer.update(to_numpy(param), to_numpy(grad), arrays, rates)
        param.copy_(torch.as_tensor(updated))
        for slot, array in slots.items():
            own[slot].copy_(torch.as_tensor(array))


RULES: Final[Mapping[type[Optimizer], Callable[[Any, Batch, Rates], None]]] = MappingProxyType(
    {SGD: _sgd, Adam: _adam, AdamW: _adamw, RMSprop: _rmsprop}
)
"""Native rule by optimizer type; others go through their NumPy reference."""


def _laid_out(gradient: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """Returns the gradient in the parameter's memory order.

    The fused kernels walk both arrays from front to back; with unlike orders they are silently
    wrong.
    """
    if gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)


def _clipped(gradients: Mapping[str, torch.Tensor], norm: float) -> dict[str, torch.Tensor]:
    total = torch.nn.utils.get_total_norm(gradients.values())
    scale = (norm / (total + 1e-6)).clamp(max=1.0)
    return {name: gradient * scale for name, gradient in gradients.items()}
