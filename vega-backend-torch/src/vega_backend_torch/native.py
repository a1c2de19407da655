"""A graph as a `torch.nn.Module` of its own, for code that knows nothing of Vega."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from vega_backend_torch.arrays import Placement
from vega_backend_torch.generate import generate
from vega_core.backend import Params
from vega_core.backend.batches import check_choices, resolve_controls
from vega_core.errors import ModelError
from vega_core.nn.choices import candidates
from vega_core.nn.graph import Graph
from vega_core.nn.keys import step_key


class GraphModule(torch.nn.Module):
    """Runs a graph; parameters and buffers have the graph's dotted names.

    ``forward`` takes the graph's inputs in order, or by name, and returns the output, or outputs by
    name where there are several. ``train()`` and ``eval()`` choose the mode, as everywhere.
    Controls (rates, masks, choices) are the entries of ``controls``, with their defaults at first;
    `torch.export` follows an evaluation and keeps the values that they have then.

    Args:
        graph: The graph.
        params: Every parameter and statistic by name; copied.

    Example:
        ```python
        module = backend.native(graph, params)
        module.controls["drop1.rate"] = 0.1
        scores = module.train()(images)
        ```
    """

    def __init__(self, graph: Graph, params: Params) -> None:
        super().__init__()
        statistics = [n for n, spec in graph.parameters.items() if spec.kind == "statistic"]
        self._programs = {
            True: generate(graph.in_mode("train"), moving=statistics),
            False: generate(graph.in_mode("eval")),
        }
        self._specs = graph.controls
        self._candidates = candidates(graph)
        self._given: dict[str, Any] = {n: one.default for n, one in graph.controls.items()}
        self._places: dict[str, tuple[torch.nn.Module, str]] = {}
        for name, spec in graph.parameters.items():
            try:
                place = _hold(self, name, torch.tensor(params[name]), spec.trained)
            except KeyError as error:
                raise ModelError(f"{name!r} fits into no torch.nn.Module: {error}") from error
            self._places[name] = place

    @property
    def controls(self) -> dict[str, Any]:
        """Value of each control by name, a number or an array; set an entry to change it."""
        return self._given

    def forward(self, *args: torch.Tensor, **kwargs: torch.Tensor) -> Any:
        """Runs the graph; dropout draws from PyTorch's own generator.

        Raises:
            TypeError: Inputs are missing, or left over.
            ModelError: A control does not exist, or has another shape or no such candidate.
        """
        program = self._programs[self.training]
        inputs = _inputs(program.inputs, args, kwargs)
        params = [getattr(*self._places[name]) for name in program.params]
        found = resolve_controls(self._specs, {}, self._given, 0)
        check_choices(self._candidates, found)
        placement = Placement((*params, *inputs)[0].device)
        controls = [placement.control(found.graph[name]) for name in program.controls]
        key = step_key(int(torch.randint(2**31, ())), 0) if self.training else 0
        outputs = program.run(params, inputs, controls, key)
        if len(outputs) == 1:
            return outputs[0]
        return dict(zip(program.outputs, outputs, strict=True))


def _inputs(
    names: Sequence[str], args: Sequence[torch.Tensor], kwargs: Mapping[str, torch.Tensor]
) -> list[torch.Tensor]:
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    if set(given) != set(names) or len(args) + len(kwargs) != len(names):
        raise TypeError(
            f"the network takes {', '.join(names)}, and was given {len(args)} by position"
            f"{''.join(f', {name}' for name in kwargs)}"
        )
    return [given[name] for name in names]


def _hold(
    module: torch.nn.Module, name: str, tensor: torch.Tensor, trained: bool
) -> tuple[torch.nn.Module, str]:
    """Puts a tensor under a dotted name; returns the module that has it and its name there."""
    *path, last = name.split(".")
    for part in path:
        module = _inside(module, part)
    if trained:
        module.register_parameter(last, torch.nn.Parameter(tensor))
    else:
        module.register_buffer(last, tensor)
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
