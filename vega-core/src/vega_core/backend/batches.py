"""What a step is given: a batch and controls, checked against the graph."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import DataError, ModelError, ShapeError, suggest
from vega_core.nn.graph import Graph
from vega_core.nn.ops import BatchNormalization
from vega_core.nn.shapes import Shape, TensorSpec, show

Batch: TypeAlias = Mapping[str, Array]
Controls: TypeAlias = Mapping[str, float]


@dataclass(frozen=True)
class StepControls:
    """The controls of one step, complete.

    Attributes:
        graph: Value of each of the graph's controls.
        update: Value of each of the optimizer's.
        seed: The trial's seed.
        step: The step that random draws are a function of.
    """

    graph: Mapping[str, float]
    update: Mapping[str, float]
    seed: int
    step: int


def resolve_controls(
    graph: Controls, update: Controls, given: Controls | None, position: int
) -> StepControls:
    """Returns the controls of a step: what is given, else the defaults.

    Args:
        graph: Defaults of the graph's controls.
        update: Defaults of the optimizer's controls; empty in prediction, which ignores them.
        given: What the caller gave.
        position: The step where none is given.

    Raises:
        ModelError: A control that is given does not exist.
    """
    own, rates, seed, step = dict(graph), dict(update), 0, position
    for name, value in (given or {}).items():
        if name in own:
            own[name] = float(value)
        elif name in rates:
            rates[name] = float(value)
        elif name == "seed":
            seed = int(value)
        elif name == "step":
            step = int(value)
        else:
            known = [*own, *rates, "seed", "step"]
            raise ModelError(f"there is no control {name!r}{suggest(name, known)}")
    return StepControls(own, rates, seed, step)


def take(inputs: Mapping[str, TensorSpec], batch: Batch) -> dict[str, Array]:
    """Returns the arrays that a graph reads, of the types that it wants and in C order.

    Raises:
        DataError: An input is missing, has another shape or a type that does not convert, or the
            inputs differ in their number of samples.
    """
    arrays, sizes = {}, {}
    for name, spec in inputs.items():
        if name not in batch:
            raise DataError(f"the batch has no field {name!r}{suggest(name, batch)}")
        array = np.asarray(batch[name], order="C")
        sizes[name] = _batch_size(name, array.shape, spec.shape)
        if str(array.dtype) != spec.dtype:
            if not np.can_cast(array.dtype, spec.dtype, "same_kind"):
                raise DataError(
                    f"field {name!r} is {array.dtype}, and the graph reads {spec.dtype}"
                )
            array = array.astype(spec.dtype)
        arrays[name] = array
    found = {size for size in sizes.values() if size is not None}
    if len(found) > 1:
        raise DataError(f"the fields of a batch differ in their number of samples: {sizes}")
    return arrays


def _batch_size(name: str, shape: Shape, spec: Shape) -> int | None:
    size: int | None = None
    fits = len(shape) == len(spec)
    for given, wanted in zip(shape, spec, strict=False):
        if wanted >= 0:
            fits = fits and given == wanted
            continue
        count, rest = divmod(given, -wanted)
        fits = fits and rest == 0 and count > 0 and size in (None, count)
        size = count
    if not fits:
        raise DataError(f"field {name!r} is {show(shape)}, and the graph reads {show(spec)}")
    return size


def samples(inputs: Mapping[str, TensorSpec], arrays: Batch) -> int:
    """Returns the number of samples in a batch that `take` has checked; 1 where none is batched."""
    for name, spec in inputs.items():
        for given, wanted in zip(arrays[name].shape, spec.shape, strict=True):
            if wanted < 0:
                return int(given) // -wanted
    return 1


def check_batch_size(graph: Graph, size: int) -> None:
    """Checks that every batch normalization in training has more than one value a channel.

    Raises:
        ShapeError: One has not, so that its variance would be undefined.
    """
    for node in graph.in_mode("train").nodes:
        op = node.op
        if isinstance(op, BatchNormalization) and op.mode == "train":
            shape = graph.specs[node.inputs[0]].shape
            values = math.prod(d if d > 0 else -d * size for d in shape) // shape[1]
            if values < 2:
                raise ShapeError(
                    f"{node.name}: batch normalization of {show(shape)} needs more than one value "
                    f"a channel in training, and the batch size is {size}"
                )
