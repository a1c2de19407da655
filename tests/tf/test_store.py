"""What a store takes from others, and in which order of axes it keeps parameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from vega_backend_tf.arrays import from_store, graph_shape, kernel_order, to_store
from vega_backend_tf.backend import TensorFlowBackend
from vega_core import nn
from vega_core.backend import SGD, Executable, Gradients, ParamStore, Snapshot, State, TrainSpec
from vega_core.errors import ModelError, StateError
from vega_core.nn.shapes import Shape
from vega_core.testing.backend.models import batch, pictures

TRAIN = TrainSpec(SGD(lr=0.1, momentum=0.9))


class Stranger(Snapshot):
    """A snapshot of another backend's store."""


class Other(Gradients):
    """Another backend's gradients, whose names and shapes fit."""

    @property
    def shapes(self) -> Mapping[str, Shape]:
        return {"fc.bias": (3,)}

    def __getitem__(self, name: str) -> np.ndarray:
        return np.zeros(3, np.float32)

    def __add__(self, other: Gradients) -> Gradients:
        return NotImplemented

    def __mul__(self, factor: float) -> Gradients:
        return self


class Elsewhere(ParamStore):
    """Another backend's store."""

    shapes = {"fc.bias": ((3,), "float32")}  # type: ignore[assignment] # noqa: RUF012
    snapshot = restore = _add = _copy = _read = _write = None  # type: ignore[assignment]


def ready(backend: TensorFlowBackend) -> Executable:
    store = backend.store(nn.initial_parameters(pictures(), 0))
    return backend.compile(pictures(), store, train=TRAIN)


def same(one: State, other: State) -> bool:
    arrays, others = one.to_arrays(), other.to_arrays()
    return arrays.keys() == others.keys() and all(
        array.tobytes() == others[name].tobytes() for name, array in arrays.items()
    )


def test_what_is_another_backends_or_stores_is_refused(backend: TensorFlowBackend) -> None:
    own, twin = ready(backend), ready(backend)
    own.train_step(batch(pictures()))
    store, before = own.store, own.store.export()
    with pytest.raises(StateError, match="Stranger is no snapshot of this backend"):
        store.restore(Stranger())
    with pytest.raises(StateError, match="the snapshot is of another store"):
        store.restore(twin.store.snapshot())
    with pytest.raises(ModelError, match="Other are no gradients of this backend"):
        store.add(Other(), 1.0)
    with pytest.raises(ModelError, match="Other are no gradients of this backend"):
        own.apply(Other())
    with pytest.raises(StateError, match="Elsewhere is no store of this backend"):
        store.copy_from(Elsewhere(), {"fc.bias": "fc.bias"})
    with pytest.raises(TypeError, match="unsupported operand"):
        own.gradients(batch(pictures())) + Other()
    assert before.position == store.export().position == 1
    slots = {name: array.tobytes() for name, array in before.slots.items()}
    assert slots == {name: array.tobytes() for name, array in store.export().slots.items()}


def test_a_snapshot_stays_as_it_is_while_training_goes_on(backend: TensorFlowBackend) -> None:
    """Kernels that update in place must not write into what it holds."""
    executable = ready(backend)
    executable.train_step(batch(pictures()))
    snapshot, state = executable.store.snapshot(), executable.store.export()
    for step in range(3):
        executable.train_step(batch(pictures(), seed=step))
        executable.store.add(executable.gradients(batch(pictures())), 0.5)
    assert not same(executable.store.export(), state)
    executable.store.restore(snapshot)
    assert same(executable.store.export(), state)
    executable.train_step(batch(pictures()))
    executable.store.restore(snapshot)
    assert same(executable.store.export(), state)


@pytest.mark.parametrize("shape", [(), (3,), (4, 5), (4, 5, 3), (6, 2, 3, 5), (2, 3, 4, 5, 6)])
def test_kernels_are_kept_as_convolutions_read_them(
    backend: TensorFlowBackend, shape: tuple[int, ...]
) -> None:
    array = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    kept = to_store(array)
    assert kept.shape == tuple(shape[axis] for axis in kernel_order(len(shape)))
    assert graph_shape(kept.shape) == shape
    store = backend.store({"w": array})
    np.testing.assert_array_equal(from_store(store.variable("w")), array)  # type: ignore[attr-defined]
    exported = store.export().parameters["w"]
    np.testing.assert_array_equal(exported, array)
    assert exported.flags.c_contiguous
    assert exported.flags.owndata


def test_gradients_know_their_shapes(backend: TensorFlowBackend) -> None:
    gradients = ready(backend).gradients(batch(pictures()))
    assert "conv.weight" in gradients.names
    assert gradients.shapes == {name: gradients[name].shape for name in gradients.names}
