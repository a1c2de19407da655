"""What the TensorFlow backend does, for one device and one set of options."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from vega_backend_tf.arrays import Placement
from vega_backend_tf.devices import found, has_bfloat16, plain, set_threads, tensorflow_name
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
    TrainSpec,
    check_reachable,
)
from vega_core.backend.devices import preferring
from vega_core.backend.own import identity
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
        self.devices: Sequence[Device] = preferring(found(), device, "TensorFlow", plain)
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
        what = *identity(graph), store.placement.device

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
        own = own_model(graph, params)
        return GraphModel(graph, params) if own is None else own

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
