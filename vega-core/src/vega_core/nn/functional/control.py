"""What is given anew at each step, and what depends on the mode."""

from __future__ import annotations

from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current


def control(name: str, default: float) -> Tensor:
    """Returns a number that is given anew at each step: a rate, a weight, a temperature.

    It has the shape (). Its full name is ``<module path>.<name>``; changing it compiles nothing.

    Args:
        name: Name inside the calling module.
        default: What holds where a step does not give it.
    """
    return current().control(name, default)
