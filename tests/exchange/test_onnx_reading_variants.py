"""What operators are called and take in different versions, against onnxruntime."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from vega_core import nn
from vega_core.exchange import to_onnx
from vega_core.exchange.onnx.reading.source import Onnx
from vega_core.nn.reference import evaluate

RNG = np.random.default_rng(0)
F32, I64 = TensorProto.FLOAT, TensorProto.INT64


def drawn(*shape):
    return RNG.standard_normal(shape).astype("float32")


def whole(*numbers):
    return np.array(numbers, "int64")


def node(kind, *inputs, to="y", **attributes):
    return helper.make_node(kind, inputs, to.split(), name=f"{kind}_of_{inputs[0]}", **attributes)


@dataclass(frozen=True)
class Case:
    """Nodes from x to y, and the arrays that they read."""

    name: str
    shape: tuple[int, ...]
    nodes: list[Any]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    opset: int = 17
    kind: int = F32
    params: int | None = None

    def __str__(self):
        return self.name

    def model(self):
        graph = helper.make_graph(
            self.nodes,
            "case",
            [helper.make_tensor_value_info("x", self.kind, ["N", *self.shape])],
            [helper.make_tensor_value_info("y", F32, None)],
            [numpy_helper.from_array(array, name) for name, array in self.arrays.items()],
        )
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def shape_node(*, to="shape"):
    return node("Shape", "x", to=to)


PICTURE, GREEN = (2, 7, 6), (4, 6, 6)
AXIS, FIRST = {"axis": whole(1)}, {"first": whole(0)}


def resized(name, scale, **attributes):
    return Case(
        f"resize {name}",
        (2, 5, 4),
        [node("Resize", "x", "", "scales", **attributes)],
        {"scales": np.array([1, 1, *scale], "float32")},
    )


CASES = [
    Case("mean, axes an attribute", PICTURE, [node("ReduceMean", "x", axes=[2, 3])]),
    Case("mean, axes an input", PICTURE, [node("ReduceMean", "x", "axis")], AXIS, opset=18),
    Case("mean of all", PICTURE, [node("ReduceMean", "x", keepdims=0)]),
    Case(
        "no axes at all",
        PICTURE,
        [node("ReduceSum", "x", "axis", noop_with_empty_axes=1)],
        {"axis": whole()},
    ),
    Case("sum of squares", PICTURE, [node("ReduceSumSquare", "x", axes=[1])]),
    Case("sum of distances", PICTURE, [node("ReduceL1", "x", axes=[-1])]),
    Case(
        "log of a sum",
        PICTURE,
        [node("Abs", "x", to="a"), node("ReduceLogSum", "a", axes=[2], keepdims=0)],
    ),
    Case("squeeze what is 1", (1, 4, 1), [node("Squeeze", "x", "axis")], {"axis": whole(1, -1)}),
    Case("unsqueeze", (4,), [node("Unsqueeze", "x", "axis")], {"axis": whole(-1, 1)}),
    Case(
        "split by number",
        (7, 3),
        [
            node("Split", "x", to="a b c", axis=1, num_outputs=3),
            node("ReduceSum", "a", "axis", to="d"),
            node("ReduceSum", "c", "axis", to="e"),
            node("Add", "d", "e"),
        ],
        AXIS,
        opset=18,
    ),
    Case(
        "split evenly",
        (6, 3),
        [node("Split", "x", to="a b", axis=1), node("Sub", "a", "b")],
        opset=13,
    ),
    Case(
        "slice backwards",
        (9, 5),
        [node("Slice", "x", "s", "e", "a", "t")],
        {"s": whole(-2, 1), "e": whole(-(2**63), 2**63 - 1), "a": whole(1, 2), "t": whole(-3, 2)},
    ),
    Case(
        "slice with the batch",
        (9, 5),
        [node("Slice", "x", "s", "e")],
        {"s": whole(0, 2, 0), "e": whole(2**63 - 1, -1, 2**31 - 1)},
    ),
    Case(
        "pad some axes",
        PICTURE,
        [node("Pad", "x", "p", "v", "a")],
        {"p": whole(1, 0, 2, 1), "v": np.float32(1.5), "a": whole(3, -2)},
        opset=18,
    ),
    Case("pad by less", PICTURE, [node("Pad", "x", "p")], {"p": whole(0, 0, -1, 2, 0, 0, 1, -2)}),
    Case(
        "reflect",
        PICTURE,
        [node("Pad", "x", "p", mode="reflect")],
        {"p": whole(0, 0, 2, 1, 0, 0, 1, 2)},
    ),
    Case("clip above", (9,), [node("Clip", "x", "", "high")], {"high": np.float32(0.3)}),
    Case(
        "clip by no bounds",
        (9,),
        [node("Clip", "x", "low", "high")],
        {"low": np.float32(-3.4028235e38), "high": np.float32(3.4028235e38)},
    ),
    Case("sum of three", (4,), [node("Sum", "x", "a", "a")], {"a": drawn(4)}, params=4),
    Case("mean of three", (4,), [node("Mean", "x", "a", "b")], {"a": drawn(4), "b": drawn(1)}),
    Case("largest of three", (4,), [node("Max", "x", "a", "b")], {"a": drawn(4), "b": drawn(1)}),
    Case("power of an integer", (4,), [node("Pow", "x", "n")], {"n": np.array(3, "int64")}),
    Case("slopes", PICTURE, [node("PRelu", "x", "s")], {"s": drawn(2, 1, 1)}, params=2),
    Case("one slope", (5,), [node("PRelu", "x", "s")], {"s": drawn(1)}, params=1),
    Case("hard sigmoid", (5,), [node("HardSigmoid", "x")]),
    Case("leaky", (5,), [node("LeakyRelu", "x", alpha=0.3)]),
    Case("softmax", (5, 3), [node("Softmax", "x", axis=1)]),
    Case("gelu by tanh", (5,), [node("Gelu", "x", approximate="tanh")], opset=20),
    # Dense layers
    Case(
        "dense", (5,), [node("Gemm", "x", "w", "b")], {"w": drawn(5, 3), "b": drawn(3)}, params=18
    ),
    Case(
        "dense, transposed",
        (5,),
        [node("Gemm", "x", "w", "b", transB=1)],
        {"w": drawn(3, 5), "b": drawn(1, 3)},
        params=18,
    ),
    Case(
        "dense, scaled",
        (5,),
        [node("Gemm", "x", "w", "b", alpha=0.5, beta=2.0)],
        {"w": drawn(5, 3), "b": drawn(3)},
        params=18,
    ),
    Case(
        "dense, one shift",
        (5,),
        [node("Gemm", "x", "w", "b")],
        {"w": drawn(5, 3), "b": drawn(1)},
        params=16,
    ),
    Case(
        "product and sum",
        (5,),
        [node("MatMul", "x", "w", to="m"), node("Add", "m", "b")],
        {"w": drawn(5, 3), "b": drawn(3)},
        params=18,
    ),
    Case("product of sequences", (4, 5), [node("MatMul", "x", "w")], {"w": drawn(5, 3)}, params=15),
    Case(
        "product from the left", (4, 5), [node("MatMul", "w", "x")], {"w": drawn(3, 4)}, params=12
    ),
    Case(
        "a weight transposed in the file",
        (5,),
        [node("Transpose", "w", to="t"), node("MatMul", "x", "t")],
        {"w": drawn(3, 5)},
        params=15,
    ),
    Case(
        "one weight twice",
        (5,),
        [node("MatMul", "x", "w", to="m"), node("Relu", "m", to="r"), node("MatMul", "r", "w")],
        {"w": drawn(5, 5)},
        params=25,
    ),
    Case(
        "one weight both ways",
        (5,),
        [
            node("MatMul", "x", "w", to="m"),
            node("Transpose", "w", to="t"),
            node("MatMul", "m", "t"),
        ],
        {"w": drawn(5, 5)},
        params=25,
    ),
    Case(
        "a weight transposed twice",
        (5,),
        [
            node("Transpose", "w", to="t"),
            node("MatMul", "x", "t", to="m"),
            node("Transpose", "t", to="u"),
            node("MatMul", "m", "u"),
        ],
        {"w": drawn(5, 5)},
        params=25,
    ),
    Case(
        "a tied embedding",
        (3,),
        [
            node("Gather", "w", "x", to="e"),
            node("Transpose", "w", to="t"),
            node("MatMul", "e", "t"),
        ],
        {"w": drawn(6, 4)},
        kind=I64,
        params=24,
    ),
    Case("an embedding", (3,), [node("Gather", "w", "x")], {"w": drawn(6, 4)}, kind=I64, params=24),
    # Windows
    Case(
        "same upper",
        (3, 7, 6),
        [node("Conv", "x", "w", auto_pad="SAME_UPPER", strides=[2, 2])],
        {"w": drawn(4, 3, 3, 2)},
    ),
    Case(
        "same lower",
        (3, 7, 6),
        [node("Conv", "x", "w", auto_pad="SAME_LOWER")],
        {"w": drawn(4, 3, 2, 3)},
    ),
    Case("valid", (3, 9), [node("MaxPool", "x", auto_pad="VALID", kernel_shape=[4])]),
    Case(
        "depthwise",
        (4, 7, 6),
        [node("Conv", "x", "w", "b", group=4, pads=[1, 0, 0, 1])],
        {"w": drawn(8, 1, 2, 2), "b": drawn(8)},
    ),
    Case(
        "transposed to a size",
        (3, 4, 4),
        [node("ConvTranspose", "x", "w", strides=[2, 2], output_shape=[8, 7])],
        {"w": drawn(3, 2, 3, 3)},
    ),
    Case(
        "wide pads",
        GREEN,
        [node("MaxPool", "x", kernel_shape=[3, 3], pads=[1, 1, 2, 2], strides=[2, 2])],
    ),
    Case(
        "wide pads that do not count",
        GREEN,
        [node("AveragePool", "x", kernel_shape=[3, 3], pads=[0, 0, 2, 2], strides=[3, 3])],
    ),
    Case(
        "wide pads that count",
        GREEN,
        [
            node(
                "AveragePool",
                "x",
                kernel_shape=[3, 3],
                pads=[0, 0, 2, 2],
                strides=[3, 3],
                count_include_pad=1,
            )
        ],
    ),
    Case(
        "over the end",
        GREEN,
        [node("AveragePool", "x", kernel_shape=[4, 4], strides=[3, 3], ceil_mode=1)],
    ),
    # Normalization
    Case(
        "batch normalization",
        GREEN,
        [node("BatchNormalization", "x", "s", "b", "m", "v")],
        {"s": drawn(4), "b": drawn(4), "m": drawn(4), "v": np.abs(drawn(4))},
        params=8,
    ),
    Case(
        "groups with a scale each",
        GREEN,
        [node("GroupNormalization", "x", "s", "b", num_groups=2)],
        {"s": drawn(2), "b": drawn(2)},
        opset=18,
        params=4,
    ),
    Case(
        "groups with a scale a channel",
        GREEN,
        [node("GroupNormalization", "x", "s", "b", num_groups=2)],
        {"s": drawn(4), "b": drawn(4)},
        opset=21,
        params=8,
    ),
    Case(
        "layer without a shift",
        (3, 5),
        [node("LayerNormalization", "x", "s", axis=1)],
        {"s": drawn(3, 5)},
        params=15,
    ),
    Case(
        "instances",
        GREEN,
        [node("InstanceNormalization", "x", "s", "b")],
        {"s": drawn(4), "b": drawn(4)},
        params=8,
    ),
    # Resolution
    resized(
        "nearest",
        (2, 3),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    ),
    resized("nearest, as by default", (1.5, 0.75), mode="nearest"),
    resized("nearest, ceil", (1.6, 2), mode="nearest", nearest_mode="ceil"),
    resized(
        "nearest, corners", (2, 2), mode="nearest", coordinate_transformation_mode="align_corners"
    ),
    resized("linear", (2, 1.5), mode="linear"),
    resized(
        "linear, corners", (2, 2), mode="linear", coordinate_transformation_mode="align_corners"
    ),
    resized(
        "linear, asymmetric", (2, 1.5), mode="linear", coordinate_transformation_mode="asymmetric"
    ),
    resized(
        "linear, of PyTorch",
        (0.2, 2),
        mode="linear",
        coordinate_transformation_mode="pytorch_half_pixel",
    ),
    Case(
        "resize to sizes that are computed",
        (2, 4, 4),
        [
            shape_node(),
            node("Slice", "shape", "a", "b", to="head"),
            node("Concat", "head", "new", axis=0, to="sizes"),
            node("Resize", "x", "", "", "sizes", mode="linear"),
        ],
        {"a": whole(0), "b": whole(2), "new": whole(6, 8)},
    ),
    Case("depth to space", (8, 2, 3), [node("DepthToSpace", "x", blocksize=2)]),
    Case("space to depth", (2, 4, 6), [node("SpaceToDepth", "x", blocksize=2)]),
    # Shapes
    Case("flatten from the end", (2, 3, 4), [node("Flatten", "x", axis=-2)]),
    Case("transpose backwards", (3,), [node("Transpose", "x", to="t"), node("Transpose", "t")]),
    Case(
        "reshape by the batch",
        (3, 4),
        [
            shape_node(),
            node("Gather", "shape", "first", to="n"),
            node("Unsqueeze", "n", "axis0", to="u"),
            node("Concat", "u", "rest", axis=0, to="s"),
            node("Reshape", "x", "s"),
        ],
        {"first": np.array(0), "axis0": whole(0), "rest": whole(-1)},
    ),
    Case(
        "reshape by four times the batch",
        (4, 6),
        [
            shape_node(),
            node("Gather", "shape", "first", to="n"),
            node("Mul", "n", "four", to="m"),
            node("Concat", "m", "rest", axis=0, to="s"),
            node("Reshape", "x", "s"),
        ],
        {"first": whole(0), "four": whole(4), "rest": whole(-1)},
    ),
    Case(
        "reshape with the batch last",
        (4, 6),
        [
            shape_node(),
            node("Gather", "shape", "first", to="n"),
            node("Concat", "rest", "n", axis=0, to="s"),
            node("Transpose", "x", perm=[1, 2, 0], to="t"),
            node("Reshape", "t", "s"),
        ],
        {"first": whole(0), "rest": whole(-1)},
    ),
    Case(
        "expand a parameter to the batch",
        (3, 4),
        [
            shape_node(),
            node("Gather", "shape", "first", to="n"),
            node("Concat", "n", "rest", axis=0, to="s"),
            node("Expand", "w", "s", to="e"),
            node("Concat", "e", "x", axis=1),
        ],
        {"first": whole(0), "rest": whole(1, 4), "w": drawn(1, 1, 4)},
        params=4,
    ),
    Case(
        "zeros for each sample",
        (3,),
        [shape_node(), node("ConstantOfShape", "shape", to="z"), node("Concat", "z", "x", axis=1)],
    ),
    Case(
        "the number of samples",
        (3,),
        [
            shape_node(),
            node("Gather", "shape", "first", to="n"),
            node("Cast", "n", to="f"),
            node("Div", "x", "f"),
        ],
        {"first": np.array(0)},
    ),
    Case("tile", (3, 2), [node("Tile", "x", "r")], {"r": whole(1, 2, 3)}),
    Case("a mask", (4, 4), [node("Trilu", "x", "k", upper=0)], {"k": np.array(1)}),
    Case(
        "numbers in order",
        (5,),
        [node("Range", "a", "b", "c", to="r"), node("Cast", "r", to="f"), node("Add", "x", "f")],
        {"a": np.array(0), "b": np.array(10), "c": np.array(2)},
    ),
    Case(
        "hot and cold",
        (3,),
        [node("OneHot", "x", "d", "v")],
        {"d": np.array(6), "v": np.array([-1, 3], "float32")},
        kind=I64,
    ),
    Case("the two largest", (6,), [node("TopK", "x", "k", to="y i")], {"k": whole(2)}),
    Case("dropout at rest", (6,), [node("Dropout", "x", "r")], {"r": np.float32(0.4)}),
    Case(
        "constants",
        (3,),
        [
            helper.make_node("Constant", [], ["a"], value_float=2.0),
            helper.make_node("Constant", [], ["b"], value_floats=[1.0, 2.0, 3.0]),
            node("Mul", "x", "a", to="m"),
            node("Add", "m", "b"),
        ],
        params=0,
    ),
]
for case in CASES:  # the target of a cast is called as an output of ours is
    for one in case.nodes:
        if one.op_type == "Cast":
            one.attribute.append(helper.make_attribute("to", F32))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_onnxruntime_agrees(case, tmp_path):
    model = case.model()
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    dtype = "float32" if case.kind == F32 else "int64"
    graph = nn.trace(Onnx(path), {"x": nn.TensorSpec((-1, *case.shape), dtype)})
    if case.params is not None:
        assert graph.stats().params == case.params
    params = nn.initial_parameters(graph, seed=0)
    again = tmp_path / "again.onnx"
    onnx.save(to_onnx(graph, params), again)
    second = onnxruntime.InferenceSession(again, options, providers=["CPUExecutionProvider"])
    for batch in (3, 1, 8):
        x = drawn(batch, *case.shape)
        if case.kind == I64:
            x = RNG.integers(0, 6, (batch, *case.shape))
        (wanted,) = session.run(["y"], {"x": x})
        given = evaluate(graph, params, {"x": x}).outputs["output"]
        np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-5)
        (exported,) = second.run(None, {"x": x})
        np.testing.assert_allclose(exported, wanted, rtol=1e-4, atol=1e-5)
