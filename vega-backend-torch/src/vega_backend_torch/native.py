"""A graph as a `torch.nn.Module` of its own, for code that knows nothing of Vega."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from vega_backend_torch.generate import generate
from vega_core.backend import Params
from vega_core.errors import ModelError, StateError
from vega_core.nn.graph import Graph
from vega_core.nn.keys import step_key


class GraphModule(torch.nn.Module):
    """Runs a graph; parameters and buffers have the graph's dotted names.

    ``forward`` takes the graph's inputs in order, or by name, and returns the output, or outputs by
    name where there are several. ``train()`` and ``eval()`` choose the mode, as everywhere.

    Args:
        graph: The graph.
        params: Every parameter and statistic by name; copied.
    """

    def __init__(self, graph: Graph, params: Params) -> None:
        super().__init__()
        missing = sorted(set(graph.parameters) - set(params))
        if missing:
            raise StateError(f"parameters are missing: {missing}")
        statistics = [n for n, spec in graph.parameters.items() if spec.kind == "statistic"]
        self._programs = {
            True: generate(graph.in_mode("train"), statistics),
            False: generate(graph.in_mode("eval")),
        }
        self._defaults = tuple(graph.controls.values())
        self._places: list[tuple[torch.nn.Module, str]] = []
        for name in graph.parameters:
            try:
                place = _hold(self, name, torch.tensor(params[name]), name in statistics)
            except KeyError as error:
                raise ModelError(f"{name!r} fits into no torch.nn.Module: {error}") from error
            self._places.append(place)

    def forward(self, *args: torch.Tensor, **kwargs: torch.Tensor) -> Any:
        """Runs the graph; dropout draws from PyTorch's own generator."""
        program = self._programs[self.training]
        given: Mapping[str, torch.Tensor] = {
            **dict(zip(program.inputs, args, strict=False)),
            **kwargs,
        }
        params = [getattr(module, name) for module, name in self._places]
        key = step_key(int(torch.randint(2**31, ())), 0) if self.training else 0
        inputs = [given[name] for name in program.inputs]
        outputs = program.run(params, inputs, self._defaults, key)
        if len(outputs) == 1:
            return outputs[0]
        return dict(zip(program.outputs, outputs, strict=True))


def _hold(
    module: torch.nn.Module, name: str, tensor: torch.Tensor, statistic: bool
) -> tuple[torch.nn.Module, str]:
    """Puts a tensor under a dotted name; returns the module that has it and its name there."""
    *path, last = name.split(".")
    for part in path:
        module = _inside(module, part)
    if statistic:
        module.register_buffer(last, tensor)
    else:
        module.register_parameter(last, torch.nn.Parameter(tensor))
    return module, last


def _inside(module: torch.nn.Module, name: str) -> torch.nn.Module:
    """Returns a module's child, made where there is none.

    The table is used itself, because `add_module` refuses the names of methods, such as ``type``.
    """
    child = module._modules.get(name)
    if child is None:
        if name in vars(module):
            raise KeyError(f"attribute {name!r} is PyTorch's own")
        child = module._modules[name] = torch.nn.Module()
    return child
