"""A user's own `mindspore.nn.Cell` as one node of a graph: made, run and given back."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import mindspore as ms
import numpy as np
from mindspore import nn

from vega_backend_ms.arrays import Tensor, take, to_numpy
from vega_backend_ms.lowering.random import masked
from vega_core.arrays import Array
from vega_core.backend import Native, Params, Recipe
from vega_core.errors import ModelError
from vega_core.nn import Graph, TensorSpec
from vega_core.nn.keys import combined
from vega_core.nn.shapes import with_batch

Inputs = tuple[tuple[str, TensorSpec], ...]
"""Name and specification of each input of a Cell; one is passed by position."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seeds what Cells draw from, and leaves the global random states as they were."""
    kept, state, before = np.random.get_state(), random.getstate(), ms.get_rng_state()  # noqa: NPY002
    global_seed = ms.get_seed()
    ms.set_seed(seed % 2**31)  # NumPy's and Python's too, from which initializers draw
    ms.manual_seed(seed % 2**31)
    try:
        yield
    finally:
        ms.set_seed(global_seed if global_seed is not None else 0)
        np.random.set_state(kept)  # noqa: NPY002
        random.setstate(state)
        ms.set_rng_state(before)


def instance(recipe: Recipe, seed: int) -> nn.Cell:
    """Returns a new Cell, drawn under a seed; the global random states stay as they were."""
    with seeded(seed):
        cell = recipe.make()
        if not isinstance(cell, nn.Cell):
            raise ModelError(
                f"{recipe.name} made a {type(cell).__name__}, which is no mindspore.nn.Cell"
            )
        cell.init_parameters_data()
        return cell


def try_out(recipe: Recipe, cell: nn.Cell, inputs: Inputs, size: int) -> Any:
    """Runs a Cell in evaluation on a batch of zeros, and returns what it gives.

    Raises:
        ModelError: It fails; chains the cause.
    """
    tensors = {
        name: take(np.zeros(with_batch(spec.shape, size), spec.dtype)) for name, spec in inputs
    }
    try:
        cell.set_train(False)
        result = cell(*tensors.values()) if len(tensors) == 1 else cell(**tensors)
        ms.runtime.synchronize()
    except Exception as error:
        shapes = ", ".join(f"{name} {spec}".strip() for name, spec in inputs)
        first = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"{recipe.name} fails on a batch of {size} ({shapes}): {type(error).__name__}: {first}"
        ) from error
    return result


def named_outputs(name: str, result: Any) -> Mapping[str, Tensor]:
    """Returns what ``construct`` gave as tensors by name; what is None is left out.

    Raises:
        ModelError: It is something else.
    """
    outputs = {"output": result} if isinstance(result, ms.Tensor) else result
    if isinstance(outputs, Mapping):
        given = {key: value for key, value in outputs.items() if value is not None}
        if all(isinstance(value, ms.Tensor) for value in given.values()):
            return given
    raise ModelError(f"{name} gives {type(result).__name__}: expected a tensor, or tensors by name")


def initial(op: Native, seed: int) -> Mapping[str, Array]:
    """Returns parameters as the Cell's own constructor makes them."""
    found = {name: parameter for name, _, parameter in held(instance(op.recipe, seed))}
    return {name: to_numpy(found[name]) for name, *_ in op.weights}


def held(cell: nn.Cell) -> Iterator[tuple[str, nn.Cell, ms.Parameter]]:
    """Yields the path of each parameter, and the Cell that holds it; shared ones once."""
    seen: set[int] = set()
    for path, inner in cell.cells_and_names():
        for name, parameter in inner._params.items():
            if parameter is not None and id(parameter) not in seen:
                seen.add(id(parameter))
                yield f"{path}.{name}" if path else name, inner, parameter


def own_module(graph: Graph, params: Params) -> nn.Cell | None:
    """Returns the user's own Cell with parameters, where a graph is nothing but that."""
    (node, *others) = graph.nodes or (None,)
    if node is None or others or not isinstance(node.op, Native):
        return None
    cell = instance(node.op.recipe, 0)
    found = {name: parameter for name, _, parameter in held(cell)}
    for role, name in node.params.items():
        ms.ops.assign(found[role], take(params[name]))
    return cell


class Call:
    """Runs a Cell over parameters that are kept elsewhere.

    What it draws comes from MindSpore's generators, seeded by the node's key during the call. The
    kernel of `mindspore.nn.Dropout` has a state of its own that nothing sets, so that layer is
    replaced by one that draws as graphs do.

    Args:
        op: The Cell, its mode fixed.
    """

    def __init__(self, op: Native) -> None:
        cell = instance(op.recipe, 0)
        self._dropouts: list[_Dropout] = []
        self._cell = self._drawing(cell)
        self._cell.set_train(op.mode == "train")
        self._given = op.given
        self._name, self._mode = op.name, op.mode
        self._names = tuple(name for name, *_ in op.outputs)
        self._places = _places(self._cell)

    def __call__(self, inputs: Sequence[Tensor], params: Mapping[str, Tensor], key: int) -> Any:
        for role, parameter in params.items():
            own = parameter
            if not isinstance(parameter, ms.Parameter):  # a copy of what must not move
                own = ms.Parameter(parameter, name=role, requires_grad=False)
            for holder, name in self._places[role]:
                holder._params[name] = own
        for place, dropout in enumerate(self._dropouts):
            dropout.key = combined(key, place)
        args = () if self._given else tuple(inputs)
        named = dict(zip(self._given, inputs, strict=True)) if self._given else {}
        with seeded(key):
            result = self._cell(*args, **named)
        found = named_outputs(self._name, result)
        if missing := [name for name in self._names if name not in found]:
            mode = "training" if self._mode == "train" else "evaluation"
            raise ModelError(
                f"{self._name} gave {list(found)} in {mode}, and {missing} is missing; its outputs "
                "must be the same in training and in evaluation"
            )
        outputs = tuple(found[name] for name in self._names)
        return outputs if len(outputs) > 1 else outputs[0]

    def _drawing(self, cell: nn.Cell) -> nn.Cell:
        """Returns a Cell whose dropouts, itself too, draw by keys."""
        if type(cell) is nn.Dropout:
            rate = cell.p if cell.p is not None else 1 - cell.keep_prob
            self._dropouts.append(_Dropout(rate))
            return self._dropouts[-1]
        for name, inner in cell._cells.items():
            if inner is not None:
                cell._cells[name] = self._drawing(inner)
        return cell


class _Dropout(nn.Cell):  # type: ignore[misc]
    """Dropout that is a function of a key."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate, self.key = rate, 0

    def construct(self, x: Tensor) -> Tensor:
        return masked(x, self.rate, self.key, ()) if self.training else x


def _places(cell: nn.Cell) -> dict[str, list[tuple[nn.Cell, str]]]:
    """Returns every place of each parameter by its path; a shared one has several."""
    paths = {id(parameter): path for path, _, parameter in held(cell)}
    places: dict[str, list[tuple[nn.Cell, str]]] = {}
    for _, inner in cell.cells_and_names():
        for name, parameter in inner._params.items():
            if parameter is not None:
                places.setdefault(paths[id(parameter)], []).append((inner, name))
    return places
