"""What a backend must provide."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from inspect import signature
from typing import Any, final

from vega_core.arrays import Array
from vega_core.backend.executable import Executable
from vega_core.backend.native import Native, NativeNetwork, Outline, Recipe
from vega_core.backend.state import Params, State, check_state
from vega_core.backend.store import ParamStore
from vega_core.backend.training import TrainSpec
from vega_core.errors import ModelError
from vega_core.nn.graph import Graph
from vega_core.nn.parameters import initial_parameters
from vega_core.nn.serial import canonical_json
from vega_core.nn.shapes import TensorSpec


@dataclass(frozen=True)
class Device:
    """A place to compute.

    Attributes:
        name: The framework's name of it: ``cpu``, ``cuda:0``, ``Ascend:0``.
        kind: ``cpu``, ``cuda`` or another family.
        memory_mb: Its memory, where known.
        description: The vendor's name of it, where known.
    """

    name: str
    kind: str
    memory_mb: float | None = None
    description: str = ""


class Backend(ABC):
    """A deep-learning framework: it lowers graphs and runs them, and knows nothing else.

    Component kind ``backend``. It is made without arguments, once a worker, and kept warm.
    """

    @property
    @abstractmethod
    def compiles(self) -> int:
        """Programs built so far. Controls never add one."""

    @abstractmethod
    def devices(self) -> Sequence[Device]:
        """Returns the devices, the one to prefer first."""

    @abstractmethod
    def store(self, params: Params, device: Device | None = None) -> ParamStore:
        """Returns a store with copies of parameters, on the preferred device by default."""

    @abstractmethod
    def compile(
        self, graph: Graph, store: ParamStore, *, train: TrainSpec | None = None
    ) -> Executable:
        """Returns a graph over a store, ready to run.

        Programs are kept by what decides them: at most the graph's hash, `TrainSpec.structure`, the
        batch's shapes and the device. So graphs that differ only in controls build one.

        Args:
            graph: What to run.
            store: Holds at least the graph's parameters; several executables may share it.
            train: What a training step does; None to predict only.

        Raises:
            ModelError: An operator has no lowering here, a parameter is not in the store, or the
                loss is no output.
        """

    @final
    def native(self, graph: Graph, params: Params) -> Any:
        """Returns the framework's own module under the graph's names, with copies of parameters.

        Args:
            graph: The graph.
            params: Every parameter and statistic by name; others are left out.

        Raises:
            StateError: One is missing, or of another shape or type.
        """
        own = {name: params[name] for name in graph.parameters if name in params}
        shapes = {name: (spec.shape, spec.dtype) for name, spec in graph.parameters.items()}
        check_state(State(own), shapes)
        return self._native(graph, own)

    @final
    @classmethod
    def network(cls, name: str, component: Any) -> Callable[..., NativeNetwork]:
        """Returns what makes a network of the arguments of a module of the framework's own.

        Args:
            name: What a configuration calls the module: ``torch:my_package.MyNet``.
            component: Its class, or a function that makes one.
        """

        def made(**arguments: Any) -> NativeNetwork:
            return NativeNetwork(Recipe(name, component, canonical_json(arguments)), cls._outline)

        made.__name__ = name
        with suppress(TypeError, ValueError):  # some classes have no signature
            made.__signature__ = signature(component)  # type: ignore[attr-defined]
        return made

    @final
    def initial_parameters(self, graph: Graph, seed: int) -> dict[str, Array]:
        """Returns every parameter and statistic of a graph as it begins.

        The core makes them, the same for all backends; a framework's own modules make theirs.

        Args:
            graph: The graph.
            seed: The trial's seed.
        """
        arrays: dict[str, Array] = dict(initial_parameters(graph, seed))
        for node in graph.nodes:
            if isinstance(node.op, Native):
                own = self._initial(node.op, seed)
                arrays |= {name: own[role] for role, name in node.params.items()}
        return arrays

    @abstractmethod
    def _native(self, graph: Graph, params: Params) -> Any:
        """Returns the framework's own module, given exactly the graph's parameters."""

    @classmethod
    def _outline(cls, recipe: Recipe, inputs: Mapping[str, TensorSpec]) -> Outline:  # noqa: ARG003
        """Finds out what a module looks like, by making one and running it; draws nothing.

        A backend that trains modules of its framework's own writes this and `_initial`.

        Raises:
            ModelError: It is no module of the framework, cannot be made, or fails.
        """
        raise ModelError(f"{recipe.name}: {cls.__name__} trains no modules of its framework's own")

    def _initial(self, op: Native, seed: int) -> Mapping[str, Array]:  # noqa: ARG002
        """Returns the parameters and buffers of a new module by role, drawn under a seed."""
        raise ModelError(f"{op.name}: {type(self).__name__} trains no modules of its own")
