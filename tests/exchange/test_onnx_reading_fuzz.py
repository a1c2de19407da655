"""Damaged ONNX files: typed errors, quickly, and little memory."""

from __future__ import annotations

import resource
import time

import numpy as np
import onnx
import pytest

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.exchange import to_onnx
from vega_core.exchange.onnx.reading.source import Onnx
from vega_core.nn.reference import evaluate

HUGE = [-1, 0, 1, 2, 7, 2**16, 2**31 - 1, 2**31, 2**62, 2**63 - 1, -(2**63), -(2**31)]


class Net(nn.Network):
    """A little of everything that has attributes, constants and shapes."""

    def forward(self, x):
        y = nn.relu(nn.BatchNorm(name="norm")(nn.Conv(4, 3, padding=1, name="conv")(x)))
        y = nn.ConvTranspose(4, 2, stride=2, name="up")(y)
        y = nn.max_pool(y, 3, 2, padding=1)
        y = nn.concat([y, nn.resize(nn.average_pool(y, 2), (8, 8), mode="linear")], 1)
        left, right = nn.split(y, [4, 4], 1)
        y = nn.pad(left * nn.sigmoid(right), (0, 0, 1, 1, 0, 0, 1, 1))[:, :, 1:9, ::2]
        rows = nn.reshape(nn.transpose(y, 0, 2, 3, 1), -1, 16)
        rows = nn.LayerNorm(name="layer_norm")(nn.Linear(6, name="fc")(rows))
        scores = nn.reduce_mean(nn.reshape(rows, -1, 10, 6), 1)
        return nn.softmax(nn.clip(scores, -3, 3)) + nn.constant((1.0, 2.0, 3.0, 4.0, 5.0, 6.0))


SPECS = {"x": nn.batched((3, 8, 8))}
GRAPH = nn.trace(Net(), SPECS)
MODEL = to_onnx(GRAPH, nn.initial_parameters(GRAPH, seed=0))
DATA = MODEL.SerializeToString()


def flipped(rng):
    data = bytearray(DATA)
    for place in rng.integers(0, len(data), rng.integers(1, 6)):
        data[place] = rng.integers(0, 256)
    return bytes(data)


def shortened(rng):
    return DATA[: rng.integers(0, len(DATA))]


def spliced(rng):
    first, second, third = sorted(rng.integers(0, len(DATA), 3))
    return DATA[:first] + DATA[second:third] + DATA[first:]


def messages(model):
    graph = model.graph
    yield from (attribute for node in graph.node for attribute in node.attribute)
    yield from graph.initializer
    yield from graph.node
    yield from graph.input


def rewritten(rng):
    """A file that is well-formed, and says nonsense."""
    model = onnx.ModelProto.FromString(DATA)
    found = list(messages(model))
    for _ in range(rng.integers(1, 4)):
        change(rng, found[rng.integers(len(found))], model)
    return model.SerializeToString()


def change(rng, one, model):
    number = HUGE[rng.integers(len(HUGE))]
    names = [node.output[0] for node in model.graph.node]
    if isinstance(one, onnx.AttributeProto):
        if one.type == onnx.AttributeProto.INTS and one.ints:
            one.ints[rng.integers(len(one.ints))] = number
        elif one.type == onnx.AttributeProto.FLOAT:
            one.f = [np.nan, np.inf, -1.0, 0.0, 1e30][rng.integers(5)]
        elif one.type == onnx.AttributeProto.STRING:
            one.s = b"\xff\xfe"
        elif rng.random() < 0.3:
            one.type = int(rng.integers(0, 15))
        else:
            one.i = number
    elif isinstance(one, onnx.TensorProto):
        if rng.random() < 0.4 and one.data_type == onnx.TensorProto.INT64:
            values = np.frombuffer(one.raw_data, np.int64).copy()
            if values.size:
                values[rng.integers(values.size)] = number
                one.raw_data = values.tobytes()
        elif rng.random() < 0.5 and one.dims:
            one.dims[rng.integers(len(one.dims))] = number
        else:
            one.data_type = int(rng.integers(0, 30))
    elif isinstance(one, onnx.NodeProto):
        kind = rng.integers(4)
        if kind == 0 and one.input:
            one.input[rng.integers(len(one.input))] = names[rng.integers(len(names))]
        elif kind == 1 and one.input:
            del one.input[rng.integers(len(one.input)) :]
        elif kind == 2:
            others = [node.op_type for node in model.graph.node]
            one.op_type = others[rng.integers(len(others))]
        elif one.attribute:
            del one.attribute[rng.integers(len(one.attribute))]
    else:
        one.type.tensor_type.elem_type = int(rng.integers(0, 20))


KINDS = [flipped, shortened, spliced, rewritten]


def check(data, path):
    path.write_bytes(data)
    started = time.perf_counter()
    try:
        graph = nn.trace(Onnx(path), SPECS)
        nn.initial_parameters(graph, seed=0)
        read = True
    except ModelError:
        read = False
    assert time.perf_counter() - started < 1.0
    return read


def test_the_whole_file_is_read(tmp_path):
    path = tmp_path / "model.onnx"
    assert check(DATA, path)
    graph = nn.trace(Onnx(path), SPECS)
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype("float32")
    params = nn.initial_parameters(graph, seed=0)
    np.testing.assert_allclose(
        evaluate(graph, params, {"x": x}).outputs["output"],
        evaluate(GRAPH, params, {"x": x}).outputs["output"],
        atol=1e-5,
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_damaged_files_give_typed_errors(kind, tmp_path):
    rng = np.random.default_rng(1)
    read = sum(check(kind(rng), tmp_path / "model.onnx") for _ in range(60))
    assert read < 60


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_many_damaged_files_give_typed_errors(kind, tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(2500):
        check(kind(np.random.default_rng(seed)), tmp_path / "model.onnx")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 300 * 1024  # kilobytes
