"""Optimizers over a store: which parameters are updated, at which rates, and in which rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mindspore as ms
import numpy as np
from mindspore import ops

from vega_backend_ms.arrays import Tensor, take, to_numpy
from vega_backend_ms.rules import RULES, Rates, Rule, by_reference
from vega_backend_ms.store import MindSporeGradients, MindSporeStore, Slot
from vega_core.backend import TrainSpec
from vega_core.backend.optimizer import scaled
from vega_core.backend.slots import like_parameter
from vega_core.nn.graph import Graph


@dataclass(frozen=True)
class Member:
    """One trained parameter, its slots and its rule."""

    tensor: Tensor
    slots: Mapping[str, Slot]
    rule: Rule


class Update:
    """An optimizer over a store; a parameter without a gradient keeps its bytes and slots.

    Args:
        graph: Knows the parameters' kinds.
        store: Holds parameters and slots.
        spec: The optimizer, and which parameters are trained.
    """

    def __init__(self, graph: Graph, store: MindSporeStore, spec: TrainSpec) -> None:
        self._optimizer = optimizer = spec.optimizer
        self._clips = spec.clip_norm is not None
        self._members: dict[str, Member] = {}
        self._groups: dict[tuple[float, float], list[str]] = {}
        for name in spec.trained(graph):
            slots = {slot: store.slot(name, slot, form) for slot, form in optimizer.slots.items()}
            native = RULES.get(type(optimizer)) if store.shapes[name][1] == "float32" else None
            self._members[name] = Member(store.tensor(name), slots, native or by_reference)
            scales = optimizer.scales(name, graph.parameters[name].kind)
            self._groups.setdefault(scales, []).append(name)

    def step(self, gradients: MindSporeGradients, rates: Rates) -> None:
        """Updates every parameter that has a gradient; of some tables, some rows alone."""
        tensors = gradients.tensors
        if self._clips and tensors:
            tensors = clipped(tensors, rates["clip_norm"])
        for scales, names in self._groups.items():
            own = scaled(rates, *scales)
            for name in names:
                if name not in tensors:
                    continue
                member = self._members[name]
                if name in gradients.rows:
                    self._step_rows(member, tensors[name], gradients.rows[name], own)
                else:
                    member.rule(self._optimizer, member.tensor, tensors[name], member.slots, own)

    def _step_rows(self, member: Member, gradient: Tensor, rows: Tensor, rates: Rates) -> None:
        touched = take(np.unique(to_numpy(rows)).astype(np.int32))
        forms = self._optimizer.slots
        tables = {"": member.tensor} | {
            slot: table for slot, table in member.slots.items() if like_parameter(forms[slot])
        }
        parts = {
            slot: ms.Parameter(ops.gather(table, touched, 0), name="rows")
            for slot, table in tables.items()
        }
        slots = {slot: parts.get(slot, value) for slot, value in member.slots.items()}
        member.rule(self._optimizer, parts[""], ops.gather(gradient, touched, 0), slots, rates)
        for slot, part in parts.items():
            ops.scatter_update(tables[slot], touched, part)


def clipped(gradients: Mapping[str, Tensor], norm: float) -> dict[str, Tensor]:
    """Returns gradients scaled down so that the norm of all together is at most ``norm``."""
    squares = [ops.reduce_sum(gradient * gradient) for gradient in gradients.values()]
    total = ops.sqrt(ops.reduce_sum(ops.stack(squares)))
    scale = ops.minimum(norm / (total + 1e-6), take(np.float32(1)))
    return {name: gradient * scale for name, gradient in gradients.items()}
