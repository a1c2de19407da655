"""Where parameters live while they are trained: named arrays on a device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from vega_core.arrays import Array
from vega_core.backend.slots import SlotForm, stored
from vega_core.backend.state import Params, State, check_state
from vega_core.errors import ModelError, StateError, suggest
from vega_core.nn.graph import Graph
from vega_core.nn.shapes import Shape, TensorSpec, show


class Gradients(ABC):
    """Gradients by parameter name, on the device; a parameter that nothing reached has none.

    That of a table of which the step changes only some rows (`vega_core.backend.rows`) knows which
    rows the batch looked up; a sum knows those of both.
    """

    @property
    def names(self) -> Sequence[str]:
        """Parameters that have a gradient."""
        return tuple(self.shapes)

    @property
    @abstractmethod
    def shapes(self) -> Mapping[str, Shape]:
        """Shape of each gradient; that of a table has all of its rows."""

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
        self._forms: dict[str, SlotForm] = {}

    @property
    def position(self) -> int:
        """Training steps done: each `train_step` and `apply` of any executable counts one."""
        return self._position

    @property
    @abstractmethod
    def shapes(self) -> Mapping[str, tuple[Shape, str]]:
        """Shape and element type of each parameter and statistic."""

    @property
    def slot_forms(self) -> Mapping[str, SlotForm]:
        """Form of each slot that there is, by ``<parameter>/<slot>``."""
        return self._forms

    def export(self) -> State:
        """Waits for the device and returns a copy of everything."""
        parameters, slots = self._read()
        return State(parameters, slots, self._position)

    def load(self, state: State) -> None:
        """Takes a whole state, or nothing of it; slots that it lacks begin anew.

        A slot of the form ``copy`` then begins as the parameter that is loaded.

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
        """Takes back what `snapshot` copied.

        Raises:
            StateError: It is of another store; nothing is changed then.
        """

    def add(self, gradients: Gradients, scale: float) -> None:
        """Adds ``scale`` times the gradients to their parameters, without any optimizer.

        Raises:
            ModelError: One is of a parameter that is not there, or has another shape; nothing is
                changed then.
        """
        check_gradients(gradients, self.shapes)
        self._add(gradients, scale)

    def copy_from(self, other: ParamStore, names: Mapping[str, str]) -> None:
        """Copies parameters of a store of this backend; slots that are copies begin anew.

        Args:
            other: The other store, or this one: all is read before anything is written.
            names: The other's name by this store's name.

        Raises:
            StateError: A name does not exist, or shapes or element types differ; nothing is copied
                then.
        """
        for own, theirs in names.items():
            for name, store in ((own, self), (theirs, other)):
                if name not in store.shapes:
                    raise StateError(f"no parameter {name!r}{suggest(name, store.shapes)}")
            one, two = TensorSpec(*self.shapes[own]), TensorSpec(*other.shapes[theirs])
            if one != two:
                raise StateError(f"{own!r} is {one}, and {theirs!r} of the other store {two}")
        self._copy(other, names)

    def _claim(self, name: str, slot: str, form: SlotForm) -> str:
        """Notes the form of a slot that an executable uses, and returns its key.

        Raises:
            StateError: It is there in a form that is stored otherwise.
        """
        key = f"{name}/{slot}"
        known = self._forms.get(key, form)
        if stored(known, *self.shapes[name]) != stored(form, *self.shapes[name]):
            raise StateError(f"slot {key!r} is there as a {known}, and an optimizer keeps a {form}")
        self._forms[key] = form
        return key

    @abstractmethod
    def _add(self, gradients: Gradients, scale: float) -> None:
        """Adds gradients whose names and shapes have been checked.

        Raises:
            ModelError: They are another backend's.
        """

    @abstractmethod
    def _copy(self, other: ParamStore, names: Mapping[str, str]) -> None:
        """Copies what has been checked, all read before anything is written.

        Slots of the form ``copy`` of what is written begin anew.

        Raises:
            StateError: The store is another backend's.
        """

    @abstractmethod
    def _read(self) -> tuple[Params, Params]:
        """Returns copies of the parameters, and of the slots by ``<parameter>/<slot>``."""

    @abstractmethod
    def _write(self, state: State) -> None:
        """Takes a state that has been checked."""


def check_gradients(gradients: Gradients, shapes: Mapping[str, tuple[Shape, str]]) -> None:
    """Checks that gradients are of parameters of a store.

    Args:
        gradients: The gradients.
        shapes: Shape and element type of each parameter of the store.

    Raises:
        ModelError: Names the first that is of no parameter, or has another shape.
    """
    for name, shape in gradients.shapes.items():
        if name not in shapes:
            raise ModelError(f"there is a gradient of no parameter {name!r}{suggest(name, shapes)}")
        if shape != shapes[name][0]:
            raise ModelError(f"{name!r} is {show(shapes[name][0])}, and its gradient {show(shape)}")


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
