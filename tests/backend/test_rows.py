"""Tables of which a step changes only the rows that the batch looks up."""

from __future__ import annotations

import numpy as np
import pytest

from vega_core import nn
from vega_core.backend import GRDA, SGD, Adam, AdamW, Optimizer
from vega_core.backend.reference import ReferenceUpdate
from vega_core.backend.rows import looked_up
from vega_core.nn import ParameterSpec, ops

TABLE = {"table": ParameterSpec((6, 2), kind="embedding")}
RULES = [
    SGD(lr=0.1, momentum=0.9, weight_decay=0.1),
    Adam(lr=0.1, weight_decay=0.1),
    AdamW(lr=0.1, weight_decay=0.5),
    GRDA(lr=0.1, c=0.05, weight_decay=0.1),
]


def table_of() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)


@pytest.mark.parametrize("optimizer", RULES, ids=lambda rule: type(rule).__name__)
def test_rows_that_nobody_looked_up_keep_their_bytes(optimizer: Optimizer) -> None:
    update = ReferenceUpdate(optimizer, TABLE, {"table": table_of()})
    gradient = np.zeros((6, 2), np.float32)
    gradient[[1, 4]] = 1.0
    update.step({"table": gradient}, rows={"table": np.array([4, 1, 4, 2])})
    before, slots = update.params["table"], update.slots["table"]
    update.step({"table": gradient * 0}, rows={"table": np.array([0, 4])})
    changed = (before != update.params["table"]).any(axis=1)
    assert changed.tolist() == [True, False, False, False, True, False]
    for slot, array in update.slots["table"].items():
        if array.shape:
            kept = [1, 2, 3, 5]
            np.testing.assert_array_equal(array[kept], slots[slot][kept])
        elif slot == "steps":
            assert (slots[slot], array) == (1, 2)


@pytest.mark.parametrize("optimizer", RULES, ids=lambda rule: type(rule).__name__)
def test_with_all_rows_it_is_the_dense_rule(optimizer: Optimizer) -> None:
    rng, results = np.random.default_rng(1), []
    gradients = [rng.normal(size=(6, 2)) for _ in range(4)]
    for rows in (None, {"table": np.arange(6)}):
        update = ReferenceUpdate(optimizer, TABLE, {"table": table_of().astype(np.float64)})
        for gradient in gradients:
            update.step({"table": gradient}, rows=rows)
        results.append(update.params["table"])
    np.testing.assert_array_equal(*results)


def test_a_table_that_is_multiplied_with_too_is_updated_whole() -> None:
    spec = {"words": nn.batched((3,), "int64")}
    lookup = nn.Graph(
        spec,
        {},
        {"e.weight": ParameterSpec((6, 2), kind="embedding")},
        (nn.Node("e", ops.Embedding(6, 2), ("words",), {"weight": "e.weight"}),),
        {"output": "e"},
        {**spec, "e": nn.TensorSpec((-1, 3, 2))},
    )
    assert looked_up(lookup) == {"e.weight"}
    scores = nn.Node("s", ops.Gemm(6, bias=False), ("e",), {"weight": "e.weight"})
    tied = nn.Graph(
        spec,
        {},
        lookup.parameters,
        (*lookup.nodes, scores),
        {"output": "s"},
        {**lookup.specs, "s": nn.TensorSpec((-1, 3, 6))},
    )
    assert looked_up(tied) == frozenset()
