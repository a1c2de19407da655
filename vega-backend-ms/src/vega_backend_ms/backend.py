"""The MindSpore backend and its options; MindSpore itself is imported when one is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from vega_core.arrays import Array
from vega_core.backend import (
    Backend,
    Device,
    Executable,
    Native,
    Outline,
    Params,
    ParamStore,
    Recipe,
    TrainSpec,
)
from vega_core.errors import ConfigError
from vega_core.nn import Graph, TensorSpec


class MindSporeBackend(Backend):
    """Lowers graphs to generated Python functions over MindSpore.

    Args:
        device: Where everything is computed: ``cpu``, ``Ascend`` (the first one), ``Ascend:1``,
            ``cuda:1``, or as MindSpore writes it (``GPU``). By default the first accelerator that
            this build of MindSpore has, or the CPU. One process computes on one device. Nothing
            but the CPU could be tried.
        threads: Threads of one operator on the CPU; by default what the worker was started with,
            its share of the cores. MindSpore takes it once in a process.
        compile: How graphs run. ``eager`` runs operator by operator. ``graph`` compiles each for
            the first batch size that it meets, in 1 to 5 s; other sizes, and graphs with choices or
            with operators of others, run eagerly. ``auto`` is ``eager``: on a CPU a compiled
            training step was no faster (ResNet-20). A prediction of one sample took a third of the
            time, so choose ``graph`` to serve.

    Raises:
        ConfigError: There is no such device; lists those that there are.
    """

    def __init__(
        self,
        *,
        device: str | None = None,
        threads: int | None = None,
        compile: Literal["auto", "graph", "eager"] = "auto",  # noqa: A002 - a key of YAML
    ) -> None:
        if threads is not None and threads < 1:
            raise ConfigError(f"general.backend.threads must be at least 1, not {threads}")
        # Not at the top: configurations are checked against this class without MindSpore.
        from vega_backend_ms.engine import Engine

        self._engine = Engine(device, threads, compile == "graph")

    @property
    def compiles(self) -> int:
        return self._engine.compiles

    def devices(self) -> Sequence[Device]:
        return self._engine.devices

    def store(self, params: Params, device: Device | None = None) -> ParamStore:
        return self._engine.store(params, device)

    def compile(
        self, graph: Graph, store: ParamStore, *, train: TrainSpec | None = None
    ) -> Executable:
        return self._engine.compile(graph, store, train)

    @classmethod
    def _outline(cls, recipe: Recipe, inputs: Mapping[str, TensorSpec]) -> Outline:
        from vega_backend_ms.outline import outline

        return outline(recipe, tuple(inputs.items()))

    def _native(self, graph: Graph, params: Params) -> Any:
        """Returns a `mindspore.nn.Cell` whose parameters have the graph's names."""
        return self._engine.native(graph, params)

    def _initial(self, op: Native, seed: int) -> Mapping[str, Array]:
        return self._engine.initial(op, seed)
