"""Gradients and copies that do not fit a store are told, and change nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vega_backend_torch.backend import TorchBackend
from vega_core import nn
from vega_core.backend import SGD, Executable, Gradients, TrainSpec
from vega_core.errors import ModelError, StateError
from vega_tasks.classification.networks import MLP

BATCH = {"x": np.ones((4, 5), np.float32), "label": np.zeros(4, np.int64)}


def ready(backend: TorchBackend, *hidden: int) -> Executable:
    model = nn.trace(MLP(3, hidden), {"x": nn.batched((5,))})
    graph = nn.compose(model, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    store = backend.store(nn.initial_parameters(graph, 0))
    return backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))


def test_gradients_know_their_shapes(backend: TorchBackend) -> None:
    gradients = ready(backend, 4).gradients(BATCH)
    assert set(gradients.names) == set(gradients.shapes)
    assert gradients.shapes == {name: gradients[name].shape for name in gradients.names}


@pytest.mark.parametrize(
    ("hidden", "message"),
    [((6,), r"'fc1\.weight' is \(4, 5\), and its gradient \(6, 5\)"), ((4, 4), "no parameter 'fc")],
)
@pytest.mark.parametrize(
    "take",
    [lambda own, given: own.apply(given), lambda own, given: own.store.add(given, 1.0)],
    ids=["apply", "add"],
)
def test_gradients_of_another_model_are_refused(
    backend: TorchBackend,
    hidden: tuple[int, ...],
    message: str,
    take: Callable[[Executable, Gradients], None],
) -> None:
    own, before = ready(backend, 4), ready(backend, 4).store.export()
    with pytest.raises(ModelError, match=message):
        take(own, ready(backend, *hidden).gradients(BATCH))
    after = own.store.export()
    assert after.position == 0
    for name, array in before.parameters.items():
        np.testing.assert_array_equal(after.parameters[name], array)


def test_a_copy_between_element_types_names_them(backend: TorchBackend) -> None:
    floats, ints = (backend.store({"w": np.ones((2, 2), t)}) for t in (np.float32, np.int64))
    with pytest.raises(StateError, match=r"\(2, 2\) float32, and 'w' .* \(2, 2\) int64"):
        floats.copy_from(ints, {"w": "w"})
