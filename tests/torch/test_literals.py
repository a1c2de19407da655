"""Attributes become literals, and nothing else does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from vega_backend_torch.generate import generate
from vega_backend_torch.lower import LOWERINGS, NAMESPACE
from vega_core import nn
from vega_core.backend.writing import Site, literal
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.testing.operators import CASES


@pytest.mark.parametrize(
    "value",
    [0, -3, 1.5, -0.0, 1e300, math.inf, -math.inf, True, None, "a'b\n", (), (1,), (1, (2.5, "x"))],
)
def test_a_literal_is_the_value(value: Any) -> None:
    again = eval(literal(value), dict(NAMESPACE))
    assert again == value
    assert type(again) is type(value)


def test_a_literal_of_nan() -> None:
    assert math.isnan(eval(literal(math.nan), dict(NAMESPACE)))


class Forged(str):
    def __repr__(self) -> str:
        return "__import__('os').abort()"


class Number(float):
    def __repr__(self) -> str:
        return "__import__('os').abort()"


@pytest.mark.parametrize(
    "value", [Forged("a"), Number(1), [1], {1: 2}, object(), (1, Forged("a")), np.float32(1), 1j]
)
def test_nothing_else_has_a_literal(value: Any) -> None:
    with pytest.raises(ModelError, match="an attribute of an operator is no plain value"):
        literal(value)


FORGED: dict[str, Primitive] = {
    "batch norm": ops.BatchNormalization(epsilon=Number(1e-5)),
    "momentum": ops.BatchNormalization(momentum=Number(1e-5)),
    "conv": ops.Conv(4, (3, 3), (1, 1), (Forged("0"),) * 4, (1, 1)),  # type: ignore[arg-type]
    "max pool": ops.MaxPool((2, 2), (2, 2), (0,) * 4, (1, 1), Forged("a")),  # type: ignore[arg-type]
    "average pool": ops.AveragePool((2, 2), (2, 2), (0,) * 4, False, Forged("a")),  # type: ignore[arg-type]
    "pad": ops.Pad((0,) * 8, Number(1)),
    "softmax": ops.Softmax(Number(1)),  # type: ignore[arg-type]
    "log softmax": ops.LogSoftmax(Number(1)),  # type: ignore[arg-type]
    "concat": ops.Concat(Number(1)),  # type: ignore[arg-type]
    "cross entropy": ops.SoftmaxCrossEntropyLoss(Number(0.1)),
    "ignore": ops.SoftmaxCrossEntropyLoss(0.1, Number(1)),  # type: ignore[arg-type]
    "squared error": ops.SquaredError(Forged("mean")),  # type: ignore[arg-type]
    "smooth error": ops.SmoothL1(Number(1)),
    "layer norm": ops.LayerNormalization(1, Number(1)),
    "group norm": ops.GroupNormalization(Number(1)),  # type: ignore[arg-type]
    "instance norm": ops.InstanceNormalization(Number(1)),
    "transposed conv": ops.ConvTranspose(
        4,
        (3, 3),
        (1, 1),
        (0,) * 4,
        (1, 1),
        (Forged("0"),) * 2,  # type: ignore[arg-type]
    ),
    "resize": ops.Resize((Forged("0"),) * 2, "linear"),  # type: ignore[arg-type]
    "pixel shuffle": ops.DepthToSpace(Forged("2")),  # type: ignore[arg-type]
    "channel shuffle": ops.ChannelShuffle(Forged("2")),  # type: ignore[arg-type]
    "adaptive pool": ops.AdaptiveMaxPool((Forged("2"),) * 2),  # type: ignore[arg-type]
    "reshape": ops.Reshape((Forged("2"), 3)),  # type: ignore[arg-type]
    "transpose": ops.Transpose((Forged("2"), 3)),  # type: ignore[arg-type]
    "squeeze": ops.Squeeze((Forged("2"), 3)),  # type: ignore[arg-type]
    "gather elements": ops.GatherElements(Forged("0")),  # type: ignore[arg-type]
    "one hot": ops.OneHot(Forged("2")),  # type: ignore[arg-type]
    "one hot type": ops.OneHot(2, 1, Forged("float32); print(")),
    "range": ops.Range(Number(1), 2),
    "range type": ops.Range(1, 2, 1, "int64); print("),
    "random": ops.Random((2,), Forged("normal")),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("op", FORGED.values(), ids=FORGED)
def test_an_attribute_never_becomes_code(op: Primitive) -> None:
    roles = ("weight", "bias", "running_mean", "running_var")
    spec = nn.batched((3, 4, 4))
    site = Site(["x", "y"], dict.fromkeys(roles, "p"), [spec, spec], frozenset(), "0")
    with pytest.raises(ModelError, match="no plain value"):
        LOWERINGS[type(op)](op, site)


def test_a_graph_names_the_node_of_a_bad_attribute() -> None:
    old = CASES["batch norm in evaluation"].graph()
    (node,) = old.nodes
    forged = nn.Node(node.name, FORGED["batch norm"], node.inputs, node.params)
    graph = nn.Graph(old.inputs, old.controls, old.parameters, (forged,), old.outputs, old.specs)
    with pytest.raises(ModelError, match=rf"^{node.name}: an attribute of an operator"):
        generate(graph.in_mode("eval"))
