"""Batch normalization as part of the layer before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from vega_core.arrays import Array
from vega_core.nn import ops
from vega_core.nn.graph import Graph, Node
from vega_core.nn.rewrites.finding import nodes_like, readers, users
from vega_core.nn.rewriting import Rewrite, Site, rewritten
from vega_core.nn.tensor import Tensor


class _Pair(NamedTuple):
    """A layer and the normalization that reads it."""

    layer: Node
    norm: Node


@dataclass(frozen=True)
class FoldBatchNorm(Rewrite):
    """Folds batch normalizations into the convolution or dense layer before them.

    In evaluation the network computes the same. In training it has no normalization any more, so
    this is for a network that has been trained. A normalization stays where something else reads
    the layer, where the layer's weight is shared, and where no layer is before it.

    Attributes:
        norms: Names of the normalizations, or of modules around them; a pattern.

    Example:
        >>> from vega_core import nn
        >>> class Net(nn.Network):
        ...     def forward(self, x: nn.Tensor) -> nn.Tensor:
        ...         return nn.BatchNorm(name="norm")(nn.Conv(8, bias=False, name="conv")(x))
        >>> graph = FoldBatchNorm()(nn.trace(Net(), {"x": nn.batched((3, 8, 8))}))
        >>> list(graph.parameters)
        ['conv.weight', 'conv.bias']
    """

    norms: str = "*"

    def __call__(self, graph: Graph) -> Graph:
        pairs = self._pairs(graph)
        layers = {pair.layer.name for pair in pairs}
        norms = {pair.norm.name for pair in pairs}

        def edit(site: Site) -> tuple[Tensor, ...] | None:
            op: Any = site.node.op
            if site.node.name in norms:
                return site.inputs
            return site.keep(replace(op, bias=True)) if site.node.name in layers else None

        return rewritten(graph, edit)

    def _carry(self, graph: Graph, params: Mapping[str, Array]) -> Mapping[str, Array | None]:
        new = {node.name: node for node in self(graph).nodes}
        found: dict[str, Array | None] = {}
        for layer, norm in self._pairs(graph):
            weight, bias = _folded(layer, norm, params)
            found[layer.params["weight"]] = weight
            found[new[layer.name].params["bias"]] = bias
        return found

    def _pairs(self, graph: Graph) -> list[_Pair]:
        kind = ops.BatchNormalization
        if self.norms == "*" and not any(isinstance(node.op, kind) for node in graph.nodes):
            return []
        nodes = {node.name: node for node in graph.nodes}
        read, used = readers(graph), users(graph)
        pairs = []
        for norm in nodes_like(graph, self.norms, "batch normalization", kind):
            layer = nodes.get(norm.inputs[0])
            if layer is None or not isinstance(layer.op, (ops.Conv, ops.ConvTranspose, ops.Gemm)):
                continue
            own = "weight" in layer.params and all(len(used[p]) == 1 for p in layer.params.values())
            if own and read[layer.name] == [norm.name] and _runs_on_statistics(norm):
                pairs.append(_Pair(layer, norm))
        return pairs


def _runs_on_statistics(norm: Node) -> bool:
    return isinstance(norm.op, ops.BatchNormalization) and norm.op.mode != "train"


def _folded(layer: Node, norm: Node, params: Mapping[str, Array]) -> tuple[Array, Array]:
    """Returns the weight and bias of a layer that normalizes too."""
    op: Any = norm.op
    own = {role: params[name].astype(np.float64) for role, name in norm.params.items()}
    scale = own.get("weight", 1.0) / np.sqrt(own["running_var"] + op.epsilon)
    weight = params[layer.params["weight"]]
    bias = params[layer.params["bias"]] if "bias" in layer.params else 0.0
    shift = (bias - own["running_mean"]) * scale + own.get("bias", 0.0)
    return (weight * _by_output(layer, weight, scale)).astype(weight.dtype), shift


def _by_output(layer: Node, weight: Array, scale: Array) -> Array:
    """Returns a factor for each output channel so that it broadcasts to the weight."""
    rest = (1,) * (weight.ndim - 2)
    if not isinstance(layer.op, ops.ConvTranspose):
        return scale.reshape(-1, 1, *rest)
    groups = layer.op.group
    each = np.repeat(scale.reshape(groups, -1), weight.shape[0] // groups, axis=0)
    return each.reshape(*each.shape, *rest)
