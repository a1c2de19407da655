"""What the TensorFlow backend does, for one device and one set of options."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from vega_backend_tf.arrays import Placement
from vega_backend_tf.devices import has_bfloat16, preferring, set_threads, tensorflow_name
from vega_backend_tf.executable import Runner, TensorFlowExecutable
from vega_backend_tf.foreign import check_lowered
from vega_backend_tf.modes import Option
from vega_backend_tf.modules import initial, own_model
from vega_backend_tf.native import GraphModel
from vega_backend_tf.programs import Programs
from vega_backend_tf.segmented import Segmented
from vega_backend_tf.specialised import Specialised
from vega_backend_tf.store import TensorFlowStore
from vega_backend_tf.whole import Whole
from vega_core.arrays import Array
from vega_core.backend import (
    Device,
    Executable,
    Native,
    Params,
    ParamStore,
    State,
    TrainSpec,
    check_reachable,
    check_state,
)
from vega_core.errors import ModelError
from vega_core.nn import Graph
from vega_core.nn.choices import candidates

Key: TypeAlias = tuple[Hashable, ...]


class Engine:
    """Makes stores and executables, and keeps the programs.

    Args:
        device: Name of the device to prefer; None for the first.
        threads: Threads of TensorFlow's operators; None leaves them.
        option: How graphs run.

    Attributes:
        devices: The devices, the preferred one first.
    """

    def __init__(self, device: str | None, threads: int | None, option: Option) -> None:
        if threads is not None:
            set_threads(threads)
        self.devices: Sequence[Device] = preferring(device)
        self._programs = Programs(option)

    @property
    def compiles(self) -> int:
        """Programs built so far."""
        return self._programs.compiles

    def store(self, params: Params, device: Device | None) -> TensorFlowStore:
        """Returns a store; see `vega_core.backend.Backend`."""
        return TensorFlowStore(params, Placement(tensorflow_name(device or self.devices[0])))

    def compile(self, graph: Graph, store: ParamStore, train: TrainSpec | None) -> Executable:
        """Returns an executable; see `vega_core.backend.Backend`."""
        if not isinstance(store, TensorFlowStore):
            raise ModelError(f"{type(store).__name__} is no store of the TensorFlow backend")
        check_lowered(graph)
        what = *_identity(graph), store.placement.device

        def training(train: TrainSpec) -> Runner:
            self._check_precision(train, store.placement.device)
            return self._runner(graph, train, store, (*what, train.structure()))

        def prediction(present: frozenset[str]) -> Runner:
            part = graph.in_mode("eval").restricted(present)
            check_reachable(graph, part, sorted(present))
            return self._runner(part, None, store, (*what, *sorted(present)))

        return TensorFlowExecutable(graph, store, train, self._programs, training, prediction)

    def native(self, graph: Graph, params: Params) -> Any:
        """Returns a `keras.Model`; see `vega_core.backend.Backend`."""
        params = {name: params[name] for name in graph.parameters if name in params}
        shapes = {name: (spec.shape, spec.dtype) for name, spec in graph.parameters.items()}
        check_state(State(params), shapes)
        return own_model(graph, params) or GraphModel(graph, params)

    def initial(self, op: Native, seed: int) -> Mapping[str, Array]:
        """Returns the weights of a new model; see `vega_core.backend.Backend`."""
        return initial(op, seed)

    def _runner(
        self, graph: Graph, train: TrainSpec | None, store: TensorFlowStore, key: Key
    ) -> Runner:
        programs = self._programs
        if not candidates(graph):
            return Whole(graph, train, store, programs, key)
        if programs.option == "eager":
            return Specialised(graph, train, store, programs, key)
        with store.placement.scope():
            return Segmented(graph, train, store, programs)

    def _check_precision(self, train: TrainSpec, place: str) -> None:
        device = next(one for one in self.devices if tensorflow_name(one) == place)
        if train.precision == "bfloat16" and not has_bfloat16(device):
            raise ModelError(
                f"{device.name} ({device.description}) does not compute in bfloat16; train with "
                "precision: float32"
            )


def _identity(graph: Graph) -> Key:
    """Returns what is equal for graphs of one program.

    The hash of a user's own model is of its name; a class that was defined anew is another.
    """
    models = (node.op.recipe.component for node in graph.nodes if isinstance(node.op, Native))
    return (graph.hash, *models)
