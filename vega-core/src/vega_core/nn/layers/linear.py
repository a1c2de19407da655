"""Dense layers."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.initializers import Initializer
from vega_core.nn.module import Operator
from vega_core.nn.shapes import Shape
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current


class Linear(Operator):
    """A dense layer over the last axis: (..., in) to (..., out_features).

    Attributes:
        out_features: Length of the last axis of the output.
        bias: Whether a bias is added.
        weight_init: How the weight begins; by default as in PyTorch.
        bias_init: How the bias begins; by default as in PyTorch.
    """

    out_features: int
    bias: bool = True
    weight_init: Initializer | None = None
    bias_init: Initializer | None = None

    def forward(self, x: Tensor) -> Tensor:
        tracer, places = current(), x.shape[:-1]
        if len(places) not in (1, len(x.shape)):
            (x,) = tracer.emit(ops.Flatten(len(places)), (x,), aside=True)
        op = ops.Gemm(self.out_features, self.bias)
        (y,) = tracer.emit(op, (x,), {"weight": self.weight_init, "bias": self.bias_init})
        if len(places) == 1:
            return y
        return tracer.emit(ops.Reshape(self._shape(places)), (y,), aside=True)[0]

    def _shape(self, places: Shape) -> Shape:
        """Returns the shape of the output, in which -1 holds the batch."""
        return (*(-1 if size < 0 else size for size in places), self.out_features)
