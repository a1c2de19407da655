"""What a step is given: a batch and controls, checked against the graph."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import DataError, ModelError, ShapeError, suggest
from vega_core.nn.graph import ControlSpec, Graph
from vega_core.nn.ops import BatchNormalization
from vega_core.nn.shapes import Shape, TensorSpec, show

Batch: TypeAlias = Mapping[str, Array]
Controls: TypeAlias = Mapping[str, "float | Array"]


@dataclass(frozen=True)
class StepControls:
    """The controls of one step, complete.

    Attributes:
        graph: Value of each of the graph's controls: a Python number of shape (), or an array.
        update: Value of each of the optimizer's.
        seed: The trial's seed.
        step: The step that random draws are a function of.
    """

    graph: Mapping[str, float | Array]
    update: Mapping[str, float]
    seed: int
    step: int


def resolve_controls(
    graph: Mapping[str, ControlSpec],
    update: Mapping[str, float],
    given: Controls | None,
    position: int,
) -> StepControls:
    """Returns the controls of a step: what is given, else the defaults.

    Args:
        graph: The graph's controls.
        update: Defaults of the optimizer's controls; empty in prediction, which ignores them.
        given: What the caller gave.
        position: The step where none is given.

    Raises:
        ModelError: A control that is given does not exist, is no number, or has another shape.
    """
    given = given or {}
    for name in given:
        if name not in graph and name not in update and name not in ("seed", "step"):
            known = [*graph, *update, "seed", "step"]
            raise ModelError(f"there is no control {name!r}{suggest(name, known)}")
    own = {name: _value(name, spec, given.get(name, spec.default)) for name, spec in graph.items()}
    rates = {name: _rate(name, given.get(name, default)) for name, default in update.items()}
    seed, step = (_whole(n, given.get(n, d)) for n, d in (("seed", 0), ("step", position)))
    return StepControls(own, rates, seed, step)


def check_choices(candidates: Mapping[str, int], controls: StepControls) -> None:
    """Checks that every choice is among its candidates, before a step has done anything.

    Args:
        candidates: Number of candidates by control; see `vega_core.nn.candidates`.
        controls: The controls of the step.

    Raises:
        ModelError: One is not.
    """
    for name, count in candidates.items():
        number = controls.graph[name]
        if not 0 <= number < count:
            raise ModelError(
                f"choice {name!r} has the candidates 0 to {count - 1}, and got {number}"
            )


def _rate(name: str, value: float | Array) -> float:
    try:
        return float(_number(name, value))
    except OverflowError:
        raise ModelError(f"control {name!r} is too large: {value!r}") from None


def _whole(name: str, value: float | Array) -> int:
    number = _number(name, value)
    if isinstance(number, float) and not number.is_integer():
        raise ModelError(f"control {name!r} is a whole number, and got {value!r}")
    return int(number)


def _number(name: str, value: float | Array) -> float:
    """Returns Python's own number, so that whole ones keep every digit."""
    if type(value) is float or type(value) is int:
        return value
    array = _array(name, value)
    if array.shape != ():
        raise ModelError(f"control {name!r} is one number, and got {show(array.shape)} of them")
    number = array.item()
    if not isinstance(number, (float, int)):
        raise ModelError(f"control {name!r} is one number, and got {value!r}")
    return number


def _array(name: str, value: float | Array, dtype: str | None = None) -> Array:
    try:
        return np.asarray(value, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"control {name!r} is no array of numbers: {error}") from None


def _value(name: str, control: ControlSpec, value: float | Array) -> float | Array:
    """Returns a control's value: a Python number where it is one, else an array of its shape."""
    if not control.shape:
        return (_rate if control.dtype.startswith("float") else _whole)(name, value)
    array = _array(name, value, control.dtype)
    if array.shape not in ((), control.shape):
        raise ModelError(
            f"control {name!r} is {show(array.shape)}, and {show(control.shape)} in the graph"
        )
    return np.ascontiguousarray(np.broadcast_to(array, control.shape))


def take(inputs: Mapping[str, TensorSpec], batch: Batch) -> dict[str, Array]:
    """Returns the arrays that a graph reads, of the types that it wants and in C order.

    Raises:
        DataError: An input is missing or no array, has another shape or a type that does not
            convert, or the inputs differ in their number of samples.
    """
    arrays, sizes = {}, {}
    for name, spec in inputs.items():
        if name not in batch:
            raise DataError(f"the batch has no field {name!r}{suggest(name, batch)}")
        try:
            array = np.asarray(batch[name], order="C")
        except ValueError as error:
            raise DataError(f"field {name!r} is no array: {error}") from None
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
