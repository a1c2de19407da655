"""Operators that give the same elements another shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def reshaped(op: Any, site: Site) -> Tensor:  # noqa: ARG001
    """Lowers whatever keeps elements in their order."""
    return tf.reshape(site.inputs[0], site.sizes(site.results[0].shape))


def expand(op: ops.Expand, site: Site) -> Tensor:  # noqa: ARG001
    """Lowers Expand."""
    return tf.broadcast_to(site.inputs[0], site.sizes(site.results[0].shape))


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Expand: expand,
    ops.Flatten: reshaped,
    ops.Reshape: reshaped,
    ops.Squeeze: reshaped,
    ops.Transpose: lambda op, site: tf.transpose(site.inputs[0], op.perm),
    ops.Unsqueeze: reshaped,
}
