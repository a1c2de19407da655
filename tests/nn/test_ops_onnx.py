"""Operators that ONNX has, against ONNX's own reference implementation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from vega_core.arrays import Array
from vega_core.nn import ops
from vega_core.nn.ops.elementwise import Binary, Unary
from vega_core.nn.ops.reduction import Reduction
from vega_core.nn.primitive import Primitive
from vega_core.nn.reference import evaluate
from vega_core.testing.operators import CASES, OperatorCase

definitions = pytest.importorskip("onnx.defs")
helper = pytest.importorskip("onnx.helper")
reference = pytest.importorskip("onnx.reference")

OPSET = 24
Form = tuple[Mapping[str, Any], tuple[Array, ...]]
"""Attributes of a node, and the constant inputs after the others."""


def with_axes(op: Reduction) -> Form:
    axes = () if op.axes is None else (np.asarray(op.axes),)
    return {"keepdims": int(op.keepdims)}, axes


def clip(op: ops.Clip, dtype: str) -> Form:
    low, high = op.bounds(dtype)
    ends = (-np.inf if low is None else low, np.inf if high is None else high)
    return {}, tuple(np.asarray(end) for end in ends)


def top_k(op: ops.TopK) -> Form:
    return {"axis": op.axis, "largest": int(op.largest)}, (np.asarray([op.k]),)


def running_sum(op: ops.CumSum) -> Form:
    flags = {"exclusive": int(op.exclusive), "reverse": int(op.reverse)}
    return flags, (np.asarray(op.axis),)


def extreme(op: ops.ArgMax | ops.ArgMin) -> Form:
    return {"axis": op.axis, "keepdims": int(op.keepdims)}, ()


FORMS: Mapping[type[Primitive], Callable[[Any], Form]] = {
    ops.ArgMax: extreme,
    ops.ArgMin: extreme,
    ops.Cast: lambda op: ({"to": helper.np_dtype_to_tensor_dtype(np.dtype(op.dtype))}, ()),
    ops.CumSum: running_sum,
    ops.PRelu: lambda _: ({}, ()),
    ops.TopK: top_k,
    ops.Where: lambda _: ({}, ()),
}


def form_of(case: OperatorCase) -> Form | None:
    """Returns how ONNX writes an operator; None where it has none."""
    op, dtypes = case.op, [spec.dtype for spec in case.specs.values()]
    if isinstance(op, ops.ReduceStd):
        return None
    if isinstance(op, Reduction):
        return with_axes(op)
    if isinstance(op, ops.Clip):
        return clip(op, dtypes[0])
    if type(op) in FORMS:
        return FORMS[type(op)](op)
    return (op.attributes(), ()) if isinstance(op, Unary | Binary) else None


def by_onnx(case: OperatorCase, arrays: Mapping[str, Array], form: Form) -> list[Array]:
    """Runs one node in ONNX's reference."""
    attributes, constants = form
    arrays = {**arrays, **{f"k{place}": array for place, array in enumerate(constants)}}
    outputs = [f"y{place}" for place in range(len(case.graph().outputs))]
    node = helper.make_node(type(case.op).__name__, list(arrays), outputs, **attributes)
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in arrays.items()
    ]
    results = [helper.make_empty_tensor_value_info(name) for name in outputs]
    model = helper.make_model(
        helper.make_graph([node], "one", inputs, results),
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    values: list[Array] = reference.ReferenceEvaluator(model).run(None, dict(arrays))
    return values


KNOWN = [case for case in CASES.values() if form_of(case) is not None]


@pytest.mark.parametrize("case", KNOWN, ids=str)
def test_the_reference_is_onnxs(case: OperatorCase) -> None:
    if case.name == "log softmax, far":
        pytest.skip("ONNX's reference takes the logarithm of what has become 0")
    if isinstance(case.op, ops.Swish) and definitions.onnx_opset_version() < OPSET:
        pytest.skip(f"this version of ONNX has no Swish, which is of opset {OPSET}")
    inputs, params = case.arrays()
    # A PRelu's slope broadcasts, where ours is one a channel.
    slopes = {
        name: value.reshape(-1, *(1,) * max(inputs["a"].ndim - 2, 0))
        for name, value in params.items()
    }
    form = form_of(case)
    assert form is not None
    expected = by_onnx(case, {**inputs, **slopes}, form)
    results = evaluate(case.graph(), params, inputs, mode=case.mode).outputs.values()
    for result, array in zip(results, expected, strict=True):
        assert result.dtype == array.dtype
        # ONNX's attributes, and its error function, are of float32.
        np.testing.assert_allclose(result, array, rtol=2e-6, atol=2e-6)
