"""Operators that decide what is differentiated; what is computed is decided before."""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.site import Forms, Site, renamed
from vega_core.nn import ops


def parameter(_: ops.Parameter, site: Site) -> None:
    """Writes a parameter as a value."""
    site.result("Identity", site.params["value"])


FORMS: Final[Forms] = {
    ops.Parameter: parameter,
    ops.StopGradient: renamed("Identity"),
}
