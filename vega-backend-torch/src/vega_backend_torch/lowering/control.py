"""Operators that decide what is differentiated; choices are branches of the function itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.site import Lowering
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def no_candidate(control: str, number: int, count: int) -> ModelError:
    """Returns the error of a choice that is out of range."""
    return ModelError(f"choice {control!r} has the candidates 0 to {count - 1}, and got {number}")


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Parameter: lambda _, site: site.params["value"],
    ops.StopGradient: lambda _, site: f"{site.inputs[0]}.detach()",
}
