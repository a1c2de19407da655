"""The TensorFlow backend and its options; TensorFlow itself is imported when one is made."""

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


class TensorFlowBackend(Backend):
    """Lowers graphs to TensorFlow functions, in which pictures have their channels last.

    Args:
        device: Where everything is computed: ``cpu``, ``cuda`` (the first GPU), ``cuda:1``, or a
            name as TensorFlow writes it (``GPU:1``). By default the first GPU, or the CPU where
            there is none.
        threads: Threads of one operator on the CPU; by default what the worker was started with,
            its share of the cores. TensorFlow takes it once in a process.
        compile: How graphs run. ``graph`` traces each once a batch size; ``xla`` compiles them
            too; ``eager`` runs operator by operator, which begins at once and is slow. ``auto`` is
            ``graph``: to trace a ResNet-20 takes a second, which ten of its steps earn back, and a
            run that went from one to the other would not resume to the same bytes. On a CPU XLA
            was slower, by half for a ResNet-20 and many times for depthwise convolutions, after
            five times the time to begin; on a GPU nothing has been measured. Graphs with choices
            run in traced segments, or eagerly.

    Raises:
        ConfigError: There is no such device; lists those that there are.
    """

    def __init__(
        self,
        *,
        device: str | None = None,
        threads: int | None = None,
        compile: Literal["auto", "xla", "graph", "eager"] = "auto",  # noqa: A002 - a key of YAML
    ) -> None:
        if threads is not None and threads < 1:
            raise ConfigError(f"general.backend.threads must be at least 1, not {threads}")
        # Not at the top: configurations are checked against this class without TensorFlow.
        from vega_backend_tf.engine import Engine

        self._engine = Engine(device, threads, compile)

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
        from vega_backend_tf.outline import outline

        return outline(recipe, tuple(inputs.items()))

    def _native(self, graph: Graph, params: Params) -> Any:
        """Returns a `keras.Model` whose weights have the graph's names."""
        return self._engine.native(graph, params)

    def _initial(self, op: Native, seed: int) -> Mapping[str, Array]:
        return self._engine.initial(op, seed)
