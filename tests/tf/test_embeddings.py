"""Tables of which a step changes only the rows that its batch looks up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from vega_backend_tf.backend import TensorFlowBackend
from vega_backend_tf.sparse import Rows
from vega_backend_tf.store import TensorFlowGradients
from vega_core import nn
from vega_core.backend import GRDA, SGD, Adam, Optimizer, TrainSpec
from vega_core.backend.reference import ReferenceUpdate

WORDS, LENGTH = 40, 5
LABEL = {"label": nn.batched((), "int64")}
RULES = [
    SGD(lr=0.5, momentum=0.9, weight_decay=0.1),
    Adam(lr=0.05, weight_decay=0.1),
    GRDA(lr=0.5, c=0.001, weight_decay=0.1),
]


class Bag(nn.Network):
    """Means of words, looked up twice, and scores."""

    def forward(self, words: nn.Tensor) -> nn.Tensor:
        table = nn.Embedding(WORDS, 4, name="table")
        found = nn.reduce_mean(table(words), (1,)) + nn.reduce_mean(nn.tanh(table(words)), (1,))
        return nn.Linear(3, name="head")(found)


class Tied(nn.Network):
    """Scores are products with the table itself."""

    def forward(self, words: nn.Tensor) -> nn.Tensor:
        found = nn.reduce_mean(nn.Embedding(WORDS, 4, name="table")(words), (1,))
        return nn.Linear(WORDS, bias=False, name="scores")(found)


def graph(network: nn.Network) -> nn.Graph:
    model = nn.trace(network, {"words": nn.batched((LENGTH,), "int64")})
    return nn.compose(model, nn.losses.CrossEntropy(), LABEL)


def batch(step: int) -> dict[str, np.ndarray]:
    """Returns a batch; its words are drawn from a few, other ones at each step."""
    rng = np.random.default_rng(step)
    few = rng.choice(WORDS, 10, replace=False)
    return {"words": rng.choice(few, (6, LENGTH)), "label": rng.integers(0, 3, 6)}


@pytest.mark.parametrize("mode", ["graph", "eager", "xla"])
@pytest.mark.parametrize("optimizer", RULES, ids=lambda rule: type(rule).__name__)
def test_steps_with_clipping_agree_with_the_reference(mode: str, optimizer: Optimizer) -> None:
    backend, training = TensorFlowBackend(compile=mode), graph(Bag())
    params = nn.initial_parameters(training, 0)
    spec = TrainSpec(optimizer, clip_norm=0.3)
    fused, apart = (backend.compile(training, backend.store(params), train=spec) for _ in range(2))
    reference = ReferenceUpdate(optimizer, training.parameters, dict(params))
    for step in range(10):
        gradients = apart.gradients(batch(step))
        assert isinstance(gradients, TensorFlowGradients)
        assert isinstance(gradients.tensors["table.weight"], Rows)
        assert gradients.shapes["table.weight"] == (WORDS, 4)
        apart.apply(gradients)
        fused.train_step(batch(step))
        arrays = {name: gradients[name] for name in gradients.names}
        rows = {"table.weight": batch(step)["words"]}
        reference.step(arrays, clip_norm=0.3, rows=rows)
    for executable in (fused, apart):
        state = executable.store.export()
        for name, expected in reference.params.items():
            np.testing.assert_allclose(state.parameters[name], expected, rtol=1e-4, atol=1e-5)
            for slot, value in reference.slots[name].items():
                found = state.slots[f"{name}/{slot}"]
                np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-5, err_msg=slot)


def test_gradients_of_several_batches_know_the_rows_of_all(backend: TensorFlowBackend) -> None:
    training = graph(Bag())
    store = backend.store(nn.initial_parameters(training, 0))
    rule = SGD(lr=0.5, momentum=0.9, weight_decay=0.1)
    executable = backend.compile(training, store, train=TrainSpec(rule, clip_norm=1))
    one, two = (executable.gradients(batch(step)) for step in (0, 1))
    both = 0.5 * one + 0.5 * two
    expected = (one["table.weight"] + two["table.weight"]) / 2
    np.testing.assert_allclose(both["table.weight"], expected, atol=1e-7)
    before = store.export().parameters["table.weight"]
    executable.apply(both)
    changed = (store.export().parameters["table.weight"] != before).any(axis=1)
    words = np.concatenate([batch(0)["words"], batch(1)["words"]])
    np.testing.assert_array_equal(changed, np.isin(np.arange(WORDS), words))
    before = store.export().parameters["table.weight"]
    store.add(one, -2.0)
    after = store.export().parameters["table.weight"]
    np.testing.assert_allclose(after, before - 2 * one["table.weight"], atol=1e-6)


def test_a_table_that_is_multiplied_with_too_is_updated_whole(backend: TensorFlowBackend) -> None:
    training = graph(Tied())
    nodes = [
        replace(node, params={"weight": "table.weight"}) if node.name == "scores" else node
        for node in training.nodes
    ]
    kept = {name: s for name, s in training.parameters.items() if name != "scores.weight"}
    tied = replace(training, nodes=tuple(nodes), parameters=kept)
    store = backend.store(nn.initial_parameters(tied, 0))
    executable = backend.compile(tied, store, train=TrainSpec(Adam(lr=0.1)))
    before = store.export().parameters["table.weight"]
    executable.train_step(batch(0))
    assert (store.export().parameters["table.weight"] != before).any(axis=1).all()
