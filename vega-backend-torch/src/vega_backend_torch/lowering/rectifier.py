"""Rectifiers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.calls import call
from vega_core.backend.writing import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def relu(op: ops.Relu, site: Site) -> str:  # noqa: ARG001
    """Lowers Relu, in place where that is free: a twentieth of a ResNet's training step."""
    return f"torch.relu{'_' if site.overwrites else ''}({site.inputs[0]})"


def selu(op: ops.Selu, site: Site) -> str:
    """Lowers Selu; PyTorch's own has the numbers of the paper with more digits."""
    return f"F.elu({site.inputs[0]}, {literal(op.alpha)}) * {literal(op.gamma)}"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Celu: call("F.celu", "alpha"),
    ops.Elu: call("F.elu", "alpha"),
    ops.LeakyRelu: call("F.leaky_relu", "alpha"),
    ops.PRelu: lambda _, site: f"F.prelu({site.inputs[0]}, {site.params['weight']})",
    ops.Relu: relu,
    ops.Selu: selu,
}
