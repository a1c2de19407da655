"""Functions of elements, and of several arrays that broadcast."""

from __future__ import annotations

from functools import reduce
from typing import Final

import numpy as np

from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.site import Read, Readings, Site
from vega_core.exchange.onnx.reading.values import Known, Value
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def renamed(op: Primitive, count: int = 1) -> Read:
    """Returns the reading of an operator without attributes that is ours as well."""

    def read(site: Site) -> Value:
        return site.emit(op, *site.values(count))

    return read


def numbered(kind: type[Primitive], **defaults: float) -> Read:
    """Returns the reading of an operator with attributes that are numbers and ours as well."""

    def read(site: Site) -> Value:
        (x,) = site.values(1)
        return site.emit(kind(**{name: site.number(name, d) for name, d in defaults.items()}), x)

    return read


def along(kind: type[Primitive]) -> Read:
    """Returns the reading of an operator along an axis, the last by default."""

    def read(site: Site) -> Value:
        (x,) = site.values(1)
        return site.emit(kind(axis=site.whole("axis", -1)), x)  # type: ignore[call-arg]

    return read


def chained(op: Primitive) -> Read:
    """Returns the reading of an operator of any number of inputs by one of two."""

    def read(site: Site) -> Value:
        return reduce(lambda a, b: site.emit(op, a, b), site.values(max(len(site.inputs), 1)))

    return read


def mean(site: Site) -> Value:
    """Reads the mean of several arrays."""
    total = chained(ops.Add())(site)
    assert not isinstance(total, tuple)  # noqa: S101 - for the type checker
    return site.emit(ops.Div(), total, site.constant(len(site.inputs), total.spec.dtype))


def power(site: Site) -> Value:
    """Reads Pow, whose exponent may be of another type."""
    base, exponent = site.values(2)
    if exponent.spec.dtype != base.spec.dtype:
        exponent = site.emit(ops.Cast(base.spec.dtype), exponent)
    return site.emit(ops.Pow(), base, exponent)


def gelu(site: Site) -> Value:
    """Reads Gelu."""
    approximate = site.text("approximate", "none")
    if approximate not in ("none", "tanh"):
        raise site.refuse("approximate", approximate)
    return site.emit(ops.Gelu("tanh" if approximate == "tanh" else "none"), *site.values(1))


def swish(site: Site) -> Value:
    """Reads Swish: x times the sigmoid of alpha x."""
    (x,), alpha = site.values(1), site.number("alpha", 1.0)
    if alpha == 1:
        return site.emit(ops.Swish(), x)
    inside = site.emit(ops.Mul(), x, site.constant(alpha, x.spec.dtype))
    return site.emit(ops.Mul(), x, site.emit(ops.Sigmoid(), inside))


def prelu(site: Site) -> Value:
    """Reads PRelu of one slope, or one a channel."""
    x, slope = site.values(2)
    shape, rank = slope.spec.shape, len(x.spec.shape)
    if slope.spec.per_sample == 1:
        return site.emit(ops.PRelu(shared=True), x, weight=site.emit(ops.Reshape((1,)), slope))
    channels = x.spec.shape[1] if rank > 1 else 0
    if ((1,) * (rank - len(shape)) + tuple(shape))[1:] != (channels, *(1,) * (rank - 2)):
        raise ModelError(f"PRelu of {x.spec} with slopes {slope.spec}: one a channel is read")
    return site.emit(ops.PRelu(), x, weight=site.emit(ops.Reshape((-1,)), slope))


def clip(site: Site) -> Value:
    """Reads Clip."""
    (x,) = site.values(1)
    low, high = site.scalar(1, "the lower bound"), site.scalar(2, "the upper bound")
    if x.spec.dtype.startswith("float"):  # no bound at all, as exporters write it
        top = float(np.finfo(x.spec.dtype).max)
        low = None if low is not None and low <= -top else low
        high = None if high is not None and high >= top else high
    if low is None and high is None:
        return x
    return site.emit(ops.Clip(low, high), x)


def cast(site: Site) -> Value:
    """Reads Cast."""
    (x,) = site.values(1)
    dtype = site.element_type(site.whole("to"))
    return x if dtype == x.spec.dtype else site.emit(ops.Cast(dtype), x)


def cast_like(site: Site) -> Value:
    """Reads CastLike."""
    x, like = site.values(2)
    same = like.spec.dtype == x.spec.dtype
    return x if same else site.emit(ops.Cast(like.spec.dtype), x)


def identity(site: Site) -> Value:
    """Reads Identity, which leaves a known array or a parameter what it is."""
    (x,) = site.values(1)
    return site.emit(ops.Identity(), x) if not isinstance(x, Known) else x


READINGS: Final[Readings] = {
    "Abs": renamed(ops.Abs()),
    "Add": renamed(ops.Add(), 2),
    "And": renamed(ops.And(), 2),
    "Cast": cast,
    "CastLike": cast_like,
    "Ceil": renamed(ops.Ceil()),
    "Celu": numbered(ops.Celu, alpha=1.0),
    "Clip": clip,
    "Cos": renamed(ops.Cos()),
    "Div": renamed(ops.Div(), 2),
    "Elu": numbered(ops.Elu, alpha=1.0),
    "Equal": renamed(ops.Equal(), 2),
    "Erf": renamed(ops.Erf()),
    "Exp": renamed(ops.Exp()),
    "Floor": renamed(ops.Floor()),
    "Gelu": gelu,
    "Greater": renamed(ops.Greater(), 2),
    "GreaterOrEqual": renamed(ops.GreaterOrEqual(), 2),
    "HardSigmoid": numbered(ops.HardSigmoid, alpha=0.2, beta=0.5),
    "HardSwish": renamed(ops.HardSwish()),
    "Identity": identity,
    "LeakyRelu": numbered(ops.LeakyRelu, alpha=0.01),
    "Less": renamed(ops.Less(), 2),
    "LessOrEqual": renamed(ops.LessOrEqual(), 2),
    "Log": renamed(ops.Log()),
    "LogSoftmax": along(ops.LogSoftmax),
    "Max": chained(ops.Max()),
    "Mean": mean,
    "Min": chained(ops.Min()),
    "Mish": renamed(ops.Mish()),
    "Mul": renamed(ops.Mul(), 2),
    "Neg": renamed(ops.Neg()),
    "Not": renamed(ops.Not()),
    "Or": renamed(ops.Or(), 2),
    "PRelu": prelu,
    "Pow": power,
    "Reciprocal": renamed(ops.Reciprocal()),
    "Relu": renamed(ops.Relu()),
    "Round": renamed(ops.Round()),
    "Selu": numbered(ops.Selu, alpha=1.67326319217681884765625, gamma=1.05070102214813232421875),
    "Sigmoid": renamed(ops.Sigmoid()),
    "Sign": renamed(ops.Sign()),
    "Sin": renamed(ops.Sin()),
    "Softmax": along(ops.Softmax),
    "Softplus": renamed(ops.Softplus()),
    "Softsign": renamed(ops.Softsign()),
    "Sqrt": renamed(ops.Sqrt()),
    "Sub": renamed(ops.Sub(), 2),
    "Sum": chained(ops.Add()),
    "Swish": swish,
    "Tanh": renamed(ops.Tanh()),
    "Where": renamed(ops.Where(), 3),
    "Xor": renamed(ops.Xor(), 2),
}
