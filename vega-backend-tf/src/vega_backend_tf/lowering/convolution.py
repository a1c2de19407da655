"""Convolutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import tensorflow as tf

from vega_backend_tf.lowering.padding import padded, scheme
from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def conv(op: ops.Conv, site: Site) -> Tensor:
    """Lowers Conv; one axis runs as two of which the first is 1."""
    x, spatial = site.inputs[0], site.specs[0].shape[2:]
    kernel = site.weight
    depthwise = op.group == site.specs[0].shape[1] > 1
    name = scheme(spatial, op.kernel_shape, op.strides, op.pads, op.dilations)
    pads = op.pads
    strides, dilations = list(op.strides), list(op.dilations)
    if len(spatial) == 1:
        x, kernel, pads = x[:, None], kernel[None], (0, pads[0], 0, pads[1])
        strides, dilations = [1, *strides], [1, *dilations]
    if name is None or len(spatial) == 3 or max(dilations) > 1:
        # With pads of its own TensorFlow has no fast gradient of a convolution.
        x, name = padded(x, pads), "VALID"
    if len(spatial) == 3:
        y = _conv3d(op, x, kernel)
    elif depthwise:
        y = _depthwise(x, kernel, strides, name, dilations)
    elif max(dilations) > 1 and site.fused:
        y = _dilated(x, kernel, strides, dilations)
    else:
        y = tf.nn.conv2d(x, kernel, strides, name, dilations=dilations)
    y = y[:, 0] if len(spatial) == 1 else y
    return tf.nn.bias_add(y, site.params["bias"]) if op.bias else y


def _depthwise(
    x: Tensor, kernel: Tensor, strides: list[int], padding: str, dilations: list[int]
) -> Tensor:
    """Convolves each channel by itself; TensorFlow's kernels lie (*window, in, multiple)."""
    channels = int(x.shape[-1])
    kernel = tf.reshape(kernel, (*kernel.shape[:2], channels, -1))
    if max(dilations) > 1 and max(strides) > 1:
        y = tf.nn.depthwise_conv2d(x, kernel, [1] * 4, padding, dilations=dilations)
        return y[:, :: strides[0], :: strides[1]]
    return tf.nn.depthwise_conv2d(x, kernel, [1, *strides, 1], padding, dilations=dilations)


def _dilated(x: Tensor, kernel: Tensor, strides: list[int], dilations: list[int]) -> Tensor:
    """Convolves with gaps, which TensorFlow does not differentiate on a CPU.

    Every so many places become a sample of their own, and are put together again.
    """
    height, width = (int(size) for size in x.shape[1:3])
    reach = [d * (int(k) - 1) for d, k in zip(dilations, kernel.shape[:2], strict=True)]
    more = [[0, -size % d] for size, d in zip((height, width), dilations, strict=True)]
    apart = tf.space_to_batch(x, dilations, more)
    y = tf.nn.conv2d(apart, kernel, 1, "VALID")
    whole = tf.batch_to_space(y, dilations, [[0, 0], [0, 0]])
    y = whole[:, : height - reach[0], : width - reach[1]]
    return y if max(strides) == 1 else y[:, :: strides[0], :: strides[1]]


def _conv3d(op: ops.Conv, x: Tensor, kernel: Tensor) -> Tensor:
    strides, dilations = [1, *op.strides, 1], [1, *op.dilations, 1]
    if op.group == 1:
        return tf.nn.conv3d(x, kernel, strides, "VALID", dilations=dilations)
    parts = zip(tf.split(x, op.group, -1), tf.split(kernel, op.group, -1), strict=True)
    return tf.concat(
        [tf.nn.conv3d(a, b, strides, "VALID", dilations=dilations) for a, b in parts], -1
    )


def conv_transpose(op: ops.ConvTranspose, site: Site) -> Tensor:
    """Lowers ConvTranspose: the whole result, of which pads cut the sides."""
    x, spatial = site.inputs[0], site.specs[0].shape[2:]
    kernel, (samples,) = site.weight, site.sizes(site.specs[0].shape[:1])
    begins, sizes = list(op.pads[: len(spatial)]), list(site.results[0].shape[2:])
    strides, dilations, spatial = list(op.strides), list(op.dilations), tuple(spatial)
    if len(spatial) == 1:
        x, kernel, spatial = x[:, None], kernel[None], (1, *spatial)
        begins, sizes, strides, dilations = (
            [0, *begins],
            [1, *sizes],
            [1, *strides],
            [1, *dilations],
        )
    kernel = _spread(kernel, dilations)
    full = [s * (n - 1) + int(k) for s, n, k in zip(strides, spatial, kernel.shape, strict=False)]
    shape = [samples, *full, op.out_channels // op.group]
    function = tf.nn.conv3d_transpose if len(spatial) == 3 else tf.nn.conv2d_transpose
    if op.group == 1:
        y = function(x, kernel, shape, strides, "VALID")
    else:
        parts = zip(tf.split(x, op.group, -1), tf.split(kernel, op.group, -1), strict=True)
        y = tf.concat([function(a, b, shape, strides, "VALID") for a, b in parts], -1)
    ends = [begin + size for begin, size in zip(begins, sizes, strict=True)]
    lacking = [max(end - size, 0) for end, size in zip(ends, full, strict=True)]
    y = padded(y, [0] * len(full) + lacking)
    inside = (slice(None), *map(slice, begins, ends))
    y = y[inside]
    y = y[:, 0] if len(op.kernel_shape) == 1 else y
    return tf.nn.bias_add(y, site.params["bias"]) if op.bias else y


def _spread(kernel: Tensor, dilations: Sequence[int]) -> Tensor:
    """Returns a kernel with zeros between its elements."""
    for axis, dilation in enumerate(dilations):
        if dilation > 1:
            shape = list(map(int, kernel.shape))
            pads = [[0, 0]] * (len(shape) + 1)
            pads[axis + 1] = [0, dilation - 1]
            wide = tf.pad(tf.expand_dims(kernel, axis + 1), pads)
            shape[axis] *= dilation
            cut = [slice(None)] * axis + [slice(0, shape[axis] - dilation + 1)]
            kernel = tf.reshape(wide, shape)[tuple(cut)]
    return kernel


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Conv: conv,
    ops.ConvTranspose: conv_transpose,
}
