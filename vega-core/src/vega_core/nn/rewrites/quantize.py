"""Fake quantization: values of few bits, computed in floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.bits import Bits, Widths
from vega_core.nn.functional import (
    absolute,
    clip,
    maximum,
    minimum,
    parameter,
    reduce_max,
    reduce_mean,
    round,  # noqa: A004
    stop_gradient,
    where,
)
from vega_core.nn.graph import Graph, Node
from vega_core.nn.initializers import Full
from vega_core.nn.rewrites.finding import never_negative, weighted
from vega_core.nn.rewriting import Rewrite, Site, rewritten
from vega_core.nn.tensor import Tensor
from vega_core.nn.values import coerced

EXACT: Final = 24
"""Bits from which on float32 holds every value as it is."""

_TINY: Final = 1e-12


@dataclass(frozen=True)
class FakeQuant(Rewrite):
    """Quantizes the weights and the inputs of convolutions and dense layers, in training too.

    Values are rounded in the forward pass, and gradients go straight through (Bengio, Léonard and
    Courville, 2013, arXiv 1308.3432). A weight has 2^b - 1 values around 0, from the largest of its
    output channel; of one bit, plus and minus the mean size (Rastegari et al., XNOR-Net, 2016). An
    input has 2^b values from 0 to a range that is trained (Choi et al., PACT, 2018, arXiv
    1805.06085), or 2^b - 1 on both sides of 0 where it may be negative. 24 bits and more change
    nothing.

    Bit operations are counted by the same widths: ``graph.stats().with_bits(rewrite.widths)``.

    Attributes:
        bits: Bits of weights and of activations, such as ``w4a4``; ``first=`` and ``last=`` after a
            comma say those of the first and the last layer, which are left in float by default.
        layers: Bits of a weight and of an activation by the name of a layer; they outrank the
            others.
        range: Where the trained range of activations begins.

    Example:
        >>> from vega_core import nn
        >>> graph = nn.trace(nn.Linear(2, name="fc"), {"x": nn.batched((4,))})
        >>> quantized = FakeQuant("w4a4, first=same")(graph)
        >>> list(quantized.parameters)
        ['fc.quantized.range', 'fc.weight', 'fc.bias']
    """

    bits: str = "w8a8"
    layers: Mapping[str, Sequence[int]] = field(default_factory=dict)
    range: float = 6.0

    def __post_init__(self) -> None:
        if not self.range > 0:
            raise ModelError(f"a range of activations is positive, and got {self.range}")
        _ = self.widths

    @property
    def widths(self) -> Bits:
        """The widths, as statistics take them."""
        pairs = {
            name: coerced(pair, tuple[int, ...], f"layers.{name}")
            for name, pair in self.layers.items()
        }
        return replace(Bits.parse(self.bits), layers=pairs)

    def __call__(self, graph: Graph) -> Graph:
        layers = {node.name for node in weighted(graph)}
        for name in self.layers.keys() & {*graph.stats().weighted} - layers:
            raise ModelError(f"{name!r} has no weight of its own, which could be quantized")
        # Which are the first and the last is said as in counting, of all that multiply by weights.
        asked = self.widths.widths(graph.stats().weighted)
        widths = {name: pair for name, pair in asked.items() if name in layers}
        positive = never_negative(graph)

        def edit(site: Site) -> tuple[Tensor, ...] | None:
            node = site.node
            if node.name not in widths:
                return None
            x = self._input(site, widths[node.name], node.inputs[0] in positive)
            return site.keep(node.op, (x, *_weight(site, widths[node.name])))

        return rewritten(graph, edit)

    def _input(self, site: Site, widths: Widths, positive: bool) -> Tensor:
        (x,), (_, bits) = site.inputs, widths
        if bits >= EXACT:
            return x
        limit = absolute(parameter("quantized.range", (), Full(self.range), "bias", x.dtype))
        if not positive:
            return straight(minimum(maximum(x, -limit), limit), limit, bits)
        step = limit / (2**bits - 1)
        clipped = minimum(clip(x, 0.0, None), limit)
        return through(clipped, round(clipped / step) * step)


def _weight(site: Site, widths: Widths) -> tuple[Tensor, ...]:
    """Returns the quantized weight as a second input; nothing where it stays as it is."""
    bits, _ = widths
    if bits >= EXACT:
        return ()
    weight = site.parameter("weight")
    axes = _of_one_channel(site.node, weight)
    reduce = reduce_mean if bits == 1 else reduce_max
    limit = stop_gradient(reduce(absolute(weight), axes, True))
    return (straight(weight, limit, bits),)


def _of_one_channel(node: Node, weight: Tensor) -> tuple[int, ...]:
    """Returns the axes of a weight along which one output channel's elements lie.

    Of a grouped ConvTranspose, those of the same channel of each group.
    """
    kept: Any = 1 if isinstance(node.op, ops.ConvTranspose) else 0
    return tuple([axis for axis in range(len(weight.shape)) if axis != kept])


def straight(x: Tensor, limit: Tensor, bits: int) -> Tensor:
    """Returns values between -limit and limit on a grid with 0; of one bit, one of the two.

    Args:
        x: The values.
        limit: The largest; it broadcasts to x.
        bits: How many.
    """
    if bits == 1:
        return through(x, where(x >= 0.0, limit, -limit))
    step = maximum(limit, _TINY) / (2 ** (bits - 1) - 1)
    return through(x, round(x / step) * step)


def through(x: Tensor, quantized: Tensor) -> Tensor:
    """Returns quantized values, with the gradient of those before."""
    return x + stop_gradient(quantized - x)
