"""Update rules on tensors: TensorFlow's own kernels where they agree with the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import tensorflow as tf

from vega_core.backend import GRDA, SGD, Adam, AdamW, Optimizer, RMSprop

Tensors: TypeAlias = Mapping[str, Any]
Rates: TypeAlias = Mapping[str, Any]
"""Rates as numbers of float64, so that one minus a share loses nothing; a weight decay that is
None can be left out.
"""

Rule: TypeAlias = Callable[[Any, Any, Any, Tensors, Rates], tuple[Any, dict[str, Any]]]
"""``rule(optimizer, parameter, gradient, slots, rates)`` gives the parameter and the slots after
a step; see `vega_core.backend.Optimizer.update`.
"""

Kernel: TypeAlias = Callable[[Any, Any, Any, Tensors, Rates], None]
"""The same on variables, in place."""


def _sgd(optimizer: Any, param: Any, grad: Any, slots: Tensors, rates: Rates) -> Any:
    grad = _decayed(param, grad, rates)
    momentum = _as(param, rates["momentum"])
    velocity = momentum * slots["velocity"] + grad
    step = grad + momentum * velocity if optimizer.nesterov else velocity
    return param - _as(param, rates["lr"]) * step, {"velocity": velocity}


def _adam(_: Any, param: Any, grad: Any, slots: Tensors, rates: Rates) -> Any:
    return _adam_step(param, _decayed(param, grad, rates), slots, rates)


def _adamw(_: Any, param: Any, grad: Any, slots: Tensors, rates: Rates) -> Any:
    return _adam_step(_shrunk(param, rates), grad, slots, rates)


def _adam_step(param: Any, grad: Any, slots: Tensors, rates: Rates) -> Any:
    beta1, beta2, steps = rates["beta1"], rates["beta2"], slots["steps"] + 1
    mean = _as(param, beta1) * slots["exp_avg"] + _as(param, 1 - beta1) * grad
    square = _as(param, beta2) * slots["exp_avg_sq"] + _as(param, 1 - beta2) * grad * grad
    rate, root = _corrected(rates, steps)
    step = _as(param, rate) * mean / (tf.sqrt(square) / _as(param, root) + _as(param, rates["eps"]))
    return param - step, {"exp_avg": mean, "exp_avg_sq": square, "steps": steps}


def _rmsprop(_: Any, param: Any, grad: Any, slots: Tensors, rates: Rates) -> Any:
    grad, alpha = _decayed(param, grad, rates), rates["alpha"]
    square = _as(param, alpha) * slots["square_avg"] + _as(param, 1 - alpha) * grad * grad
    scaled = grad / (tf.sqrt(square) + _as(param, rates["eps"]))
    buffer = _as(param, rates["momentum"]) * slots["momentum_buffer"] + scaled
    after = param - _as(param, rates["lr"]) * buffer
    return after, {"square_avg": square, "momentum_buffer": buffer}


def _grda(_: Any, param: Any, grad: Any, slots: Tensors, rates: Rates) -> Any:
    lr, mu, steps = rates["lr"], rates["mu"], slots["steps"] + 1
    grad = _decayed(param, grad, rates)
    accumulator = slots["accumulator"] - _as(param, lr) * grad
    count = tf.cast(steps, tf.float64)
    growth = -tf.pow(count, mu) * tf.math.expm1(mu * tf.math.log1p(-1 / count))
    threshold = tf.cast(slots["threshold"], tf.float64) + rates["c"] * tf.pow(lr, 0.5 + mu) * growth
    left = tf.maximum(tf.abs(accumulator) - _as(param, threshold), 0)
    kept = {"accumulator": accumulator, "threshold": tf.cast(threshold, tf.float32), "steps": steps}
    return tf.sign(accumulator) * left, kept


def by_reference(optimizer: Optimizer, param: Any, grad: Any, slots: Tensors, rates: Rates) -> Any:
    """Updates through NumPy: right for any rule, and slow."""
    names, rate_names = list(slots), list(rates)

    def update(param: Any, grad: Any, values: Any, *kept: Any) -> list[Any]:
        after, made = optimizer.update(
            param,
            grad,
            {name: np.asarray(array) for name, array in zip(names, kept, strict=True)},
            dict(zip(rate_names, map(float, values), strict=True)),
        )
        types = [param.dtype, *(np.asarray(array).dtype for array in kept)]
        arrays = [after, *(made[name] for name in names)]
        return [np.asarray(a, dtype) for a, dtype in zip(arrays, types, strict=True)]

    kept = [slots[name] for name in names]
    none = tf.zeros((), tf.float64)
    numbers = [none if rates[name] is None else rates[name] for name in rate_names]
    after, *made = tf.numpy_function(
        update,
        [param, grad, tf.stack(numbers), *kept],
        [param.dtype, *(tensor.dtype for tensor in kept)],
    )
    return after, dict(zip(names, made, strict=True))


def _sgd_kernel(optimizer: Any, param: Any, grad: Any, slots: Tensors, rates: Rates) -> None:
    tf.raw_ops.ResourceApplyMomentum(
        var=param.handle,
        accum=slots["velocity"].handle,
        lr=_as(param, rates["lr"]),
        grad=_decayed(param, grad, rates),
        momentum=_as(param, rates["momentum"]),
        use_nesterov=optimizer.nesterov,
    )


def _adam_kernel(_: Any, param: Any, grad: Any, slots: Tensors, rates: Rates) -> None:
    _adam_in_place(param, _decayed(param, grad, rates), slots, rates)


def _adamw_kernel(_: Any, param: Any, grad: Any, slots: Tensors, rates: Rates) -> None:
    if rates["weight_decay"] is not None:
        param.assign(_shrunk(param, rates))
    _adam_in_place(param, grad, slots, rates)


def _adam_in_place(param: Any, grad: Any, slots: Tensors, rates: Rates) -> None:
    """Runs TensorFlow's Adam, whose epsilon is that of the paper's second form.

    The corrections are given to it as part of the rate and of epsilon, computed from the shares as
    it rounds them: it takes one minus a share in the parameter's type.
    """
    steps = slots["steps"].assign_add(1)
    shares = {name: tf.cast(_as(param, rates[name]), tf.float64) for name in ("beta1", "beta2")}
    rate, root = _corrected({**rates, **shares}, steps)
    nothing = tf.zeros((), param.dtype)
    tf.raw_ops.ResourceApplyAdam(
        var=param.handle,
        m=slots["exp_avg"].handle,
        v=slots["exp_avg_sq"].handle,
        beta1_power=nothing,
        beta2_power=nothing,
        lr=_as(param, rate * root),
        beta1=_as(param, rates["beta1"]),
        beta2=_as(param, rates["beta2"]),
        epsilon=_as(param, rates["eps"] * root),
        grad=grad,
    )


def _corrected(rates: Rates, steps: Any) -> tuple[Any, Any]:
    """Returns Adam's rate by the first correction, and the root of the second."""
    count = tf.cast(steps, tf.float64)
    first, second = (1 - tf.pow(rates[name], count) for name in ("beta1", "beta2"))
    return rates["lr"] / first, tf.sqrt(second)


def _decayed(param: Any, grad: Any, rates: Rates) -> Any:
    """Returns the gradient with the weight decay added, where there can be one."""
    decay = rates["weight_decay"]
    return grad if decay is None else grad + _as(param, decay) * param


def _shrunk(param: Any, rates: Rates) -> Any:
    """Returns the parameter after a weight decay apart from the gradient."""
    decay = rates["weight_decay"]
    return param if decay is None else param * _as(param, 1 - rates["lr"] * decay)


def _as(param: Any, rate: Any) -> Any:
    return tf.cast(rate, param.dtype)


RULES: Final[Mapping[type[Optimizer], Rule]] = MappingProxyType(
    {SGD: _sgd, Adam: _adam, AdamW: _adamw, RMSprop: _rmsprop, GRDA: _grda}
)
"""Rule by optimizer type; others go through their NumPy reference."""

KERNELS: Final[Mapping[type[Optimizer], Kernel]] = MappingProxyType(
    {SGD: _sgd_kernel, Adam: _adam_kernel, AdamW: _adamw_kernel}
)
"""TensorFlow's kernel by optimizer type, where it has one that agrees."""
