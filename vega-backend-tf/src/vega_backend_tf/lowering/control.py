"""Operators that decide what is differentiated; the walk of a graph knows choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def parameter(op: ops.Parameter, site: Site) -> Tensor:
    """Lowers Parameter, whose axes a store keeps in another order."""
    value, rank = site.params["value"], len(op.shape)
    return tf.transpose(value, (rank - 1, rank - 2, *range(rank - 2))) if rank > 2 else value


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Constant: lambda op, site: tf.constant(op.value, op.dtype),  # noqa: ARG005
    ops.Parameter: parameter,
    ops.StopGradient: lambda _, site: tf.stop_gradient(site.inputs[0]),
}
