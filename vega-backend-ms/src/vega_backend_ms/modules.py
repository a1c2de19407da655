"""A user's own `mindspore.nn.Cell` as one node of a graph: made, run and given back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import mindspore as ms
import numpy as np
from mindspore import nn

from vega_backend_ms.arrays import Tensor, take, to_numpy
from vega_backend_ms.lowering.random import masked
from vega_core.arrays import Array
from vega_core.backend import Native, Params, Recipe
from vega_core.backend.own import Inputs, alone, failed, named_outputs, ordered_outputs
from vega_core.errors import ModelError
from vega_core.nn import Graph
from vega_core.nn.keys import combined
from vega_core.nn.shapes import with_batch

_seeds: Final[Any] = import_module("mindspore.common.seed")
"""The module, of which a function of `mindspore.common` has taken the name."""

_DROPOUTS: Final = {nn.Dropout: 0, nn.Dropout1d: 1, nn.Dropout2d: 2, nn.Dropout3d: 3}
"""Of each layer that drops, how many axes a channel has, which is dropped whole."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seeds what Cells draw from, and leaves the global random states as they were."""
    numbers, state = np.random.get_state(), ms.get_rng_state()  # noqa: NPY002
    before, counts = ms.get_seed(), dict(_seeds._KERNEL_SEED)
    reading = ms.dataset.config.get_seed()
    ms.set_seed(seed % 2**31)  # NumPy's too, from which initializers draw
    ms.manual_seed(seed % 2**31)
    try:
        yield
    finally:
        # There is no other way back to no seed at all.
        _seeds._GLOBAL_SEED = before
        _seeds._KERNEL_SEED.clear()
        _seeds._KERNEL_SEED.update(counts)
        ms.dataset.config.set_seed(reading)
        np.random.set_state(numbers)  # noqa: NPY002
        ms.set_rng_state(state)


def instance(recipe: Recipe, seed: int) -> nn.Cell:
    """Returns a new Cell, drawn under a seed; the global random states stay as they were."""
    with seeded(seed):
        cell = recipe.make()
        if not isinstance(cell, nn.Cell):
            raise ModelError(
                f"{recipe.name} made a {type(cell).__name__}, which is no mindspore.nn.Cell"
            )
        if any(map(_is_compiled, cell.cells_and_names())):
            raise ModelError(
                f"{recipe.name} is compiled by mindspore.jit, which keeps the parameters that it "
                "meets first; leave the decorator away"
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
        first = str(error).strip().partition("\n")[0]
        raise failed(recipe.name, inputs, size, error, first) from error
    return result


def outputs_of(name: str, result: Any) -> Mapping[str, Tensor]:
    """Returns what ``construct`` gave as tensors by name; see `named_outputs`."""
    return named_outputs(name, result, lambda value: isinstance(value, ms.Tensor))


def initial(op: Native, seed: int) -> Mapping[str, Array]:
    """Returns parameters and buffers as the Cell's own constructor makes them."""
    found = {name: tensor for name, _, tensor in held(instance(op.recipe, seed))}
    return {name: to_numpy(found[name]) for name, *_ in op.weights}


def held(cell: nn.Cell) -> Iterator[tuple[str, nn.Cell, Tensor]]:
    """Yields path, Cell and tensor of each parameter and saved buffer; shared ones once."""
    saved, seen = frozenset(cell.state_dict()), set[int]()
    for path, inner in cell.cells_and_names():
        for name, tensor in (*inner._params.items(), *inner._buffers.items()):
            full = f"{path}.{name}" if path else name
            kept = name in inner._params or full in saved
            if kept and tensor is not None and id(tensor) not in seen:
                seen.add(id(tensor))
                yield full, inner, tensor


def own_module(graph: Graph, params: Params) -> nn.Cell | None:
    """Returns the user's own Cell with parameters, where a graph is nothing but that."""
    found = alone(graph)
    if found is None:
        return None
    op, roles = found
    cell = instance(op.recipe, 0)
    tensors = {name: tensor for name, _, tensor in held(cell)}
    for role, name in roles.items():
        own, array = tensors[role], take(params[name])
        ms.ops.assign(own, array) if isinstance(own, ms.Parameter) else own.copy_(array)
    return cell


class Call:
    """Runs a Cell over parameters that are kept elsewhere.

    What it draws comes from MindSpore's generators, seeded by the node's key during the call. The
    kernels of `mindspore.nn.Dropout` and its kin have a state of their own that nothing sets, so
    those layers are replaced by ones that draw as graphs do.

    Args:
        op: The Cell, its mode fixed.
    """

    def __init__(self, op: Native) -> None:
        cell = instance(op.recipe, 0)
        self._dropouts: list[_Dropout] = []
        self._cell = self._drawing(cell)
        self._cell.set_train(op.mode == "train")
        self._op, self._given = op, op.given
        self._buffers = _buffers(self._cell)
        self._places, self._rows = _places(self._cell), _rows(self._cell)

    def __call__(self, inputs: Sequence[Tensor], params: Mapping[str, Tensor], key: int) -> Any:
        self._hold(params)
        for place, dropout in enumerate(self._dropouts):
            dropout.key = combined(key, place)
        args = () if self._given else tuple(inputs)
        named = dict(zip(self._given, inputs, strict=True)) if self._given else {}
        with seeded(key):
            result = self._cell(*args, **named)
        for role, (holder, name) in self._buffers.items():
            if isinstance(params[role], ms.Parameter):
                ms.ops.assign(params[role], holder[name])
        outputs = ordered_outputs(self._op, outputs_of(self._op.name, result))
        return outputs if len(outputs) > 1 else outputs[0]

    def _hold(self, params: Mapping[str, Tensor]) -> None:
        """Puts parameters in the Cell's places; buffers, which it may change, as copies."""
        for role, tensor in params.items():
            moves = isinstance(tensor, ms.Parameter)
            if role in self._buffers:
                holder, name = self._buffers[role]
                holder[name] = tensor.value().copy() if moves else tensor
                continue
            # What must not move comes as a copy already.
            own = tensor if moves else ms.Parameter(tensor, name=role, requires_grad=False)
            for holder, name in self._places[role]:
                holder[name] = own
        for inner, name, roles in self._rows:
            object.__setattr__(inner, name, tuple([params[role] for role in roles]))

    def _drawing(self, cell: nn.Cell) -> nn.Cell:
        """Returns a Cell whose dropouts, itself too, draw by keys."""
        if type(cell) in _DROPOUTS:
            rate = cell.prob if isinstance(cell, nn.Dropout1d) else 1 - cell.keep_prob
            if getattr(cell, "p", None) is not None:
                rate = cell.p
            self._dropouts.append(_Dropout(rate, _DROPOUTS[type(cell)]))
            return self._dropouts[-1]
        for name, inner in cell._cells.items():
            if inner is not None:
                cell._cells[name] = self._drawing(inner)
        return cell


class _Dropout(nn.Cell):  # type: ignore[misc]
    """Dropout that is a function of a key; a channel of some axes is dropped whole."""

    def __init__(self, rate: float, axes: int) -> None:
        super().__init__()
        self.rate, self.axes, self.key = rate, axes, 0

    def construct(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return masked(x, self.rate, self.key, tuple(range(x.ndim - self.axes, x.ndim)))


def _is_compiled(named: tuple[str, nn.Cell]) -> bool:
    kinds = type(named[1]).__mro__
    return any(hasattr(one, "__wrapped_by_jit__") for kind in kinds for one in vars(kind).values())


def _places(cell: nn.Cell) -> dict[str, list[tuple[dict[str, Tensor], str]]]:
    """Returns every place of each parameter by its path; a shared one has several."""
    paths = {id(tensor): path for path, _, tensor in held(cell)}
    places: dict[str, list[tuple[dict[str, Tensor], str]]] = {}
    for _, inner in cell.cells_and_names():
        for name, parameter in inner._params.items():
            if parameter is not None:
                places.setdefault(paths[id(parameter)], []).append((inner._params, name))
    return places


def _buffers(cell: nn.Cell) -> dict[str, tuple[dict[str, Tensor], str]]:
    """Returns the place of each saved buffer by its path."""
    found = ((path, inner, path.rpartition(".")[2]) for path, inner, _ in held(cell))
    return {path: (inner._buffers, name) for path, inner, name in found if name in inner._buffers}


def _rows(cell: nn.Cell) -> list[tuple[nn.Cell, str, list[str]]]:
    """Returns the attributes that are parameters in a row, as recurrent layers have them."""
    paths = {id(tensor): path for path, _, tensor in held(cell)}
    return [
        (inner, name, [paths[id(one)] for one in row])
        for _, inner in cell.cells_and_names()
        for name, row in vars(inner).items()
        if isinstance(row, ms.ParameterTuple) and all(id(one) in paths for one in row)
    ]
