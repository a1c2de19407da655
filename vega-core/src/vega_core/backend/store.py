"""Where parameters live while they are trained: named arrays on a device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from vega_core.arrays import Array
from vega_core.backend.optimizers import SlotForm
from vega_core.backend.state import Params, State, check_state
from vega_core.errors import ModelError, suggest
from vega_core.nn.graph import Graph
from vega_core.nn.shapes import Shape, show


class Gradients(ABC):
    """Gradients by parameter name, on the device; a parameter that nothing reached has none."""

    @property
    @abstractmethod
    def names(self) -> Sequence[str]:
        """Parameters that have a gradient."""

    @abstractmethod
    def __getitem__(self, name: str) -> Array:
        """Waits for a gradient and returns it."""

    @abstractmethod
    def __add__(self, other: Gradients) -> Gradients: ...

    @abstractmethod
    def __mul__(self, factor: float) -> Gradients: ...

    def __rmul__(self, factor: float) -> Gradients:
        return self * factor


class Snapshot(ABC):  # noqa: B024
    """A copy of a store on its device; only the store that made it can read it."""


class ParamStore(ABC):
    """Parameters, statistics and optimizer slots by name, which executables share.

    Made by `Backend.store`. Executables read and write it in place, so loading takes effect in
    those that exist.
    """

    def __init__(self) -> None:
        self._position = 0

    @property
    def position(self) -> int:
        """Training steps done: each `train_step` and `apply` of any executable counts one."""
        return self._position

    @property
    @abstractmethod
    def shapes(self) -> Mapping[str, tuple[Shape, str]]:
        """Shape and element type of each parameter and statistic."""

    @property
    @abstractmethod
    def slot_forms(self) -> Mapping[str, SlotForm]:
        """Form of each slot that there is, by ``<parameter>/<slot>``."""

    def export(self) -> State:
        """Waits for the device and returns a copy of everything."""
        parameters, slots = self._read()
        return State(parameters, slots, self._position)

    def load(self, state: State) -> None:
        """Takes a whole state, or nothing of it; slots that it lacks begin anew.

        Raises:
            StateError: A parameter is missing, left over, or of another shape or type, or a slot
                does not fit.
        """
        check_state(state, self.shapes, self.slot_forms)
        self._write(state)
        self._position = state.position

    def advance(self) -> None:
        """Counts a training step; called by executables."""
        self._position += 1

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """Returns a copy of everything that stays on the device."""

    @abstractmethod
    def restore(self, snapshot: Snapshot) -> None:
        """Takes back what `snapshot` copied."""

    @abstractmethod
    def add(self, gradients: Gradients, scale: float) -> None:
        """Adds ``scale`` times the gradients to their parameters, without any optimizer."""

    @abstractmethod
    def copy_from(self, other: ParamStore, names: Mapping[str, str]) -> None:
        """Copies parameters of another store of this backend.

        Args:
            other: The other store.
            names: The other's name by this store's name.

        Raises:
            StateError: A name does not exist, or shapes differ; nothing is copied then.
        """

    @abstractmethod
    def _read(self) -> tuple[Params, Params]:
        """Returns copies of the parameters, and of the slots by ``<parameter>/<slot>``."""

    @abstractmethod
    def _write(self, state: State) -> None:
        """Takes a state that has been checked."""


def check_parameters(graph: Graph, store: ParamStore) -> None:
    """Checks that a store holds a graph's parameters.

    Raises:
        ModelError: Names the first that is missing or of another shape.
    """
    for name, spec in graph.parameters.items():
        if name not in store.shapes:
            raise ModelError(f"the store has no parameter {name!r}{suggest(name, store.shapes)}")
        shape, _ = store.shapes[name]
        if shape != spec.shape:
            raise ModelError(
                f"parameter {name!r} is {show(shape)} in the store, {show(spec.shape)} in the graph"
            )
