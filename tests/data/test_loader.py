from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from vega_core.data import ArrayDataset, Dataset, Field, Loader, Transform
from vega_core.errors import DataError


class Noise(Transform):
    random: ClassVar[bool] = True

    def __call__(self, batch, rng):
        return {**batch, "image": batch["image"] + rng.random(batch["image"].shape, "f4")}


class Double(Transform):
    def __call__(self, batch, rng):
        return {**batch, "image": batch["image"] * 2}


@dataclass(frozen=True)
class Policy(Transform):
    level: float = 0.0

    def __call__(self, batch, rng):
        return {**batch, "image": batch["image"] + np.float32(self.level)}

    def bind(self, controls):
        return replace(self, level=controls["level"])


def numbers(count=10):
    return ArrayDataset({"image": np.arange(count, dtype="f4").reshape(count, 1)})


def rows(batches):
    return [batch["image"][:, 0].tolist() for batch in batches]


def same(first, second):
    return all(
        a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)
        for a, b in zip(first, second, strict=True)
    )


def test_training_shuffles_each_epoch_and_drops_the_rest():
    loader = Loader(numbers(), 4, training=True, seed=1)
    first, second = rows(loader.epoch(0)), rows(loader.epoch(1))
    assert len(loader) == len(first) == 2
    assert all(len(batch) == 4 for batch in first + second)
    assert len({value for batch in first for value in batch}) == 8
    assert first != second


def test_over_epochs_every_sample_comes():
    loader = Loader(numbers(), 4, training=True)
    seen = {value for epoch in range(12) for batch in rows(loader.epoch(epoch)) for value in batch}
    assert seen == set(range(10))


def test_batches_are_functions_of_seed_epoch_and_number():
    def make(seed):
        return Loader(numbers(20), 4, training=True, seed=seed, transforms=[Noise()])

    straight = list(make(7).epoch(3))
    assert same(straight, list(make(7).epoch(3)))
    assert same(straight[2:], list(make(7).epoch(3, start=2)))
    assert not same(straight, list(make(8).epoch(3)))
    noise = [batch["image"] % 1 for batch in straight]
    assert not np.array_equal(noise[0], noise[1])


def test_evaluation_pads_and_masks_the_last_batch():
    batches = list(Loader(numbers(), 4, training=False).epoch())
    assert [batch["image"].shape for batch in batches] == [(4, 1)] * 3
    assert batches[-1]["sample_valid"].tolist() == [True, True, False, False]
    assert rows(batches)[-1] == [8, 9, 9, 9]
    valid = np.concatenate([batch["image"][batch["sample_valid"]] for batch in batches])
    assert valid[:, 0].tolist() == list(range(10))


def test_a_batch_may_be_larger_than_an_evaluation_split():
    (batch,) = Loader(numbers(3), 8, training=False).epoch()
    assert batch["sample_valid"].sum() == 3


def test_random_transforms_are_for_training_only():
    transforms = [Noise(), Double()]
    (batch,) = Loader(numbers(4), 4, training=False, transforms=transforms).epoch()
    assert rows([batch]) == [[0, 2, 4, 6]]
    (batch,) = Loader(numbers(4), 4, training=True, transforms=transforms).epoch()
    assert np.any(batch["image"] % 1)


def test_controls_reach_the_transforms_that_follow_them():
    loader = Loader(numbers(4), 4, training=False, transforms=[Policy(), Double()])
    assert rows(loader.epoch(controls={"level": 0.5})) == [[1, 3, 5, 7]]
    assert rows(loader.epoch()) == [[0, 2, 4, 6]]


def test_batch_sizes_that_cannot_be_are_errors():
    with pytest.raises(DataError, match="batch_size is 16, but ArrayDataset has only 10"):
        Loader(numbers(), 16, training=True)
    with pytest.raises(DataError, match="at least 1, not 0"):
        Loader(numbers(), 0, training=False)


def test_fields_follow_the_transforms():
    class Flat(Transform):
        def __call__(self, batch, rng):
            return {**batch, "image": batch["image"].reshape(len(batch["image"]), -1)}

        def spec(self, fields):
            return {**fields, "image": Field("float32", (int(np.prod(fields["image"].shape)),))}

    data = ArrayDataset({"image": np.zeros((4, 2, 3), "f4")})
    loader = Loader(data, 2, training=False, transforms=[Flat()])
    assert loader.fields["image"].shape == (6,)
    assert next(iter(loader.epoch()))["image"].shape == (2, 6)


def test_a_dataset_that_breaks_its_promise_is_named():
    class Liar(Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return {"label": np.int64(index)}

        def spec(self):
            return {"label": Field("int64", classes=3)}

    loader = Loader(Liar(), 2, training=False)
    with pytest.raises(DataError, match="Liar: field 'label': value 3 at position 1"):
        list(loader.epoch())
