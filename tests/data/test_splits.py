from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega_core.data import SPLITS, split_indices
from vega_core.errors import DataError

fractions = st.sampled_from([0.0, 0.1, 0.15, 0.25, 1 / 3])


@given(
    samples=st.integers(20, 400),
    val=fractions,
    test=fractions,
    seed=st.integers(0, 5),
    classes=st.integers(0, 7),
)
def test_splits_are_disjoint_and_cover_everything(samples, val, test, seed, classes):
    labels = np.random.default_rng(seed).integers(0, classes, samples) if classes else None
    rows = {}
    for split in SPLITS:
        try:
            rows[split] = split_indices(
                samples, split, seed=seed, val=val, test=test, labels=labels
            )
        except DataError:
            assert {"val": val, "test": test}[split] == 0
            rows[split] = np.empty(0, int)
    whole = np.concatenate([rows["train"], rows["val"], rows["test"]])
    assert np.array_equal(np.sort(whole), np.arange(samples))
    halves = np.concatenate([rows["train_first"], rows["train_second"]])
    assert np.array_equal(np.sort(halves), rows["train"])
    assert abs(rows["train_first"].size - rows["train_second"].size) <= 1
    assert rows["test"].size == round(samples * test)
    assert rows["val"].size == round(samples * val)


@given(sizes=st.lists(st.integers(4, 60), min_size=2, max_size=6), seed=st.integers(0, 9))
def test_every_class_gets_its_share(sizes, seed):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    for split, part in (("test", 0.2), ("val", 0.3)):
        rows = split_indices(labels.size, split, seed=seed, val=0.3, test=0.2, labels=labels)
        counts = np.bincount(labels[rows], minlength=len(sizes))
        assert np.all(np.abs(counts - part * np.array(sizes)) <= 1 + part)


def test_a_seed_names_a_split():
    first = split_indices(100, "train", seed=3)
    assert np.array_equal(first, split_indices(100, "train", seed=3))
    assert not np.array_equal(first, split_indices(100, "train", seed=4))


def test_the_test_rows_do_not_depend_on_the_validation_part():
    labels = np.arange(200) % 7
    first = split_indices(200, "test", val=0.1, test=0.2, labels=labels)
    assert np.array_equal(first, split_indices(200, "test", val=0.4, test=0.2, labels=labels))


def test_rows_are_drawn_evenly():
    counts = np.zeros(50)
    for seed in range(400):
        counts[split_indices(50, "test", seed=seed, test=0.2)] += 1
    expected = 400 * 0.2
    assert ((counts - expected) ** 2 / (expected * 0.8)).sum() < 90  # chi-square, 49 degrees


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "tset"}, "did you mean 'test'"),
        ({"split": "val", "val": 0.0}, "split 'val' of 100 samples is empty"),
        ({"split": "train", "val": 0.6, "test": 0.4}, "add up to less than 1"),
        ({"split": "train", "val": -0.1}, "val=-0.1"),
        ({"split": "train", "labels": [1, 2]}, r"labels have shape \(2,\), not \(100,\)"),
    ],
)
def test_faults_are_named(arguments, message):
    with pytest.raises(DataError, match=message):
        split_indices(100, **arguments)
