"""One network to try, and the inputs that it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from vega_core import nn
from vega_core.arrays import Array
from vega_core.nn.overrides import Overrides
from vega_core.nn.shapes import with_batch
from vega_core.nn.sources import Loader
from vega_core.nn.tracing import Tracer
from vega_core.nn.values import is_plain


@dataclass(frozen=True)
class NetworkCase:
    """A network, small enough to be traced some hundred times and run in NumPy.

    Attributes:
        name: What tests call it.
        network: The network, or its description: ``{"type": "MyNet", "depth": 20}``.
        inputs: The shape of one sample, or the specification, by input name.
        integers: Inputs of integers are drawn from the first to before the second.

    Example:
        >>> from vega_core import nn
        >>> case = NetworkCase("linear", nn.Linear(3, name="fc"), {"x": (5,)})
        >>> str(case), case.specs["x"].shape
        ('linear', (-1, 5))
    """

    name: str
    network: nn.Module | Mapping[str, Any]
    inputs: Mapping[str, Sequence[int] | nn.TensorSpec]
    integers: tuple[int, int] = (0, 2)

    def __str__(self) -> str:
        return self.name

    @property
    def specs(self) -> dict[str, nn.TensorSpec]:
        """Specification of each input."""
        return {
            name: given if isinstance(given, nn.TensorSpec) else nn.batched(given)
            for name, given in self.inputs.items()
        }

    def described(self, catalog: Loader) -> tuple[Mapping[str, Any], Loader] | None:
        """Returns the network's description, and what knows the types that it names.

        None where the network is given as an object that holds more than plain values.

        Args:
            catalog: Knows the types of descriptions.
        """
        if isinstance(self.network, Mapping):
            return self.network, catalog
        cls = type(self.network)
        values = {f.name: getattr(self.network, f.name) for f in fields(cls) if f.name != "name"}
        if not all(map(is_plain, values.values())):
            return None
        return {"type": cls.__name__, **values}, _Only(cls)

    def graph(self, catalog: Loader, overrides: Mapping[str, Any] | None = None) -> nn.Graph:
        """Returns the network's graph, with some hyperparameters set by name."""
        if isinstance(self.network, nn.Module):
            return nn.trace(self.network, self.specs, overrides)
        own = {**self._overrides, **(overrides or {})}
        return nn.build_graph({**self.network, "overrides": own}, catalog, self.specs)

    def modules(self, catalog: Loader) -> dict[str, nn.Module]:
        """Returns every module by dotted name, with the overrides of a description."""
        network = self.network
        if not isinstance(network, nn.Module):
            network = nn.build_network(network, catalog)
        tracer = Tracer(overrides=Overrides(self._overrides))
        tensors = {name: tracer.input(name, spec) for name, spec in self.specs.items()}
        alone = len(tensors) == 1
        with tracer.active():
            tracer.run(network, tuple(tensors.values()) if alone else (), {} if alone else tensors)
        return {entered.path: entered.record for entered in tracer.entered.values()}

    @property
    def _overrides(self) -> Mapping[str, Any]:
        """What the description sets by name."""
        given = self.network.get("overrides") if isinstance(self.network, Mapping) else None
        return given or {}

    def batch(self, size: int, seed: int = 0) -> dict[str, Array]:
        """Returns random inputs."""
        rng = np.random.default_rng(seed)
        arrays: dict[str, Array] = {}
        for name, spec in self.specs.items():
            shape = with_batch(spec.shape, size)
            if spec.dtype.startswith("float"):
                arrays[name] = rng.standard_normal(shape).astype(spec.dtype)
            else:
                arrays[name] = rng.integers(*self.integers, shape).astype(spec.dtype)
        return arrays


@dataclass(frozen=True)
class _Only:
    """Knows one network."""

    network: type[nn.Module]

    def load(self, kind: str, name: str, /) -> Any:
        """Returns the network's class."""
        if (kind, name) != ("network", self.network.__name__):
            raise LookupError(f"no {kind} {name!r}")
        return self.network
