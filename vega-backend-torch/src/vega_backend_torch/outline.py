"""What a user's own `torch.nn.Module` looks like, found out by making one and running it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch

from vega_backend_torch.modules import Module, instance, outputs_of, try_out
from vega_core.backend import Outline, Recipe
from vega_core.backend.own import TRIED, Inputs, element_type, output_shapes
from vega_core.errors import ModelError
from vega_core.nn import ParameterSpec, TensorSpec
from vega_core.nn.primitive import Kind

_NORMS = (
    torch.nn.modules.batchnorm._NormBase,
    torch.nn.GroupNorm,
    torch.nn.LayerNorm,
    torch.nn.RMSNorm,
)
_TABLES = (torch.nn.Embedding, torch.nn.EmbeddingBag)


@lru_cache(maxsize=64)
def outline(recipe: Recipe, inputs: Inputs) -> Outline:
    """Finds out what a module looks like; the global random state stays as it was.

    Args:
        recipe: Makes the module.
        inputs: Name and specification of each input; one is passed by position.

    Raises:
        ModelError: It is no `torch.nn.Module`, cannot be made, fails on a batch of zeros, or has
            parameters or outputs that have no place in a graph.
    """
    module = instance(recipe, inputs, 0)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        tried = [outputs_of(recipe.name, try_out(recipe, module, inputs, size)) for size in TRIED]
    shapes = output_shapes(recipe.name, [{n: x.shape for n, x in one.items()} for one in tried])
    outputs = {
        name: TensorSpec(shape, _dtype(recipe, f"output {name!r}", tried[0][name].dtype))
        for name, shape in shapes.items()
    }
    return Outline(dict(_parameters(recipe, module)), outputs)


def _parameters(recipe: Recipe, module: Module) -> Iterator[tuple[str, ParameterSpec]]:
    """Yields every parameter and saved buffer once, also those that are shared."""
    saved, seen = module.state_dict(keep_vars=True), set[int]()
    kinds = {
        f"{path}.{name}" if path else name: _kind(inner, name, parameter)
        for path, inner in module.named_modules(remove_duplicate=False)
        for name, parameter in inner.named_parameters(recurse=False, remove_duplicate=False)
    }
    for name, tensor in saved.items():
        if not isinstance(tensor, torch.Tensor):
            raise ModelError(f"{recipe.name}: its state holds {name!r}, which is no tensor")
        if id(tensor) not in seen:
            seen.add(id(tensor))
            shape, dtype = tuple(tensor.shape), _dtype(recipe, f"{name!r}", tensor.dtype)
            yield name, ParameterSpec(shape, kind=kinds.get(name, "statistic"), dtype=dtype)


def _kind(module: Module, name: str, parameter: torch.nn.Parameter) -> Kind:
    if not parameter.requires_grad:
        return "constant"
    if isinstance(module, _NORMS):
        return "norm"
    if isinstance(module, _TABLES):
        return "embedding"
    return "bias" if name.startswith("bias") or name.endswith("bias") else "weight"


def _dtype(recipe: Recipe, what: str, dtype: torch.dtype) -> str:
    return element_type(recipe.name, what, str(dtype).removeprefix("torch."))
