"""Operators that decide what is differentiated; choices are branches of the function itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_ms.lowering.calls import call
from vega_core.backend.writing import Lowering
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive

LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Parameter: lambda _, site: site.params["value"],
    ops.StopGradient: call("ops.stop_gradient"),
}
