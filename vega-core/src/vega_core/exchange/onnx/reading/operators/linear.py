"""Dense layers and matrix products."""

from __future__ import annotations

from typing import Final

from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.site import Readings, Site
from vega_core.exchange.onnx.reading.values import Computed, Known, Value, Weight
from vega_core.nn import ops

_SWAP: Final = ops.Transpose((1, 0))


def gemm(site: Site) -> Value:
    """Reads Gemm: a dense layer, or what it is made of."""
    a, b = site.values(2)
    c = site.optional(2)
    if len(a.spec.shape) != 2 or len(b.spec.shape) != 2:
        raise ModelError(f"Gemm of {a.spec} and {b.spec}")
    alpha, beta = site.number("alpha", 1.0), site.number("beta", 1.0)
    if site.whole("transA", 0):
        a = site.emit(_SWAP, a)
    transposed = bool(site.whole("transB", 0))
    if alpha == 1 and isinstance(a, Computed) and (transposed or _free(b)):
        weight = b if transposed else site.emit(_SWAP, b)
        if isinstance(weight, (Weight, Known)):
            return _dense(site, a, weight, c, beta)
    y = site.emit(ops.MatMul(), a, site.emit(_SWAP, b) if transposed else b)
    return _shifted(site, _scaled(site, y, alpha), c, beta)


def matmul(site: Site) -> Value:
    """Reads MatMul; one of rows with an array of the file is a dense layer."""
    a, b = site.values(2)
    flat = isinstance(a, Computed) and len(a.spec.shape) == len(b.spec.shape) == 2
    if flat and _free(b):
        weight = site.emit(_SWAP, b)
        return site.emit(ops.Gemm(weight.spec.shape[0], bias=False), a, weight=weight)
    return site.emit(ops.MatMul(), a, b)


def _free(value: Value) -> bool:
    """Returns whether an array may be transposed for the one way in which it is read."""
    return isinstance(value, Known) or (isinstance(value, Weight) and value.single)


def _dense(site: Site, x: Value, weight: Value, c: Value | None, beta: float) -> Value:
    features = weight.spec.shape[0]
    fits = c is not None and c.spec.shape in ((features,), (1, features))
    if beta == 1 and c is not None and fits and not isinstance(c, Computed):
        bias = c if len(c.spec.shape) == 1 else site.emit(ops.Reshape((features,)), c)
        if not isinstance(bias, Computed):
            return site.emit(ops.Gemm(features), x, weight=weight, bias=bias)
    y = site.emit(ops.Gemm(features, bias=False), x, weight=weight)
    return _shifted(site, y, c, beta)


def _shifted(site: Site, y: Value, c: Value | None, beta: float) -> Value:
    return y if c is None else site.emit(ops.Add(), y, _scaled(site, c, beta))


def _scaled(site: Site, x: Value, factor: float) -> Value:
    if factor == 1:
        return x
    return site.emit(ops.Mul(), x, site.constant(factor, x.spec.dtype))


READINGS: Final[Readings] = {"Gemm": gemm, "MatMul": matmul}
