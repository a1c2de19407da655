"""Tables of which a step changes only the rows that its batch looks up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vega_backend_torch.backend import TorchBackend
from vega_backend_torch.store import TorchGradients
from vega_core import nn
from vega_core.backend import GRDA, SGD, Adam, AdamW, Optimizer, RMSprop, TrainSpec
from vega_core.backend.reference import ReferenceUpdate

WORDS, LENGTH = 40, 5
LABEL = {"label": nn.batched((), "int64")}
RULES = [
    SGD(lr=0.5, momentum=0.9, weight_decay=0.1),
    SGD(lr=0.5, momentum=0.9, nesterov=True),
    Adam(lr=0.05, weight_decay=0.1),
    AdamW(lr=0.05, weight_decay=0.5),
    RMSprop(lr=0.01, momentum=0.5),
    GRDA(lr=0.5, c=0.001, weight_decay=0.1),
]


class Bag(nn.Network):
    """Means of words, and scores; ``twice`` looks the words up a second time."""

    twice: bool = False

    def forward(self, words: nn.Tensor) -> nn.Tensor:
        table = nn.Embedding(WORDS, 4, name="table")
        found = nn.reduce_mean(table(words), (1,))
        if self.twice:
            found = found + nn.reduce_mean(nn.tanh(table(words)), (1,))
        return nn.Linear(3, name="head")(found)


def graph(network: nn.Network | None = None) -> nn.Graph:
    model = nn.trace(network or Bag(), {"words": nn.batched((LENGTH,), "int64")})
    return nn.compose(model, nn.losses.CrossEntropy(), LABEL)


def batch(step: int, words: int = 20) -> dict[str, np.ndarray]:
    """Returns a batch; its words are drawn from a few, other ones at each step."""
    rng = np.random.default_rng(step)
    few = rng.choice(WORDS, words // 2, replace=False)
    return {"words": rng.choice(few, (6, LENGTH)), "label": rng.integers(0, 3, 6)}


@pytest.mark.parametrize("optimizer", RULES, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize("clip", [None, 0.5])
def test_25_steps_agree_with_the_reference(
    backend: TorchBackend, optimizer: Optimizer, clip: float | None
) -> None:
    training = graph(Bag(twice=True))
    params = nn.initial_parameters(training, 0)
    store = backend.store(params)
    executable = backend.compile(training, store, train=TrainSpec(optimizer, clip_norm=clip))
    reference = ReferenceUpdate(optimizer, training.parameters, dict(params))
    for step in range(25):
        gradients = executable.gradients(batch(step))
        assert isinstance(gradients, TorchGradients)
        assert gradients.tensors["table.weight"].is_sparse
        executable.apply(gradients)
        arrays = {name: gradients[name] for name in gradients.names}
        rows = {"table.weight": batch(step)["words"]}
        reference.step(arrays, clip_norm=clip, rows=rows)
    state = store.export()
    for name, expected in reference.params.items():
        np.testing.assert_allclose(state.parameters[name], expected, rtol=1e-4, atol=1e-5)
        for slot, value in reference.slots[name].items():
            np.testing.assert_allclose(
                state.slots[f"{name}/{slot}"], value, rtol=1e-4, atol=1e-5, err_msg=slot
            )
    moved = (state.parameters["table.weight"] != params["table.weight"]).any(axis=1)
    assert moved.any()


@pytest.mark.parametrize("optimizer", RULES, ids=lambda rule: type(rule).__name__)
def test_rows_that_no_batch_looked_up_keep_their_bytes(
    backend: TorchBackend, optimizer: Optimizer
) -> None:
    training = graph()
    store = backend.store(nn.initial_parameters(training, 0))
    executable = backend.compile(training, store, train=TrainSpec(optimizer))
    for step in range(3):
        executable.train_step(batch(step))
    before = store.export()
    executable.train_step(batch(9))
    after = store.export()
    looked_up = np.isin(np.arange(WORDS), batch(9)["words"])
    assert 0 < looked_up.sum() < WORDS
    tables: list[tuple[Any, Any]] = [
        (before.parameters["table.weight"], after.parameters["table.weight"]),
        *(
            (before.slots[key], after.slots[key])
            for key, array in before.slots.items()
            if key.startswith("table") and array.shape
        ),
    ]
    assert len(tables) > 1
    for old, new in tables:
        assert old[~looked_up].tobytes() == new[~looked_up].tobytes()
    assert (tables[0][0] != tables[0][1]).any(axis=1)[looked_up].all()


def test_a_row_whose_gradient_is_zero_is_looked_up_all_the_same(backend: TorchBackend) -> None:
    """It decays, and its momentum goes on."""

    class Stopped(nn.Network):
        def forward(self, words: nn.Tensor) -> nn.Tensor:
            found = nn.reduce_mean(nn.Embedding(WORDS, 4, name="table")(words), (1,))
            return nn.Linear(3, name="head")(found * 0.0)

    training = graph(Stopped())
    store = backend.store(nn.initial_parameters(training, 0))
    executable = backend.compile(training, store, train=TrainSpec(SGD(lr=0.5, weight_decay=0.1)))
    before = store.export().parameters["table.weight"]
    executable.train_step(batch(0))
    after = store.export().parameters["table.weight"]
    looked_up = np.isin(np.arange(WORDS), batch(0)["words"])
    np.testing.assert_allclose(after[looked_up], before[looked_up] * 0.95, rtol=1e-6)
    assert after[~looked_up].tobytes() == before[~looked_up].tobytes()


def test_gradients_of_several_batches_know_the_rows_of_all(backend: TorchBackend) -> None:
    training = graph()
    store = backend.store(nn.initial_parameters(training, 0))
    executable = backend.compile(
        training, store, train=TrainSpec(SGD(lr=0.5, momentum=0.9, weight_decay=0.1), clip_norm=1)
    )
    one, two = (executable.gradients(batch(step)) for step in (0, 1))
    both = 0.5 * one + 0.5 * two
    np.testing.assert_allclose(
        both["table.weight"], (one["table.weight"] + two["table.weight"]) / 2, atol=1e-7
    )
    before = store.export().parameters["table.weight"]
    executable.apply(both)
    changed = (store.export().parameters["table.weight"] != before).any(axis=1)
    words = np.concatenate([batch(0)["words"], batch(1)["words"]])
    np.testing.assert_array_equal(changed, np.isin(np.arange(WORDS), words))
    store.add(one, -1.0)


def test_a_table_that_is_multiplied_with_too_is_updated_whole(backend: TorchBackend) -> None:
    class Tied(nn.Network):
        """Scores are products with the table itself."""

        def forward(self, words: nn.Tensor) -> nn.Tensor:
            found = nn.reduce_mean(nn.Embedding(WORDS, 4, name="table")(words), (1,))
            return nn.Linear(WORDS, bias=False, name="scores")(found)

    model = nn.trace(Tied(), {"words": nn.batched((LENGTH,), "int64")})
    training = nn.compose(model, nn.losses.CrossEntropy(), LABEL)
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
