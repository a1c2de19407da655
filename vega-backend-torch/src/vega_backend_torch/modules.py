"""A user's own `torch.nn.Module` as one node of a graph: made, run and given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from vega_backend_torch.arrays import to_numpy
from vega_core.arrays import Array
from vega_core.backend import Native, Params, Recipe
from vega_core.backend.own import (
    Inputs,
    alone,
    failed,
    inputs_of,
    named_outputs,
    ordered_outputs,
)
from vega_core.errors import ModelError
from vega_core.nn import Graph, TensorSpec
from vega_core.nn.shapes import with_batch

Module = torch.nn.Module


def instance(recipe: Recipe, inputs: Inputs, seed: int) -> Module:
    """Returns a new module, drawn under a seed; the global random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = recipe.make()
        if not isinstance(module, Module):
            raise ModelError(
                f"{recipe.name} made a {type(module).__name__}, which is no torch.nn.Module"
            )
        if any(map(torch.nn.parameter.is_lazy, module.parameters())):
            try_out(recipe, module, inputs, 2)  # now they have a shape
        return module


def try_out(recipe: Recipe, module: Module, inputs: Inputs, size: int) -> Any:
    """Runs a module in evaluation on a batch of zeros, and returns what it gives.

    Raises:
        ModelError: It fails; chains the cause.
    """
    tensors = {
        name: torch.zeros(with_batch(spec.shape, size), dtype=_torch(spec)) for name, spec in inputs
    }
    mode = module.training
    try:
        with torch.no_grad():
            module.eval()
            if len(tensors) == 1:
                return module(*tensors.values())
            return module(**tensors)
    except Exception as error:
        raise failed(recipe.name, inputs, size, error, error) from error
    finally:
        module.train(mode)


def outputs_of(name: str, result: Any) -> Mapping[str, torch.Tensor]:
    """Returns what a forward gave as tensors by name; see `named_outputs`."""
    return named_outputs(name, result, lambda value: isinstance(value, torch.Tensor))


def initial(op: Native, seed: int) -> Mapping[str, Array]:
    """Returns parameters and buffers as the module's own constructor makes them."""
    state = instance(op.recipe, inputs_of(op), seed).state_dict()
    return {name: to_numpy(state[name]) for name, *_ in op.weights}


def own_module(graph: Graph, params: Params) -> Module | None:
    """Returns the user's own module with parameters, where a graph is nothing but that."""
    found = alone(graph)
    if found is None:
        return None
    op, roles = found
    module = instance(op.recipe, inputs_of(op), 0)
    saved = {role: torch.tensor(params[name]) for role, name in roles.items()}
    module.load_state_dict(saved, strict=False)  # a shared tensor is named once
    return module


class Call:
    """Runs a module over parameters that are kept elsewhere.

    Buffers that it changes are changed in place, also where it puts new tensors in their stead.
    What it draws comes from PyTorch's generators, seeded by the node's key during the call.

    Args:
        op: The module, its mode fixed.
    """

    def __init__(self, op: Native) -> None:
        self._module = instance(op.recipe, inputs_of(op), 0).train(op.mode == "train")
        self._op, self._given = op, op.given

    def __call__(
        self, inputs: Sequence[torch.Tensor], params: Mapping[str, torch.Tensor], key: int
    ) -> Any:
        device = inputs[0].device
        self._module.to(device)  # buffers that are no part of the state; nothing the next time
        held = dict(params)
        args: tuple[torch.Tensor, ...] = () if self._given else tuple(inputs)
        named = dict(zip(self._given, inputs, strict=True)) if self._given else {}
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(key)
            result = torch.func.functional_call(self._module, held, args, named)
        moved = [name for name, tensor in params.items() if held[name] is not tensor]
        if moved:  # torch.export cannot follow an empty block
            with torch.no_grad():
                for name in moved:
                    params[name].copy_(held[name])
        outputs = ordered_outputs(self._op, outputs_of(self._op.name, result))
        return outputs if len(outputs) > 1 else outputs[0]


def _torch(spec: TensorSpec) -> torch.dtype:
    dtype: torch.dtype = getattr(torch, spec.dtype)
    return dtype
