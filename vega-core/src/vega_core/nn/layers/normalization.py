"""Normalization."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.initializers import Initializer
from vega_core.nn.module import Operator
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current


class BatchNorm(Operator):
    """Batch normalization of (N, C, ...); see `vega_core.nn.ops.BatchNormalization`.

    Attributes:
        epsilon: Added to the variance.
        momentum: Share of the new value in the running statistics.
        weight_init: How the scale begins; ones by default.
        affine: Whether a scale and a shift follow.
    """

    epsilon: float = 1e-5
    momentum: float = 0.1
    weight_init: Initializer | None = None
    affine: bool = True

    def forward(self, x: Tensor) -> Tensor:
        op = ops.BatchNormalization(self.epsilon, self.momentum, affine=self.affine)
        return current().emit(op, (x,), {"weight": self.weight_init})[0]


class LayerNorm(Operator):
    """Layer normalization over the last axes; see `vega_core.nn.ops.LayerNormalization`.

    Attributes:
        axis: The first of the axes that are normalized together.
        epsilon: Added to the variance.
        affine: Whether a scale and a shift follow.
    """

    axis: int = -1
    epsilon: float = 1e-5
    affine: bool = True

    def forward(self, x: Tensor) -> Tensor:
        return x.apply(ops.LayerNormalization(self.axis, self.epsilon, self.affine))


class GroupNorm(Operator):
    """Group normalization of (N, C, ...); see `vega_core.nn.ops.GroupNormalization`.

    Attributes:
        num_groups: Number of groups of channels.
        epsilon: Added to the variance.
        affine: Whether a scale and a shift follow.
    """

    num_groups: int
    epsilon: float = 1e-5
    affine: bool = True

    def forward(self, x: Tensor) -> Tensor:
        return x.apply(ops.GroupNormalization(self.num_groups, self.epsilon, self.affine))


class InstanceNorm(Operator):
    """Instance normalization of (N, C, spatial); see `vega_core.nn.ops.InstanceNormalization`.

    Attributes:
        epsilon: Added to the variance.
        affine: Whether a scale and a shift follow; PyTorch's module has none by default either.
    """

    epsilon: float = 1e-5
    affine: bool = False

    def forward(self, x: Tensor) -> Tensor:
        return x.apply(ops.InstanceNormalization(self.epsilon, self.affine))
