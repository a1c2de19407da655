"""Lowerings that are one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Tensor


def call(function: Callable[..., Any]) -> Lowering:
    """Returns the lowering ``function(*inputs)``."""
    return lambda _, site: function(*site.inputs)


def flat(function: Callable[[Tensor], Tensor]) -> Lowering:
    """Returns the lowering of a function of one input whose gradient is 0, not missing."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def apart(x: Tensor) -> Any:
        return function(x), tf.zeros_like

    return lambda _, site: apart(site.inputs[0])
