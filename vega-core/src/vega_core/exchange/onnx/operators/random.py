"""Operators that draw at random, which they no longer do in evaluation."""

from __future__ import annotations

from typing import Final

from vega_core.errors import ModelError
from vega_core.exchange.onnx.site import Forms, Site
from vega_core.nn import ops


def dropout(op: ops.Dropout, site: Site) -> None:
    """Writes what dropout is in evaluation, its input.

    Raises:
        ModelError: It is fixed to training.
    """
    if op.mode == "train":
        raise ModelError(
            "a dropout that is fixed to training draws at random in evaluation too, which cannot "
            "be checked; leave its mode open, or give the network its mask as an input"
        )
    site.result("Identity", site.inputs[0])


FORMS: Final[Forms] = {ops.Dropout: dropout}
