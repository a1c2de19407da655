"""Arithmetic on elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import tensorflow as tf

from vega_backend_tf.lowering.calls import call, flat
from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def divide(op: ops.Div, site: Site) -> Tensor:  # noqa: ARG001
    """Lowers Div; of integers ONNX cuts towards zero."""
    a, b = site.inputs
    return a / b if a.dtype.is_floating else tf.truncatediv(a, b)


def extreme(function: Callable[[Tensor, Tensor], Tensor]) -> Lowering:
    """Returns the lowering of Min or Max; TensorFlow gives the gradient of a tie to one alone."""

    def lower(op: Any, site: Site) -> Tensor:  # noqa: ARG001
        a, b = site.inputs
        if not a.dtype.is_floating:
            return function(a, b)
        return tf.where(a == b, 0.5 * a + 0.5 * b, function(a, b))

    return lower


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Abs: call(tf.abs),
    ops.Add: call(tf.add),
    ops.Cos: call(tf.cos),
    ops.Div: divide,
    ops.Erf: call(tf.math.erf),
    ops.Exp: call(tf.exp),
    ops.Log: call(tf.math.log),
    ops.Max: extreme(tf.maximum),
    ops.Min: extreme(tf.minimum),
    ops.Mul: call(tf.multiply),
    ops.Neg: call(tf.negative),
    ops.Pow: call(tf.pow),
    ops.Reciprocal: call(tf.math.reciprocal),
    ops.Sign: flat(tf.sign),
    ops.Sin: call(tf.sin),
    ops.Sqrt: call(tf.sqrt),
    ops.Sub: call(tf.subtract),
}
