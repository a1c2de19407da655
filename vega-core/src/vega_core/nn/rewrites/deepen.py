"""More layers that compute the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.functional import relu
from vega_core.nn.graph import Graph
from vega_core.nn.layers import BatchNorm, Conv, Linear
from vega_core.nn.module import Block
from vega_core.nn.rewrites.finding import never_negative, node_of
from vega_core.nn.rewriting import Rewrite, Site, rewritten
from vega_core.nn.shapes import show
from vega_core.nn.tensor import Tensor


@dataclass(frozen=True)
class Deepen(Rewrite):
    """Puts a layer behind a node that begins as the identity (Net2DeeperNet).

    It is a convolution of as many channels, or a dense layer behind (N, features); after it a
    normalization, if asked for, and a ReLU (Chen, Goodfellow and Shlens, Net2Net, 2016, section
    2.4). A ReLU changes nothing where no value is negative, as behind another one; elsewhere
    it is refused. The normalization is the identity in evaluation.

    With `carry` the parameters of the new layer are those of the identity. A network that begins
    anew has a layer like any other.

    Attributes:
        node: Name of the node.
        kernel_size: Size of the convolution's window, along each axis; odd.
        norm: Whether a batch normalization follows.
        activation: What follows at last.

    Example:
        >>> from vega_core import nn
        >>> class Net(nn.Network):
        ...     def forward(self, x: nn.Tensor) -> nn.Tensor:
        ...         return nn.relu(nn.Linear(4, name="fc")(x))
        >>> graph = nn.trace(Net(), {"x": nn.batched((3,))})
        >>> [node.name for node in Deepen("relu_1")(graph).nodes]
        ['fc', 'relu_1', 'relu_1.deeper.layer', 'relu_1.deeper.relu_1']
    """

    node: str
    kernel_size: int = 3
    norm: bool = False
    activation: Literal["relu", "none"] = "relu"

    def __post_init__(self) -> None:
        if self.kernel_size < 1 or self.kernel_size % 2 == 0:
            raise ModelError(f"a window that keeps sizes is odd, and got {self.kernel_size}")

    def __call__(self, graph: Graph) -> Graph:
        node = node_of(graph, self.node)
        if self.activation == "relu" and node.name not in never_negative(graph):
            raise ModelError(
                f"{node.name!r} may be negative, which a ReLU would change; choose a node behind a "
                "ReLU, or activation 'none'"
            )
        spec = graph.specs[node.name]
        if len(graph.values(node)) > 1 or not 2 <= len(spec.shape) <= 5 or spec.shape[1] < 1:
            raise ModelError(
                f"{node.name!r} gives {show(spec.shape)}: a layer goes behind one value (N, "
                "features) or (N, C, *spatial)"
            )
        layer = _Layer(self.kernel_size, self.norm, self.activation == "relu", name="deeper")

        def edit(site: Site) -> Tensor | None:
            return layer(*site.keep()) if site.node.name == node.name else None

        return rewritten(graph, edit)

    def _carry(
        self,
        graph: Graph,
        params: Mapping[str, Array],  # noqa: ARG002
    ) -> Mapping[str, Array | None]:
        new = self(graph)
        found: dict[str, Array | None] = {}
        for name in new.parameters.keys() - graph.parameters.keys():
            spec = new.parameters[name]
            if name.endswith(".layer.weight"):
                found[name] = identity(spec.shape)
            elif name.endswith(".norm.weight"):
                found[name] = np.full(spec.shape, math.sqrt(1 + BatchNorm().epsilon))
            else:
                found[name] = np.full(spec.shape, float(name.endswith(".running_var")))
        return found


class _Layer(Block):
    """The layer, what normalizes it, and a ReLU."""

    kernel_size: int
    norm: bool
    relu: bool

    def forward(self, x: Tensor) -> Tensor:
        bias = not self.norm
        if x.spatial:
            x = Conv(x.channels, self.kernel_size, bias=bias, name="layer")(x)
        else:
            x = Linear(x.channels, bias=bias, name="layer")(x)
        x = BatchNorm(name="norm")(x) if self.norm else x
        return relu(x) if self.relu else x


def identity(shape: tuple[int, ...]) -> Array:
    """Returns the weight (C, C, *kernel) of a layer that gives its input."""
    kernel = np.zeros(shape[2:])
    kernel[tuple([size // 2 for size in shape[2:]])] = 1.0
    weight: Array = np.multiply.outer(np.eye(shape[0]), kernel)
    return weight
