"""The ONNX form of every operator, in two runtimes, against the reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator

from vega_core.errors import ModelError
from vega_core.exchange import to_onnx
from vega_core.exchange.onnx.convert import MIN_OPSET, OPSET
from vega_core.exchange.onnx.table import EXCLUDED, FORMS
from vega_core.nn.ops import OPERATORS, Constant, Parameter, StopGradient
from vega_core.nn.reference import evaluate
from vega_core.testing.operators import CASES

NEWEST = onnx.defs.onnx_opset_version()
EXPORTED = [case for case in CASES.values() if type(case.op) in FORMS]

NAIVE = "onnx.reference overflows"
GROUPED = "onnx.reference adds the bias, or the groups, of a transposed convolution wrongly"
FLAT = "onnx.reference pools over pictures of two axes alone"
OLD = "onnx.reference before 1.20 did it otherwise"
NO_REFERENCE = {
    "log softmax, far": NAIVE,
    "transposed conv, grouped": GROUPED,
    "transposed conv, depthwise": GROUPED,
    "global max pool 1d": FLAT,
    "global max pool 3d": FLAT,
    "gather elements, last axis": "onnx.reference compares the wrong axes",
    "scatter elements, mul": OLD,
    "one hot": OLD,
}
"""Cases that ``onnx.reference`` cannot run, and why."""

ELSEWHERE = {Constant, Parameter, StopGradient}
"""Operators without cases, which are tested with graphs."""


def test_every_operator_is_in_the_table_or_says_why_not():
    kinds = set(OPERATORS.values())
    assert kinds == {*FORMS, *EXCLUDED}
    assert not {*FORMS}.intersection(EXCLUDED)


def test_every_form_has_cases():
    assert {type(case.op) for case in EXPORTED} | ELSEWHERE == set(FORMS)


def exported(case, opset=OPSET):
    graph = case.graph()
    params = {name: array.astype("float32") for name, array in case.arrays()[1].items()}
    model = to_onnx(graph, params, opset=opset)
    onnx.checker.check_model(model, full_check=True)
    return graph, params, model


def inputs_of(case):
    specs = case.specs
    return {name: array.astype(specs[name].dtype) for name, array in case.arrays(1)[0].items()}


def expected_of(graph, params, inputs):
    def wide(arrays):
        return {k: a.astype("float64") if a.dtype == "float32" else a for k, a in arrays.items()}

    return evaluate(graph, wide(params), wide(inputs), mode="eval").outputs


def assert_near(given, expected, graph):
    for array, (name, wanted) in zip(given, expected.items(), strict=True):
        array, spec = np.asarray(array), graph.specs[graph.outputs[name]]
        assert (array.shape, array.dtype) == (wanted.shape, spec.dtype)
        if wanted.dtype != "float64":
            np.testing.assert_array_equal(array, wanted)
            continue
        scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
        np.testing.assert_allclose(array, wanted, rtol=1e-4, atol=1e-5 * max(scale, 1e-3))


def session_of(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


@pytest.mark.parametrize("case", EXPORTED, ids=str)
def test_onnxruntime_computes_the_reference(case):
    graph, params, model = exported(case)
    session = session_of(model)
    for size in (case.batch, case.batch + 2)[: 1 if case.given else 2]:
        inputs = inputs_of(replace(case, batch=size))
        assert_near(session.run(None, inputs), expected_of(graph, params, inputs), graph)


@pytest.mark.soak
@pytest.mark.parametrize("opset", sorted({MIN_OPSET, 20, 21, NEWEST}))
@pytest.mark.parametrize("case", EXPORTED, ids=str)
def test_other_opsets_compute_the_same(case, opset):
    graph, params, model = exported(case, opset)
    inputs = inputs_of(case)
    assert_near(session_of(model).run(None, inputs), expected_of(graph, params, inputs), graph)


def expected_failures():
    for case in EXPORTED:
        reason = NO_REFERENCE.get(case.name)
        marks = pytest.mark.xfail(reason=reason, strict=False) if reason else ()
        yield pytest.param(case, id=str(case), marks=marks)


@pytest.mark.parametrize("case", [*expected_failures()])
def test_the_onnx_reference_agrees(case):
    graph, params, model = exported(case)
    inputs = inputs_of(case)
    with np.errstate(all="ignore"):
        given = ReferenceEvaluator(model).run(None, inputs)
    assert_near(given, expected_of(graph, params, inputs), graph)


@pytest.mark.parametrize("kind", EXCLUDED, ids=lambda kind: kind.__name__)
def test_what_is_left_out_is_used_by_no_exported_graph(kind):
    """A graph with the operator raises a typed error, or comes out without it."""
    for case in CASES.values():
        if type(case.op) is not kind:
            continue
        try:
            model = to_onnx(case.graph(), case.arrays()[1])
        except ModelError:
            continue
        assert kind.__name__ not in [node.op_type for node in model.graph.node]
