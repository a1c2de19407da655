"""Whole graphs as ONNX models: names, shapes, constants, operators of plugins, and mistakes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.exchange import to_onnx
from vega_core.exchange.onnx.convert import IR_VERSION, OPSET
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.tensor import Tensor


class Tower(nn.Network):
    """Two inputs, several outputs, and a value that is folded into 4N rows and back."""

    def forward(self, image, scale):
        x = nn.relu(nn.Conv(8, 3, padding=1, name="conv1")(image))
        x = nn.BatchNorm(name="norm1")(x)
        rows = nn.reshape(x, -1, 2 * 16)
        parts = nn.Linear(5, name="fc")(rows)
        back = nn.reshape(parts, -1, 4, 5)
        return {"logits": back * scale, "features": x, "again": x, "image": image + 1.0}


SPECS = {"image": nn.batched((3, 4, 4)), "scale": nn.batched((1, 1))}
GRAPH = nn.trace(Tower(), SPECS)
PARAMS = nn.initial_parameters(GRAPH, seed=0)


def drawn(size, specs=SPECS):
    rng = np.random.default_rng(size)
    return {
        name: rng.standard_normal((size, *spec.shape[1:])).astype(spec.dtype)
        for name, spec in specs.items()
    }


def run(model, inputs):
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    given = session.run(None, inputs)
    for array, other in zip(given, ReferenceEvaluator(model).run(None, inputs), strict=True):
        np.testing.assert_allclose(array, other, rtol=1e-4, atol=1e-5)
    return given


def assert_same(model, graph, params, inputs, **options):
    expected = evaluate(graph, params, inputs, **options).outputs
    for array, (name, wanted) in zip(run(model, inputs), expected.items(), strict=True):
        np.testing.assert_allclose(array, wanted, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("size", [1, 3, 8])
def test_any_batch_size(size):
    assert_same(to_onnx(GRAPH, PARAMS), GRAPH, PARAMS, drawn(size))


def shapes(infos):
    def size(dim):
        return dim.dim_param or dim.dim_value

    return {one.name: [size(dim) for dim in one.type.tensor_type.shape.dim] for one in infos}


def test_names_and_shapes_are_the_graphs():
    body = to_onnx(GRAPH, PARAMS).graph
    assert shapes(body.input) == {"image": ["N", 3, 4, 4], "scale": ["N", 1, 1]}
    # An output that is called as an input is, and one that is another output, are their own.
    assert shapes(body.output) == {
        "logits": ["N", 4, 5],
        "features": ["N", 8, 4, 4],
        "again": ["N", 8, 4, 4],
        "image_out": ["N", 3, 4, 4],
    }
    assert {array.name for array in body.initializer} >= set(PARAMS)
    assert ["4*N", 32] in shapes(body.value_info).values()
    assert {node.name for node in body.node} >= {node.name for node in GRAPH.nodes}


def test_what_the_file_says_of_itself():
    model = to_onnx(GRAPH, PARAMS, name="Tower", about={"description": {"type": "Tower"}})
    assert (model.producer_name, model.ir_version) == ("vega-core", IR_VERSION)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", OPSET)]
    kept = {one.key: json.loads(one.value) for one in model.metadata_props}
    assert kept["vega.description"] == {"type": "Tower"}
    assert model.graph.name == "Tower"


def test_the_same_graph_gives_the_same_bytes():
    one, two = (to_onnx(GRAPH, PARAMS).SerializeToString() for _ in range(2))
    assert one == two


class Controlled(nn.Network):
    def forward(self, x):
        kept = nn.Dropout(0.5, name="drop")(x)
        y = nn.stop_gradient(kept) * nn.control("scale", 3.0)
        y = y * nn.control("mask", 1.0, (4,)) + nn.parameter("shift", (4,), nn.initializers.ONES)
        return nn.by_mode(y * 0.0, y) + nn.constant(((1.0, 2.0, 3.0, 4.0),))


def test_controls_parameters_and_constants():
    graph = nn.trace(Controlled(), {"x": nn.batched((4,))})
    params, inputs = nn.initial_parameters(graph, seed=0), drawn(3, graph.inputs)
    assert_same(to_onnx(graph, params), graph, params, inputs)
    controls = {"scale": 0.5, "mask": np.array([0, 1, 2, 0], "float32")}
    model = to_onnx(graph, params, controls=controls)
    assert_same(model, graph, params, inputs, controls=controls)
    assert [one.name for one in model.graph.input] == ["x"]


def test_a_part_that_is_fixed_to_training_uses_the_batch():
    class Frozen(nn.Network):
        def forward(self, x):
            return nn.BatchNorm(name="norm")(x)

    graph = nn.trace(Frozen(), {"x": nn.batched((4, 3))}, {"norm.mode": "train"})
    params = nn.initial_parameters(graph, seed=0)
    model = to_onnx(graph, params)
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
    assert_same(model, graph, params, drawn(5, graph.inputs))


@dataclass(frozen=True)
class Cube(Primitive):
    """An operator of a plugin, with its ONNX form."""

    lowerings: ClassVar = {"onnx": f"{__name__}:cube"}
    factor: float = 1.0

    def infer(self, *inputs):
        return inputs

    def parameters(self, *inputs) -> Mapping[str, nn.ParameterSpec]:
        return {"scale": nn.ParameterSpec(inputs[0].shape[-1:], nn.initializers.ONES)}

    def reference(self, call):
        (x,) = call.inputs
        return (self.factor * x**3 * call.params["scale"],)


def cube(op, site):
    """The form that `Cube` names."""
    (x,) = site.inputs
    power = site.emit("Mul", site.emit("Mul", x, x), x)
    scaled = site.emit("Mul", power, site.params["scale"])
    site.result("Mul", scaled, site.constant(op.factor, site.specs[0].dtype))


class Foreign(Cube):
    lowerings: ClassVar = {"onnx": f"{__name__}:foreign"}


def foreign(op, site):
    """A form by an operator that is not ONNX's own."""
    site.result("Gelu", *site.inputs, domain="com.microsoft")


class Bare(Cube):
    lowerings: ClassVar = {"torch": "elsewhere:function"}


class Applied(nn.Network):
    op: Primitive

    def forward(self, x: Tensor) -> Tensor:
        return x.apply(self.op)


def applied(op):
    graph = nn.trace(Applied(op), {"x": nn.batched((4,))})
    return graph, nn.initial_parameters(graph, seed=0)


def test_an_operator_of_a_plugin_brings_its_form():
    graph, params = applied(Cube(0.5))
    params = {name: array + 0.5 for name, array in params.items()}
    assert_same(to_onnx(graph, params), graph, params, drawn(3, graph.inputs))


def test_operators_of_another_domain():
    graph, params = applied(Foreign())
    model = to_onnx(graph, params)
    assert ("com.microsoft", 1) in [(one.domain, one.version) for one in model.opset_import]
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (given,) = session.run(None, {"x": np.ones((2, 4), "float32")})
    np.testing.assert_allclose(given, 0.8413447, rtol=1e-6)


def test_an_operator_without_a_form_is_named_with_its_package():
    graph, params = applied(Bare())
    with pytest.raises(ModelError, match=r"bare_1: Bare \(from .*\) has no ONNX form; the package"):
        to_onnx(graph, params)


def test_what_draws_at_random_in_evaluation_is_refused():
    noisy = nn.trace(Applied(ops.Random((-1, 4))), {"x": nn.batched((4,))})
    with pytest.raises(ModelError, match="random_1: Random cannot be exported: what draws"):
        to_onnx(noisy, {})

    class Always(nn.Network):
        def forward(self, x):
            return nn.Dropout(0.5, name="drop")(x)

    graph = nn.trace(Always(), {"x": nn.batched((4,))}, {"drop.mode": "train"})
    with pytest.raises(ModelError, match="a dropout that is fixed to training"):
        to_onnx(graph, {})


@pytest.mark.parametrize("opset", [0, 17, 999])
def test_opsets_that_cannot_be_written(opset):
    with pytest.raises(ModelError, match=f"opset {opset} cannot be written; 18 to "):
        to_onnx(GRAPH, PARAMS, opset=opset)
