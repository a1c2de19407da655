"""The PyTorch backend and its options; PyTorch itself is imported when one is made."""

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


class TorchBackend(Backend):
    """Lowers graphs to generated Python functions over PyTorch.

    Args:
        device: Where everything is computed, as PyTorch names it: ``cpu``, ``cuda`` (the first
            one), ``cuda:1``. By default the first GPU, or the CPU where there is none.
        threads: Threads of one operator on the CPU; by default what the worker was started with,
            its share of the cores.
        compile: Whether functions go through ``torch.compile``. ``auto`` runs them as they are:
            on a CPU compiled steps were no faster (ResNet-20), after 35 to 80 s of compilation.
            Graphs with choices are never compiled, since every choice would compile anew.
        channels_last: Whether arrays of pictures have their channels last in memory, which is
            faster for convolutions. Results agree up to rounding; dropout meets other elements.

    Raises:
        ConfigError: There is no such device; lists those that there are.
    """

    def __init__(
        self,
        *,
        device: str | None = None,
        threads: int | None = None,
        compile: bool | Literal["auto"] = "auto",  # noqa: A002 - the key of a configuration
        channels_last: bool = True,
    ) -> None:
        if threads is not None and threads < 1:
            raise ConfigError(f"general.backend.threads must be at least 1, not {threads}")
        # Not at the top: configurations are checked against this class without PyTorch.
        from vega_backend_torch.engine import Engine

        self._engine = Engine(device, threads, compile is True, channels_last)

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
        from vega_backend_torch.outline import outline

        return outline(recipe, tuple(inputs.items()))

    def _native(self, graph: Graph, params: Params) -> Any:
        """Returns a `torch.nn.Module` whose ``state_dict`` has the graph's names."""
        return self._engine.native(graph, params)

    def _initial(self, op: Native, seed: int) -> Mapping[str, Array]:
        return self._engine.initial(op, seed)
