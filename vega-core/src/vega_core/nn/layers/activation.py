"""Activations with parameters."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.initializers import Initializer
from vega_core.nn.module import Operator
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current


class PRelu(Operator):
    """A rectifier whose slope below 0 is learnt; see `vega_core.nn.ops.PRelu`.

    Attributes:
        shared: Whether all channels have one slope; else x is (N, C, ...).
        weight_init: How the slope begins; 0.25 by default.
    """

    shared: bool = False
    weight_init: Initializer | None = None

    def forward(self, x: Tensor) -> Tensor:
        return current().emit(ops.PRelu(self.shared), (x,), {"weight": self.weight_init})[0]
