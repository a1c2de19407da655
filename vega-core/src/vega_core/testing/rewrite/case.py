"""One rewrite to try, and the network that it is tried on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from vega_core import nn
from vega_core.nn.records import made
from vega_core.nn.sources import Loader
from vega_core.testing.compare import require


@dataclass(frozen=True)
class RewriteCase:
    """A rewrite and a network, small enough to run in NumPy.

    Attributes:
        name: What tests call it.
        rewrite: The rewrite, or its description: ``{"type": "Widen", "node": "fc", ...}``.
        network: The network that it changes.
        inputs: The shape of one sample, or the specification, by input name.
        preserves: Whether the network computes the same afterwards, in evaluation.

    Example:
        >>> from vega_core import nn
        >>> case = RewriteCase(
        ...     "fold", {"type": "FoldBatchNorm"}, nn.BatchNorm(name="norm"), {"x": (3, 4, 4)}, True
        ... )
        >>> str(case), len(case.graph().nodes)
        ('fold', 1)
    """

    name: str
    rewrite: nn.Rewrite | Mapping[str, Any]
    network: nn.Module
    inputs: Mapping[str, Sequence[int] | nn.TensorSpec]
    preserves: bool = False

    def __str__(self) -> str:
        return self.name

    def graph(self) -> nn.Graph:
        """Returns the network's graph."""
        specs = {
            name: given if isinstance(given, nn.TensorSpec) else nn.batched(given)
            for name, given in self.inputs.items()
        }
        return nn.trace(self.network, specs)

    def made(self, catalog: Loader) -> nn.Rewrite:
        """Returns the rewrite, made of its description where that is given."""
        if isinstance(self.rewrite, nn.Rewrite):
            return self.rewrite
        given = dict(self.rewrite)
        rewrite = made(catalog.load("rewrite", given.pop("type")), given)
        require(isinstance(rewrite, nn.Rewrite), f"{self}: {rewrite!r} is no vega_core.nn.Rewrite")
        found: nn.Rewrite = rewrite
        return found


def values_of(rewrite: nn.Rewrite) -> dict[str, Any]:
    """Returns the parameters of a rewrite as a description has them."""
    require(is_dataclass(rewrite), f"{type(rewrite).__name__} is no dataclass")
    own = [one.name for one in fields(rewrite) if one.metadata.get("configured", True)]  # type: ignore[arg-type]
    return {name: getattr(rewrite, name) for name in own}
