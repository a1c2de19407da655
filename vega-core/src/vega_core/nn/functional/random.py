"""Functions that draw at random, anew at each step."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.tensor import Tensor


def random_uniform(like: Tensor, *shape: int) -> Tensor:
    """Returns draws from [0, 1).

    Args:
        like: A tensor (N, ...) that has the batch size.
        shape: Shape of the draws; -1 is the batch size.
    """
    return like.apply(ops.Random(shape, "uniform"))


def random_normal(like: Tensor, *shape: int) -> Tensor:
    """Returns draws of mean 0 and variance 1.

    Args:
        like: A tensor (N, ...) that has the batch size.
        shape: Shape of the draws; -1 is the batch size.
    """
    return like.apply(ops.Random(shape, "normal"))
