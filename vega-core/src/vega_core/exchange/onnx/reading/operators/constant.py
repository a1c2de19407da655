"""Numbers that are part of the graph, and dropout, whose rate is."""

from __future__ import annotations

from typing import Final

import numpy as np

from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.site import Readings, Site
from vega_core.exchange.onnx.reading.values import Value
from vega_core.nn import ops


def constant(site: Site) -> Value:
    """Reads Constant, in any of the ways in which it is written."""
    if "value" in site.attributes:
        array = site.array(site.attributes["value"].t)
        return site.constant(array, array.dtype.name)
    for name, kind, dtype in (
        ("value_int", "i", "int64"),
        ("value_ints", "ints", "int64"),
        ("value_float", "f", "float32"),
        ("value_floats", "floats", "float32"),
    ):
        if name in site.attributes:
            return site.constant(np.asarray(getattr(site.attributes[name], kind)), dtype)
    raise ModelError(f"Constant of {', '.join(site.attributes) or 'nothing'} cannot be read")


def dropout(site: Site) -> Value:
    """Reads Dropout, which runs as the graph does, whatever the file says of training."""
    (x,) = site.values(1)
    site.alone()
    given = site.scalar(1, "the rate of a dropout")
    rate = 0.5 if given is None else float(f"{given:.6g}")
    if not 0 <= rate < 1:
        raise ModelError(f"Dropout of rate {rate}")
    return site.emit(ops.Dropout(), x, site.emitter.dropout_rate(site.name, rate))


READINGS: Final[Readings] = {"Constant": constant, "Dropout": dropout}
