"""What a graph costs, counted without running it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from vega_core.nn.bits import Bits
from vega_core.nn.graph import Graph
from vega_core.nn.liveness import live_bytes, size_of
from vega_core.nn.shapes import Shape

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Layer:
    """Cost of one node.

    Attributes:
        name: The node.
        op: Type of its operator.
        shape: Shape of its first output; -1 is the batch size.
        params: Trained parameters that no earlier node has.
        macs: Multiply-adds for one sample.
        module: Dotted path of the module that called the operator.
        activations: Elements put out for one sample, where the operator multiplies its input with
            a weight (convolutions and dense layers); 0 elsewhere, as for a product of two values.
        parameter_bytes: Bytes of the parameters and statistics that no earlier node has.
        live_bytes: Bytes of the values of one sample that are held while the node runs.
        bops: Bit operations for one sample; None where no bits are given.
    """

    name: str
    op: str
    shape: Shape
    params: int
    macs: int
    module: str = ""
    activations: int = 0
    parameter_bytes: int = 0
    live_bytes: int = 0
    bops: int | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Cost of a graph.

    Attributes:
        params: Trained parameters; a shared one counts once, statistics do not.
        macs: Multiply-adds for one sample (what many papers call FLOPs).
        layers: The same a node, in order.
        activations: Elements put out by convolutions and dense layers for one sample (as in
            Radosavovic et al., 2020).
        parameter_bytes: Bytes of all parameters and statistics.
        peak_activation_bytes: The most bytes of values that are held at once for one sample, see
            `vega_core.nn.liveness`.
        bits: The bit widths that `bops` are for; None where none are given.
        bops: Bit operations for one sample; None where no bits are given.
        uncounted: Nodes whose multiply-adds nobody knows, such as modules of a framework's own;
            ``macs`` and ``activations`` are without them.
    """

    params: int
    macs: int
    layers: tuple[Layer, ...]
    activations: int = 0
    parameter_bytes: int = 0
    peak_activation_bytes: int = 0
    bits: Bits | None = None
    bops: int | None = None
    uncounted: tuple[str, ...] = ()

    @property
    def memory_mb(self) -> float:
        """Parameters and, at the peak, values of one sample, in megabytes of 1,048,576 bytes."""
        return (self.parameter_bytes + self.peak_activation_bytes) / MEGABYTE

    @property
    def weighted(self) -> tuple[str, ...]:
        """Names of the layers that multiply by weights, in order: those that have bit widths."""
        return tuple([layer.name for layer in self.layers if layer.activations])

    def with_bits(self, bits: Bits | str) -> Statistics:
        """Returns the same with bit operations, in total and a layer.

        Args:
            bits: Bit widths, also as text: ``w4a4``, or ``w4a4,first=w8a8``.

        Raises:
            ModelError: The text is no bit widths, or a layer that they name is not there.
        """
        chosen = bits if isinstance(bits, Bits) else Bits.parse(bits)
        widths = chosen.widths(self.weighted)
        layers = []
        for layer in self.layers:
            weight_bits, activation_bits = widths.get(layer.name, (0, 0))
            layers.append(replace(layer, bops=layer.macs * weight_bits * activation_bits))
        total = sum(layer.bops or 0 for layer in layers)
        return replace(self, layers=tuple(layers), bits=chosen, bops=total)


def count(graph: Graph) -> Statistics:
    """Counts a graph; use `Graph.stats`, which remembers."""
    layers = tuple(_layers(graph))
    return Statistics(
        params=sum(layer.params for layer in layers),
        macs=sum(layer.macs for layer in layers),
        layers=layers,
        activations=sum(layer.activations for layer in layers),
        parameter_bytes=sum(layer.parameter_bytes for layer in layers),
        peak_activation_bytes=max((layer.live_bytes for layer in layers), default=0),
        uncounted=tuple(node.name for node in graph.nodes if not node.op.counted),
    )


def _layers(graph: Graph) -> Iterator[Layer]:
    seen: set[str] = set()
    # Values that no data reach: a product with one is a product with a weight.
    fixed: set[str] = set(graph.controls)
    for node, held in zip(graph.nodes, live_bytes(graph), strict=True):
        params, size = 0, 0
        for name in node.params.values():
            if name not in seen:
                seen.add(name)
                spec = graph.parameters[name]
                elements = math.prod(spec.shape)
                size += elements * size_of(spec.dtype)
                params += elements if spec.trained else 0
        values = graph.values(node)
        outputs = [graph.specs[name] for name in values]
        macs = node.op.macs([graph.specs[name] for name in node.inputs], outputs)
        weighted = macs > 0 and ("weight" in node.params or not fixed.isdisjoint(node.inputs))
        if fixed.issuperset(node.inputs):
            fixed.update(values)
        yield Layer(
            node.name,
            type(node.op).__name__,
            outputs[0].shape,
            params,
            macs,
            node.module,
            outputs[0].per_sample if weighted else 0,
            size,
            held,
        )
