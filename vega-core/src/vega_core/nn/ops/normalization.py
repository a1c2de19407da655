"""Normalization by statistics of the batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.initializers import ONES, ZEROS
from vega_core.nn.primitive import Call, Mode, ParameterSpec, Primitive
from vega_core.nn.shapes import TensorSpec, show


@dataclass(frozen=True)
class BatchNormalization(Primitive):
    """ONNX BatchNormalization (Ioffe and Szegedy, 2015), one definition for every backend.

    Input and output (N, C, *spatial). In training the batch's mean and *biased* variance
    normalize, and ``running = (1 - momentum) * running + momentum * batch`` with the *unbiased*
    variance; in evaluation the running statistics normalize. Parameters, all (C,): ``weight``,
    ``bias``, ``running_mean``, ``running_var``.

    Attributes:
        epsilon: Added to the variance.
        momentum: Share of the new value (PyTorch's sense; ONNX's is one minus it).
        mode: Fixed here, or None: as the graph runs.
    """

    epsilon: float = 1e-5
    momentum: float = 0.1
    mode: Mode | None = None

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        if len(x.shape) < 2 or x.shape[1] < 1:
            raise ShapeError(f"a batch normalization needs (N, C, ...), and got {show(x.shape)}")
        return (x,)

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        shape = (inputs[0].shape[1],)
        return {
            "weight": ParameterSpec(shape, ONES, "norm"),
            "bias": ParameterSpec(shape, ZEROS, "norm"),
            "running_mean": ParameterSpec(shape, ZEROS, "statistic"),
            "running_var": ParameterSpec(shape, ONES, "statistic"),
        }

    def in_mode(self, mode: Mode) -> BatchNormalization:
        return self if self.mode else replace(self, mode=mode)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        if self.mode == "train":
            mean, variance = x.mean(_but_channels(x)), x.var(_but_channels(x))
        else:
            mean, variance = call.params["running_mean"], call.params["running_var"]
        shape = (1, -1, *(1,) * (x.ndim - 2))
        scale = call.params["weight"] / np.sqrt(variance + self.epsilon)
        shift = call.params["bias"] - mean * scale
        return (x * scale.reshape(shape) + shift.reshape(shape),)

    def updates(self, call: Call) -> Mapping[str, Array]:
        if self.mode != "train":
            return {}
        (x,) = call.inputs
        axes, keep = _but_channels(x), 1 - self.momentum
        mean, variance = x.mean(axes), x.var(axes, ddof=1)
        return {
            "running_mean": keep * call.params["running_mean"] + self.momentum * mean,
            "running_var": keep * call.params["running_var"] + self.momentum * variance,
        }


def _but_channels(x: Array) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))
