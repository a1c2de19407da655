"""Modules that drop at random."""

from __future__ import annotations

from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.functional.control import control
from vega_core.nn.module import Operator
from vega_core.nn.shapes import Shape
from vega_core.nn.tensor import Tensor


class Dropout(Operator):
    """Dropout; its rate is the control ``<path>.rate``, so that changing it compiles nothing.

    Attributes:
        rate: Probability of a zero, in [0, 1).
        shared: Axes along which one draw holds for all elements: (2, 3) drops whole channels of
            (N, C, H, W).
    """

    rate: float = 0.5
    shared: Shape = ()

    def forward(self, x: Tensor) -> Tensor:
        return _dropped(x, self.rate, self.shared)


class DropPath(Operator):
    """Zeros for whole samples, so that a residual branch is skipped at random (Huang et al., 2016).

    Its rate is the control ``<path>.rate``, so that a ramp compiles nothing.

    Attributes:
        rate: Probability that a sample is dropped, in [0, 1).
    """

    rate: float = 0.0

    def forward(self, x: Tensor) -> Tensor:
        return _dropped(x, self.rate, tuple(range(1, len(x.shape))))


def _dropped(x: Tensor, rate: float, shared: Shape) -> Tensor:
    if not 0 <= rate < 1:
        raise ModelError(f"a dropout rate is in [0, 1), and got {rate}")
    return x.apply(ops.Dropout(shared=shared), control("rate", rate))
