"""Convolutions; MindSpore has no kernels of float64, which are computed in float32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mindspore import ops as ms_ops

from vega_backend_ms.lowering.slicing import cut
from vega_backend_ms.lowering.transposed import bordered, extents
from vega_backend_ms.lowering.types import element_type
from vega_core.backend.writing import Lowering, Site, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import Shape


def conv(op: ops.Conv, site: Site) -> str:
    """Lowers Conv."""
    rank = len(op.kernel_shape)
    kernel = _kernel(op, op.pads, op.strides)
    return _finished(_of_planes(f"{kernel}({_operands(site, rank)})", rank), site)


def conv_transpose(op: ops.ConvTranspose, site: Site) -> str:
    """Lowers ConvTranspose: the gradient of a convolution, then what is cut or added beyond."""
    rank, spec = len(op.kernel_shape), site.specs[0]
    (result,) = op.infer(spec)
    parts = extents(op, spec.shape[2:], result.shape[2:])
    operands = _operands(site, rank)
    if rank == 3:
        begins, sizes = [0] * rank, [part.full for part in parts]
        reach = tuple([part.reach for part in parts])
        kernel = _kernel(op, reach + reach, (1, 1, 1))
        y = f"spread_conv({operands}, {kernel}, {literals(op.strides, op.group)})"
    else:
        begins, sizes = [part.pads[0] for part in parts], [part.made for part in parts]
        kernel = literals(spec.shape[1], _plane(op.kernel_shape))
        pads = _around((*begins, *(part.pads[1] for part in parts)))
        options = literals(pads, None, 1, _plane(op.strides), _plane(op.dilations), op.group)
        shape = literals(op.out_channels, *_plane(sizes))
        y = f'Conv2DTranspose({kernel}, "pad", {options})({operands}, '
        y = _of_planes(f"{y}({site.inputs[0]}.shape[0], {shape}))", rank)
    return _finished(bordered(y, parts, begins, sizes), site)


def spread_conv(x: Any, weight: Any, kernel: Any, strides: Sequence[int], group: int) -> Any:
    """Returns a transposed convolution in which nothing is cut or added.

    It is a convolution of the input, its elements ``strides`` apart, with the kernels mirrored.
    """
    for place, stride in enumerate(strides):
        if stride > 1:
            x = _spread(x, place + 2, stride)
    shape = weight.shape
    weight = ms_ops.reshape(weight, (group, shape[0] // group, *shape[1:]))
    weight = ms_ops.swapaxes(weight, 1, 2)
    weight = ms_ops.reshape(weight, (group * shape[1], shape[0] // group, *shape[2:]))
    return kernel(x, ms_ops.ReverseV2((2, 3, 4))(weight))


def _spread(x: Any, axis: int, stride: int) -> Any:
    """Returns elements ``stride`` apart along one axis, with zeros between them."""
    size = x.shape[axis]
    apart = ms_ops.expand_dims(x, axis + 1)
    zeros = ms_ops.zeros_like(apart)
    wide = ms_ops.concat((apart,) + (zeros,) * (stride - 1), axis + 1)
    flat = ms_ops.reshape(wide, (*x.shape[:axis], size * stride, *x.shape[axis + 1 :]))
    return cut(flat, axis, 0, (size - 1) * stride + 1)


def _kernel(op: ops.Conv | ops.ConvTranspose, pads: Shape, strides: Shape) -> str:
    sizes = literals(op.out_channels, _plane(op.kernel_shape))
    options = literals(_around(pads), _plane(strides), _plane(op.dilations), op.group)
    return f'Conv{max(len(strides), 2)}D({sizes}, 1, "pad", {options})'


def _plane(sizes: Sequence[int]) -> Shape:
    """Returns sizes over one axis as over two, the first of size 1."""
    return (1, *sizes) if len(sizes) == 1 else tuple(sizes)


def _around(pads: Sequence[int]) -> Shape:
    """Returns pads as MindSpore lists them: before and after each axis, over two at least."""
    rank = len(pads) // 2
    sides = tuple(p for axis in range(rank) for p in (pads[axis], pads[axis + rank]))
    return (0, 0, *sides) if rank == 1 else sides


def _operands(site: Site, rank: int) -> str:
    """Returns the input and the weight as arguments, over one axis with one of size 1 before."""
    operands = [site.inputs[0], site.weight]
    if site.specs[0].dtype == "float64":
        operands = [f"ops.cast({x}, ms.float32)" for x in operands]
    if rank == 1:
        operands = [f"ops.expand_dims({x}, 2)" for x in operands]
    return ", ".join(operands)


def _of_planes(y: str, rank: int) -> str:
    return f"ops.squeeze({y}, 2)" if rank == 1 else y


def _finished(y: str, site: Site) -> str:
    """Returns the result of a kernel in the input's element type, with the bias."""
    dtype = site.specs[0].dtype
    if dtype == "float64":
        y = f"ops.cast({y}, {element_type(dtype)})"
    bias = site.params.get("bias")
    return f"ops.bias_add({y}, {bias})" if bias else y


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Conv: conv,
    ops.ConvTranspose: conv_transpose,
}
