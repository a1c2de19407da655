"""Dense layers and matrix products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def gemm(op: ops.Gemm, site: Site) -> Tensor:
    """Lowers Gemm."""
    y = tf.matmul(site.inputs[0], site.weight, transpose_b=True)
    return tf.nn.bias_add(y, site.params["bias"]) if op.bias else y


def matmul(op: ops.MatMul, site: Site) -> Tensor:  # noqa: ARG001
    """Lowers MatMul; TensorFlow's has no vectors."""
    a, b = site.inputs
    row, column = (len(spec.shape) == 1 for spec in site.specs)
    y = tf.matmul(a[None] if row else a, b[:, None] if column else b)
    dropped = [axis for axis, vector in ((-2, row), (-1, column)) if vector]
    return tf.squeeze(y, dropped) if dropped else y


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Gemm: gemm,
    ops.MatMul: matmul,
}
