"""What the MindSpore backend does, for one device and one set of options."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from vega_backend_ms.active import active, with_rows
from vega_backend_ms.compiled import Compiled
from vega_backend_ms.compiled_prediction import CompiledPrediction
from vega_backend_ms.compiled_step import CompiledStep
from vega_backend_ms.devices import found, plain, set_threads, use
from vega_backend_ms.executable import MindSporeExecutable
from vega_backend_ms.foreign import check_lowered
from vega_backend_ms.forms import Forms
from vega_backend_ms.generate import generate
from vega_backend_ms.lower import ELSEWHERE, NAMESPACE
from vega_backend_ms.modules import initial, own_module
from vega_backend_ms.native import GraphCell
from vega_backend_ms.source import compilable
from vega_backend_ms.store import MindSporeStore
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
from vega_core.backend.rows import looked_up
from vega_core.backend.writing import Program
from vega_core.errors import ModelError
from vega_core.nn import Graph

Built = TypeVar("Built", Program, Compiled)


class Engine:
    """Makes stores and executables, and keeps the programs.

    Args:
        device: Name of the device to prefer; None for the first.
        threads: Threads of MindSpore's operators on the CPU; None for what the environment says.
        compiled: Whether graphs run in graph mode.

    Attributes:
        devices: The devices, the preferred one first.
    """

    def __init__(self, device: str | None, threads: int | None, compiled: bool) -> None:
        self.devices: Sequence[Device] = preferring(found(), device, "MindSpore", plain)
        use(self.devices[0])
        set_threads(threads)
        self._compiled = compiled
        elsewhere = {} if self.devices[0].kind == "cpu" else ELSEWHERE
        self._namespace = {**NAMESPACE, **elsewhere}
        self._programs: dict[Hashable, Any] = {}

    @property
    def compiles(self) -> int:
        """Programs built so far."""
        return len(self._programs)

    def store(self, params: Params, device: Device | None) -> MindSporeStore:
        """Returns a store; see `vega_core.backend.Backend`.

        Raises:
            ModelError: The process computes on another device.
        """
        own = self.devices[0]
        if device is not None and device != own:
            raise ModelError(
                f"MindSpore computes on one device a process, here {own.name}, and not on "
                f"{device.name}"
            )
        return MindSporeStore(params, own)

    def compile(self, graph: Graph, store: ParamStore, train: TrainSpec | None) -> Executable:
        """Returns an executable; see `vega_core.backend.Backend`."""
        if not isinstance(store, MindSporeStore):
            raise ModelError(f"{type(store).__name__} is no store of the MindSpore backend")
        check_lowered(graph)
        own = identity(graph)

        def training(train: TrainSpec) -> Forms:
            _check_precision(train, store.device)
            return self._training(graph, train, own)

        def prediction(present: frozenset[str]) -> Forms:
            return self._prediction(graph, present, own)

        return MindSporeExecutable(graph, store, train, training, prediction)

    def native(self, graph: Graph, params: Params) -> Any:
        """Returns a `mindspore.nn.Cell`; see `vega_core.backend.Backend`."""
        own = own_module(graph, params)
        return GraphCell(graph, params) if own is None else own

    def initial(self, op: Native, seed: int) -> Mapping[str, Array]:
        """Returns a module's own parameters; see `vega_core.backend.Backend`."""
        return initial(op, seed)

    def _training(self, graph: Graph, train: TrainSpec, own: Hashable) -> Forms:
        moving, trained = train.moving(graph), with_rows(graph.in_mode("train"))
        key = (own, "train", moving)

        def eager() -> Program:
            by_row = looked_up(trained)
            return self._built(key, lambda: generate(trained, moving, by_row, self._namespace))

        if not self._compiled or not compilable(trained):
            return Forms(trained, eager)
        names = active(trained, train, {}).names
        losses = tuple(train.losses)
        if not names:
            return Forms(trained, eager)

        def compiled() -> Compiled:
            return self._built(
                (key, "graph", names, losses),
                lambda: CompiledStep(trained, moving, losses, names, self._namespace),
            )

        return Forms(trained, eager, compiled)

    def _prediction(self, graph: Graph, present: frozenset[str], own: Hashable) -> Forms:
        part, key = graph.in_mode("eval").restricted(present), (own, "eval", present)
        check_reachable(graph, part, sorted(present))

        def eager() -> Program:
            return self._built(key, lambda: generate(part, namespace=self._namespace))

        def compiled() -> Compiled:
            return self._built((key, "graph"), lambda: CompiledPrediction(part, self._namespace))

        return Forms(part, eager, compiled if self._compiled and compilable(part) else None)

    def _built(self, key: Hashable, build: Callable[[], Built]) -> Built:
        if key not in self._programs:
            self._programs[key] = build()
        program: Built = self._programs[key]
        return program


def _check_precision(train: TrainSpec, device: Device) -> None:
    if train.precision == "bfloat16":
        raise ModelError(
            f"MindSpore does not train in bfloat16 on {device.name}; train with precision: float32"
        )
