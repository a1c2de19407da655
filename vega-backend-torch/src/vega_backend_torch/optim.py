"""Optimizers over a store: which parameters are updated, at which rates, and in which rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from vega_backend_torch.rules import RULES, Batch, Rates, by_reference
from vega_backend_torch.store import TorchStore
from vega_core.backend import TrainSpec
from vega_core.backend.optimizer import scaled
from vega_core.backend.slots import like_parameter
from vega_core.nn.graph import Graph

Gradients = Mapping[str, torch.Tensor]


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
        self._rule = RULES.get(type(spec.optimizer), by_reference)
        self._optimizer = spec.optimizer
        self._clips = spec.clip_norm is not None
        self._groups: dict[tuple[float, float], list[Member]] = {}
        for name in spec.trained(graph):
            slots = {
                slot: store.slot(name, slot, form) for slot, form in spec.optimizer.slots.items()
            }
            scales = spec.optimizer.scales(name, graph.parameters[name].kind)
            self._groups.setdefault(scales, []).append(Member(name, store.tensor(name), slots))

    def step(self, gradients: Gradients, rates: Rates) -> None:
        """Updates every parameter that has a gradient; of a sparse gradient, its rows alone."""
        with torch.no_grad():
            if self._clips and gradients:
                gradients = clipped(gradients, rates["clip_norm"])
            for scales, members in self._groups.items():
                own = scaled(rates, *scales)
                self._step([m for m in members if m.name in gradients], gradients, own)

    def _step(self, members: Sequence[Member], gradients: Gradients, rates: Rates) -> None:
        whole = [member for member in members if not gradients[member.name].is_sparse]
        if whole:
            self._rule(self._optimizer, self._batch(whole, gradients), rates)
        for member in members:
            if gradients[member.name].is_sparse:
                self._step_rows(member, gradients[member.name].coalesce(), rates)

    def _step_rows(self, member: Member, gradient: torch.Tensor, rates: Rates) -> None:
        rows = gradient.indices()[0]
        forms = self._optimizer.slots
        tables = {"": member.tensor} | {
            slot: tensor for slot, tensor in member.slots.items() if like_parameter(forms[slot])
        }
        parts = {slot: table[rows] for slot, table in tables.items()}
        slots = {slot: [parts.get(slot, tensor)] for slot, tensor in member.slots.items()}
        self._rule(self._optimizer, Batch([parts[""]], [gradient.values()], slots), rates)
        for slot, part in parts.items():
            tables[slot].index_copy_(0, rows, part)

    def _batch(self, members: Sequence[Member], gradients: Gradients) -> Batch:
        return Batch(
            [member.tensor for member in members],
            [_laid_out(gradients[member.name], member.tensor) for member in members],
            {slot: [member.slots[slot] for member in members] for slot in self._optimizer.slots},
        )


def _laid_out(gradient: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """Returns the gradient in the parameter's memory order.

    The fused kernels walk both arrays from front to back; with unlike orders they are silently
    wrong.
    """
    if gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)


def clipped(gradients: Gradients, norm: float) -> dict[str, torch.Tensor]:
    """Returns gradients scaled down so that the norm of all together is at most ``norm``."""
    summed = {n: g.coalesce() if g.is_sparse else g for n, g in gradients.items()}
    total = torch.nn.utils.get_total_norm(
        [g.values() if g.is_sparse else g for g in summed.values()]
    )
    scale = (norm / (total + 1e-6)).clamp(max=1.0)
    return {name: gradient * scale for name, gradient in summed.items()}
