"""The PyTorch backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from vega_backend_torch.executable import TorchExecutable
from vega_backend_torch.generate import Program, generate
from vega_backend_torch.native import GraphModule
from vega_backend_torch.store import TorchStore
from vega_core.backend import (
    Backend,
    Device,
    Executable,
    Params,
    ParamStore,
    TrainSpec,
    check_reachable,
)
from vega_core.errors import ModelError
from vega_core.nn.graph import Graph


class TorchBackend(Backend):
    """Lowers graphs to generated Python functions over PyTorch, run eagerly.

    Activations of pictures keep their channels last in memory. The number of threads is PyTorch's
    own, which it takes from ``OMP_NUM_THREADS`` when it is imported.
    """

    def __init__(self) -> None:
        self._programs: dict[tuple[str, ...], Program] = {}

    @property
    def compiles(self) -> int:
        return len(self._programs)

    def devices(self) -> Sequence[Device]:
        found = []
        for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
            properties = torch.cuda.get_device_properties(index)
            memory = properties.total_memory / 2**20
            found.append(Device(f"cuda:{index}", "cuda", memory, properties.name))
        return (*found, Device("cpu", "cpu"))

    def store(self, params: Params, device: Device | None = None) -> TorchStore:
        return TorchStore(params, torch.device((device or self.devices()[0]).name))

    def compile(
        self, graph: Graph, store: ParamStore, *, train: TrainSpec | None = None
    ) -> Executable:
        if not isinstance(store, TorchStore):
            raise ModelError(f"{type(store).__name__} is no store of the PyTorch backend")
        device = str(store.device)
        training = None
        if train is not None:
            train.check(graph)
            moving = train.moving(graph)
            training = self._program(
                (graph.hash, train.structure(), device),
                lambda: generate(graph.in_mode("train"), moving),
            )

        def prediction(present: frozenset[str]) -> Program:
            part = graph.in_mode("eval").restricted(present)
            check_reachable(graph, part, sorted(present))
            return self._program((graph.hash, *sorted(present), device), lambda: generate(part))

        return TorchExecutable(graph, store, train, training, prediction)

    def native(self, graph: Graph, params: Params) -> Any:
        """Returns a `torch.nn.Module` whose ``state_dict`` has the graph's names."""
        return GraphModule(graph, params)

    def _program(self, key: tuple[str, ...], build: Callable[[], Program]) -> Program:
        if key not in self._programs:
            self._programs[key] = build()
        return self._programs[key]
