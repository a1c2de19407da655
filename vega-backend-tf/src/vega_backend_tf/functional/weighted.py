"""Operators with parameters: each is a layer of Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import keras
import numpy as np
from keras import ops as K

from vega_backend_tf.arrays import kernel_order
from vega_backend_tf.functional.spot import Form, Spot, Tensor
from vega_backend_tf.functional.windows import padded
from vega_backend_tf.lowering.padding import scheme
from vega_core.arrays import Array
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axis_of

_CONV: Final = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
_DEPTHWISE: Final = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
_TRANSPOSED: Final = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)


def conv(op: ops.Conv, spot: Spot) -> Tensor:
    """Gives a convolution; of those that Keras refuses, every so many places are kept."""
    x, spatial = spot.inputs[0], spot.shape[2:]
    rank, channels = len(spatial), spot.shape[1]
    depthwise = op.group == channels > 1 and rank < 3
    apart = max(op.strides) > 1 and (max(op.dilations) > 1 or (depthwise and _differ(op.strides)))
    strides = (1,) * rank if apart else op.strides
    padding = scheme(spatial, op.kernel_shape, strides, op.pads, op.dilations)
    if padding is None:
        x, padding = padded(x, op.pads), "VALID"
    options: dict[str, Any] = {
        "strides": strides,
        "dilation_rate": op.dilations,
        "padding": padding.lower(),
        "use_bias": op.bias,
        "data_format": "channels_last",
    }
    kernel = _stored(spot.weight)
    if depthwise:
        kernel = kernel.reshape(*op.kernel_shape, channels, -1)
        kind, options["depth_multiplier"] = _DEPTHWISE[rank - 1], kernel.shape[-1]
        if rank == 1:  # one number each
            options |= {"strides": strides[0], "dilation_rate": op.dilations[0]}
    else:
        kind = _CONV[rank - 1]
        options |= {"filters": op.out_channels, "groups": op.group}
    arrays = [kernel, *_roles(spot, "bias")]
    y = spot.layer(kind, arrays, x, kernel_size=op.kernel_shape, **options)
    return _strided(y, op.strides) if apart else y


def conv_transpose(op: ops.ConvTranspose, spot: Spot) -> Tensor:
    """Gives a transposed convolution: the whole result, of which pads cut the sides."""
    x, rank = spot.inputs[0], len(op.kernel_shape)
    kernel = _spread(_stored(spot.weight), op.dilations)
    bias = spot.params.get("bias", np.zeros(op.out_channels, kernel.dtype))
    size, parts = op.out_channels // op.group, []
    for group, part in enumerate(K.split(x, op.group, -1) if op.group > 1 else [x]):
        layer = _TRANSPOSED[rank - 1](
            size,
            kernel.shape[:rank],
            strides=op.strides,
            use_bias=op.bias,
            data_format="channels_last",
            name=f"{spot.name}.{group}" if op.group > 1 else spot.name,
            dtype=spot.results[0].dtype,
        )
        y = layer(part)
        own = np.array_split(kernel, op.group, -1)[group]
        layer.set_weights([own, bias[group * size : (group + 1) * size]][: 1 + op.bias])
        parts.append(_cut(op, spot, y, bias[group * size : (group + 1) * size]))
    return parts[0] if len(parts) == 1 else K.concatenate(parts, -1)


def _cut(op: ops.ConvTranspose, spot: Spot, y: Tensor, bias: Array) -> Tensor:
    """Returns what is left between the pads; what lies beyond the windows is the bias alone."""
    rank, sizes = len(op.kernel_shape), spot.results[0].shape[2:]
    ends = [begin + size for begin, size in zip(op.pads, sizes, strict=False)]
    lacking = [max(end - have, 0) for end, have in zip(ends, y.shape[1:-1], strict=True)]
    if any(lacking):
        y = padded(y - bias, [0] * rank + lacking) + bias
    inside = (slice(None), *map(slice, op.pads[:rank], ends))
    return y[inside]


def gemm(op: ops.Gemm, spot: Spot) -> Tensor:
    """Gives a dense layer."""
    arrays = [spot.weight.T, *_roles(spot, "bias")]
    options = {"units": op.out_features, "use_bias": op.bias}
    return spot.layer(keras.layers.Dense, arrays, spot.inputs[0], **options)


def batch_normalization(op: ops.BatchNormalization, spot: Spot) -> Tensor:
    """Gives a batch normalization; Keras's momentum is one minus ours."""
    return spot.layer(
        keras.layers.BatchNormalization,
        _roles(spot, "weight", "bias", "running_mean", "running_var"),
        spot.inputs[0],
        axis=spot.axis(1),
        momentum=1 - op.momentum,
        epsilon=op.epsilon,
        center=op.affine,
        scale=op.affine,
    )


def layer_normalization(op: ops.LayerNormalization, spot: Spot) -> Tensor:
    """Gives a layer normalization."""
    axes = list(range(axis_of(op.axis, spot.shape), spot.rank))
    return spot.layer(
        keras.layers.LayerNormalization,
        _roles(spot, "weight", "bias"),
        spot.inputs[0],
        axis=axes,
        epsilon=op.epsilon,
        center=op.affine,
        scale=op.affine,
    )


def group_normalization(
    op: ops.GroupNormalization | ops.InstanceNormalization, spot: Spot
) -> Tensor:
    """Gives a normalization of groups of channels; of an instance each channel is one."""
    groups = op.num_groups if isinstance(op, ops.GroupNormalization) else spot.shape[1]
    return spot.layer(
        keras.layers.GroupNormalization,
        _roles(spot, "weight", "bias"),
        spot.inputs[0],
        groups=groups,
        axis=spot.axis(1),
        epsilon=op.epsilon,
        center=op.affine,
        scale=op.affine,
    )


def embedding(op: ops.Embedding, spot: Spot) -> Tensor:
    """Gives an embedding."""
    options = {"input_dim": op.num_embeddings, "output_dim": op.embedding_dim}
    return spot.layer(keras.layers.Embedding, [spot.params["weight"]], spot.inputs[0], **options)


def prelu(op: ops.PRelu, spot: Spot) -> Tensor:
    """Gives a rectifier with a slope a channel, or one."""
    channel = spot.axis(1) if spot.rank > 1 and not op.shared else None
    shared = [axis for axis in range(1, spot.rank) if axis != channel]
    shape = [spot.shape[1] if axis == channel else 1 for axis in range(1, spot.rank)]
    weight = spot.params["weight"].reshape(shape)
    return spot.layer(keras.layers.PReLU, [weight], spot.inputs[0], shared_axes=shared or None)


def _roles(spot: Spot, *roles: str) -> list[Array]:
    return [spot.params[role] for role in roles if role in spot.params]


def _stored(weight: Array) -> Array:
    return np.transpose(weight, kernel_order(weight.ndim))


def _differ(strides: Sequence[int]) -> bool:
    return len({*strides}) > 1


def _strided(y: Tensor, strides: Sequence[int]) -> Tensor:
    kept = (slice(None), *(slice(None, None, step) for step in strides))
    return y[kept]


def _spread(kernel: Array, dilations: Sequence[int]) -> Array:
    """Returns a kernel with zeros between its elements."""
    rank = len(dilations)
    sizes = [d * (k - 1) + 1 for d, k in zip(dilations, kernel.shape, strict=False)]
    wide = np.zeros((*sizes, *kernel.shape[rank:]), kernel.dtype)
    wide[tuple(slice(None, None, d) for d in dilations)] = kernel
    return wide


FORMS: Final[Mapping[type[Primitive], Form]] = {
    ops.BatchNormalization: batch_normalization,
    ops.Conv: conv,
    ops.ConvTranspose: conv_transpose,
    ops.Embedding: embedding,
    ops.Gemm: gemm,
    ops.GroupNormalization: group_normalization,
    ops.InstanceNormalization: group_normalization,
    ops.LayerNormalization: layer_normalization,
    ops.PRelu: prelu,
}
"""Form by operator type."""
