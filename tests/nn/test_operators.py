"""What all operators have in common: attributes as plain data, keys of draws, the table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ModelError, ShapeError
from vega_core.nn import ops
from vega_core.nn.keys import combined, draw_key, node_key, step_key
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, TensorSpec, batched
from vega_core.nn.tracing import current


def run(op: Primitive, *inputs: Array, key: int = 0, **params: Array) -> Array:
    return op.reference(Call(inputs, params, key))[0]


def test_softmax_survives_large_scores() -> None:
    x = np.array([[1000.0, 1000.0, 0.0], [-5.0, 2.0, 1.0]])
    y = run(ops.Softmax(1), x)
    np.testing.assert_allclose(y[0], [0.5, 0.5, 0.0])
    np.testing.assert_allclose(y[1], np.exp(x[1]) / np.exp(x[1]).sum())
    np.testing.assert_allclose(np.exp(run(ops.LogSoftmax(1), x)), y)


def test_keys_differ_by_seed_step_and_node() -> None:
    keys = {
        draw_key(seed, step, node)
        for seed in range(10)
        for step in range(10)
        for node in ("a", "b", "layer1.0.drop")
    }
    assert len(keys) == 300
    assert all(0 <= key < 2**64 for key in keys)


def test_keys_are_the_published_functions() -> None:
    # SplitMix64's first output from 0, and the digest that FIPS 180-2 gives for "abc".
    assert combined(0, 0) == 0xE220A8397B1DCDAF
    assert step_key(0, 0) == combined(0xE220A8397B1DCDAF, 0)
    assert node_key("abc") == int.from_bytes(bytes.fromhex("ba7816bf8f01cfea"), "little")


@pytest.mark.parametrize(
    ("op", "shapes", "message"),
    [
        (ops.Add(), [(BATCH, 3), (BATCH, 4)], r"\(N, 3\) with \(N, 4\)"),
        (ops.Softmax(2), [(BATCH, 3)], "axis 2"),
    ],
)
def test_shapes_that_do_not_fit_are_typed_errors(
    op: Primitive, shapes: list[tuple[int, ...]], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(*(TensorSpec(shape) for shape in shapes))


def test_attributes_go_through_json() -> None:
    op = ops.Conv(4, (3, 3), (1, 1), (0,) * 4, (1, 1))
    listed = {k: list(v) if isinstance(v, tuple) else v for k, v in op.attributes().items()}
    assert ops.Conv.from_attributes(listed) == op
    bound = {"pads": [0, 1], "value": "-inf"}
    assert ops.Pad.from_attributes(bound) == ops.Pad((0, 1), -math.inf)


@dataclass(frozen=True)
class Loose(ops.Relu):
    """Relu with an attribute that may be anything."""

    extra: Any = None


def test_attributes_are_plain_values_whatever_their_annotation() -> None:
    assert Loose.from_attributes({"extra": [1, ["a"]]}) == Loose((1, ("a",)))
    for value in ({"a": 1}, [{1}], object()):
        with pytest.raises(ModelError, match=r"Loose\.extra: expected a number, a text or a tuple"):
            Loose.from_attributes({"extra": value})


def test_attributes_of_numpys_types_become_pythons() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            x = nn.Conv(np.int64(4), 3, groups=np.int32(2), name="c")(x)
            x = nn.max_pool(x, np.int64(2), np.array([2, 1]))  # type: ignore[arg-type]
            return nn.pad(x, np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.float32(0.5))  # type: ignore[arg-type]

    graph = nn.trace(Net(), {"x": batched((2, 6, 6))})
    conv, pool, pad = (node.op for node in graph.nodes)
    assert conv == ops.Conv(4, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 2)
    assert pool == ops.MaxPool((2, 2), (2, 1), (0, 0, 0, 0), (1, 1))
    assert pad == ops.Pad((0, 0, 1, 1, 0, 0, 1, 1), 0.5)
    assert type(conv.attributes()["out_channels"]) is int
    assert nn.graph_from_dict(nn.graph_to_dict(graph)).hash == graph.hash


def test_an_attribute_of_another_kind_names_the_module() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return current().emit(Loose({1}), (x,))[0]

    with pytest.raises(ModelError, match=r"^loose_1: Loose\.extra: expected a number"):
        nn.trace(Net(), {"x": batched((2,))})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_controls_have_the_precision_of_the_arrays(dtype: str) -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return x * nn.control("scale", 0.1)

    graph = nn.trace(Net(), {"x": batched((2,))})
    output = evaluate(graph, {}, {"x": np.ones((3, 2), dtype)}).outputs["output"]
    assert output.dtype == dtype
    assert output[0, 0] == np.asarray(0.1, dtype)


def test_every_operator_is_documented_and_in_the_table() -> None:
    for name, cls in ops.OPERATORS.items():
        assert cls.__name__ == name
        assert cls.__doc__
        assert name in ops.__all__
