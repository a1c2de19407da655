"""What a user's own `mindspore.nn.Cell` looks like, found out by making one and running it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import mindspore as ms
from mindspore import nn

from vega_backend_ms.modules import held, instance, outputs_of, seeded, try_out
from vega_core.backend import Outline, Recipe
from vega_core.backend.own import TRIED, Inputs, element_type, output_shapes
from vega_core.nn import ParameterSpec, TensorSpec
from vega_core.nn.primitive import Kind

_NORMS = (
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.GroupNorm,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
    nn.InstanceNorm3d,
    nn.LayerNorm,
)
_TABLES = (nn.Embedding, nn.EmbeddingLookup)
_MOVING: Final = ("moving_", "running_", "num_batches")
"""How names of MindSpore's own statistics begin, which nothing else tells from frozen weights."""


@lru_cache(maxsize=64)
def outline(recipe: Recipe, inputs: Inputs) -> Outline:
    """Finds out what a Cell looks like; the global random states stay as they were.

    Args:
        recipe: Makes the Cell.
        inputs: Name and specification of each input; one is passed by position.

    Raises:
        ModelError: It is no `mindspore.nn.Cell`, cannot be made, fails on a batch of zeros, or has
            parameters or outputs that have no place in a graph.
    """
    cell = instance(recipe, 0)
    parameters = dict(_parameters(recipe, cell))
    with seeded(0):
        tried = [outputs_of(recipe.name, try_out(recipe, cell, inputs, n)) for n in TRIED]
    shapes = output_shapes(recipe.name, [{n: x.shape for n, x in one.items()} for one in tried])
    outputs = {
        name: TensorSpec(shape, _dtype(recipe, f"output {name!r}", tried[0][name].dtype))
        for name, shape in shapes.items()
    }
    return Outline(parameters, outputs)


def _parameters(recipe: Recipe, cell: nn.Cell) -> Iterator[tuple[str, ParameterSpec]]:
    for name, inner, parameter in held(cell):
        dtype = _dtype(recipe, f"{name!r}", parameter.dtype)
        yield (
            name,
            ParameterSpec(tuple(parameter.shape), kind=_kind(inner, name, parameter), dtype=dtype),
        )


def _kind(cell: nn.Cell, path: str, parameter: Any) -> Kind:
    name = path.rpartition(".")[2]
    if name in cell._buffers:
        return "statistic"
    if not parameter.requires_grad:
        layer = type(cell).__module__.partition(".")[0] == "mindspore"
        return "constant" if layer and not name.startswith(_MOVING) else "statistic"
    if isinstance(cell, _NORMS):
        return "norm"
    if isinstance(cell, _TABLES):
        return "embedding"
    return "bias" if name.startswith("bias") or name.endswith("bias") else "weight"


def _dtype(recipe: Recipe, what: str, dtype: Any) -> str:
    name = ms.common.dtype.dtype_to_nptype(dtype).__name__
    return element_type(recipe.name, what, "bool" if name.startswith("bool") else name)
