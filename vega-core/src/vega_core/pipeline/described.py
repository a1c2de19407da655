"""Models that are described and not trained: their graphs and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from operator import index
from pathlib import Path
from typing import Any, Final, TypeAlias, final

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_core.nn.bits import Bits
from vega_core.nn.forms import label_of
from vega_core.nn.sources import GraphSource
from vega_core.nn.statistics import Statistics
from vega_core.plugins import Catalog

Specs: TypeAlias = Mapping[str, nn.TensorSpec]
Inputs: TypeAlias = "nn.TensorSpec | Sequence[int] | Mapping[str, nn.TensorSpec | Sequence[int]]"

DEFAULT_SHAPE: Final = (3, 224, 224)
"""Shape of one sample where nothing says another: a picture of ImageNet."""
DEFAULT_NAME: Final = "image"


@final
class DescribedModel:
    """A model as a description; its graphs and counts are remembered by input.

    Example:
        >>> from vega_core import describe_model
        >>> model = describe_model({"type": "MLP", "hidden": [32], "num_classes": 10})
        >>> model.stats((1, 8, 8)).params
        2410

    Attributes:
        description: Plain data from which the graph is built.
        origin: Where the description comes from, for people.
    """

    def __init__(
        self,
        description: Mapping[str, Any],
        catalog: Catalog,
        *,
        origin: str = "as described",
        inputs: Callable[[], Specs] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.description = nn.canonical(description)
        if (key := nn.auto_key(self.description)) is not None:
            raise ModelError(f"{key!r} is 'auto', and there is no dataset that says it")
        self.origin = origin
        self._catalog = catalog
        self._known = inputs
        self._folder = folder
        self._graphs: dict[tuple[tuple[str, nn.TensorSpec], ...], nn.Graph] = {}

    def __repr__(self) -> str:
        return f"<DescribedModel {self.kind}, {self.origin}>"

    @property
    def kind(self) -> str:
        """The network's type, or the names of its parts."""
        return label_of(self.description)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of what the description means, however it is written."""
        return nn.description_hash(self.description, self._catalog, folder=self._folder)

    @cached_property
    def inputs(self) -> Specs:
        """The network's inputs, as far as a dataset, a trained model or a file says them; or none.

        Raises:
            DataError: The data that say it are missing or damaged.
            ModelError: The description cannot be built.
        """
        if self._known is not None:
            return self._known()
        network = nn.build_network(self.description, self._catalog, folder=self._folder)
        return network.declared() if isinstance(network, GraphSource) else {}

    @property
    def inputs_from(self) -> str:
        """What says the inputs, where something does."""
        return "of the file" if self._known is None else "of the dataset"

    def graph(self, inputs: Inputs | None = None) -> nn.Graph:
        """Returns the graph for an input.

        Args:
            inputs: The shape of one sample, such as ``(3, 224, 224)``, or one by name where the
                network takes several; a `vega_core.nn.TensorSpec` says the element type as well.
                By default `inputs`, and 3x224x224 where nothing says them.

        Raises:
            ModelError: The description cannot be built.
            ShapeError: The network does not fit the input.
        """
        specs = self.specs(inputs)
        key = tuple(specs.items())
        if key not in self._graphs:
            self._graphs[key] = nn.build_graph(
                self.description, self._catalog, specs, folder=self._folder
            )
        return self._graphs[key]

    def stats(self, input: Inputs | None = None, bits: Bits | str | None = None) -> Statistics:  # noqa: A002
        """Counts the model for an input.

        Args:
            input: As for `graph`.
            bits: Bit widths, to count bit operations: `vega_core.nn.bits.Bits`, or text: ``w4a4``.

        Raises:
            ModelError: The description cannot be built, or the bits are none.
            ShapeError: The network does not fit the input.
        """
        statistics = self.graph(input).stats()
        return statistics if bits is None else statistics.with_bits(bits)

    def specs(self, inputs: Inputs | None = None) -> Specs:
        """Returns inputs as `graph` takes them, by name and with element types."""
        if inputs is None:
            return self.inputs or {DEFAULT_NAME: nn.batched(DEFAULT_SHAPE)}
        if isinstance(inputs, Mapping):
            return {name: _spec(value) for name, value in inputs.items()}
        return {DEFAULT_NAME: _spec(inputs)}


def _spec(value: nn.TensorSpec | Sequence[int]) -> nn.TensorSpec:
    if isinstance(value, nn.TensorSpec):
        return value
    try:
        sizes = tuple(map(index, value))
    except TypeError:
        sizes = ()
    if min(sizes, default=0) < 1:
        raise ShapeError(f"the shape of one sample is positive numbers, and got {value!r}")
    return nn.batched(sizes)
