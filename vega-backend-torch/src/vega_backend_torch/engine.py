"""What the PyTorch backend does, for one device and one set of options."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any

import torch

from vega_backend_torch.arrays import Placement
from vega_backend_torch.compiled import compiled
from vega_backend_torch.devices import found, has_bfloat16
from vega_backend_torch.executable import TorchExecutable
from vega_backend_torch.foreign import check_lowered
from vega_backend_torch.generate import generate
from vega_backend_torch.modules import initial, own_module
from vega_backend_torch.native import GraphModule
from vega_backend_torch.store import TorchStore
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


class Engine:
    """Makes stores and executables, and keeps the programs.

    Args:
        device: Name of the device to prefer; None for the first.
        threads: Threads of PyTorch's operators; None leaves them.
        compiled: Whether programs go through ``torch.compile``.
        channels_last: Memory order of pictures.

    Attributes:
        devices: The devices, the preferred one first.
    """

    def __init__(
        self, device: str | None, threads: int | None, compiled: bool, channels_last: bool
    ) -> None:
        self.devices: Sequence[Device] = preferring(found(), device, "PyTorch")
        self._compiled = compiled
        self._channels_last = channels_last
        self._programs: dict[Hashable, Program] = {}
        if threads is not None:
            torch.set_num_threads(threads)

    @property
    def compiles(self) -> int:
        """Programs built so far."""
        return len(self._programs)

    def store(self, params: Params, device: Device | None) -> TorchStore:
        """Returns a store; see `vega_core.backend.Backend`."""
        place = torch.device((device or self.devices[0]).name)
        return TorchStore(params, Placement(place, self._channels_last))

    def compile(self, graph: Graph, store: ParamStore, train: TrainSpec | None) -> Executable:
        """Returns an executable; see `vega_core.backend.Backend`."""
        if not isinstance(store, TorchStore):
            raise ModelError(f"{type(store).__name__} is no store of the PyTorch backend")
        check_lowered(graph)
        own, device = identity(graph), str(store.placement.device)

        def training(train: TrainSpec) -> Program:
            _check_precision(train, store.placement.device)
            moving = train.moving(graph)
            # The text is a function of what moves alone; torch.compile looks at the others too.
            key = (own, "train", moving, train.trained(graph), train.precision, device)
            return self._program(key, lambda: _training(graph, moving))

        def prediction(present: frozenset[str]) -> Program:
            key = (own, "eval", present, device)
            return self._program(key, lambda: _prediction(graph, present))

        return TorchExecutable(graph, store, train, training, prediction)

    def native(self, graph: Graph, params: Params) -> Any:
        """Returns a `torch.nn.Module`; see `vega_core.backend.Backend`."""
        own = own_module(graph, params)
        return GraphModule(graph, params) if own is None else own

    def initial(self, op: Native, seed: int) -> Mapping[str, Array]:
        """Returns a module's own parameters; see `vega_core.backend.Backend`."""
        return initial(op, seed)

    def _program(self, key: Hashable, build: Callable[[], Program]) -> Program:
        if key not in self._programs:
            program = build()
            if self._compiled and not program.chooses:
                program = compiled(program)
            self._programs[key] = program
        return self._programs[key]


def _training(graph: Graph, moving: Collection[str]) -> Program:
    trained = graph.in_mode("train")
    return generate(trained, moving=moving, by_row=looked_up(trained))


def _prediction(graph: Graph, present: frozenset[str]) -> Program:
    part = graph.in_mode("eval").restricted(present)
    check_reachable(graph, part, sorted(present))
    return generate(part)


def _check_precision(train: TrainSpec, device: torch.device) -> None:
    if train.precision == "bfloat16" and not has_bfloat16(device):
        name = torch.cuda.get_device_name(device)
        raise ModelError(
            f"{device} ({name}) does not compute in bfloat16; train with precision: float32"
        )
