from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as truth

from vega_core.errors import ConfigError
from vega_tasks.classification.metrics import F1, Accuracy, TopKAccuracy


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(200, 7)).astype("f4")
    labels = rng.integers(0, 7, 200)
    scores[np.arange(200), labels] += 1
    return scores, labels


def measure(metric, scores, labels, pieces=3):
    metric.reset()
    for rows in np.array_split(np.arange(len(labels)), pieces):
        metric.update({"logits": scores[rows], "loss": np.float32(0)}, {"label": labels[rows]})
    return metric.value()


def test_metrics_agree_with_scikit_learn(answers):
    scores, labels = answers
    predicted = scores.argmax(1)
    assert measure(Accuracy(), scores, labels) == truth.accuracy_score(labels, predicted)
    for k in (1, 3, 5):
        assert measure(TopKAccuracy(k=k), scores, labels) == pytest.approx(
            truth.top_k_accuracy_score(labels, scores, k=k)
        )
    assert measure(F1(), scores, labels) == pytest.approx(
        truth.f1_score(labels, predicted, average="macro")
    )


def test_f1_leaves_out_classes_that_do_not_occur():
    scores = np.eye(5)[[0, 1, 1]]
    labels = np.array([0, 1, 0])
    expected = truth.f1_score(labels, scores.argmax(1), average="macro")
    assert measure(F1(), scores, labels, pieces=2) == pytest.approx(expected)


def test_metrics_forget_on_reset(answers):
    for metric in (Accuracy(), TopKAccuracy(), F1()):
        first = measure(metric, *answers)
        assert measure(metric, *answers) == first
        metric.reset()
        assert math.isnan(metric.value())


def test_nan_is_no_hit():
    assert measure(TopKAccuracy(k=1), np.full((4, 3), np.nan), np.zeros(4, int), 1) == 0


def test_names_tell_the_output_and_k():
    assert TopKAccuracy(k=3).name == "accuracy_top3"
    metric = Accuracy(output="head")
    metric.update({"head": np.eye(3), "aux": np.zeros((3, 3))}, {"label": np.arange(3)})
    assert metric.value() == 1
    with pytest.raises(ConfigError, match="needs the name of an output"):
        Accuracy().update({"head": np.eye(3), "aux": np.eye(3)}, {"label": np.arange(3)})
    with pytest.raises(ConfigError, match="k must be at least 1"):
        TopKAccuracy(k=0)


def test_of_equal_outputs_the_first_is_the_largest():
    labels = np.arange(8)
    assert measure(TopKAccuracy(k=1), np.zeros((8, 10)), labels) == 1 / 8
    assert measure(TopKAccuracy(k=3), np.zeros((8, 10)), labels) == 3 / 8
    assert measure(TopKAccuracy(k=10), np.zeros((8, 10)), labels) == 1


@pytest.mark.parametrize("levels", [1, 2, 3, 5])
def test_the_first_of_k_is_the_accuracy_also_with_ties(levels):
    rng = np.random.default_rng(levels)
    scores, labels = rng.integers(0, levels, (300, 5)).astype("f4"), rng.integers(0, 5, 300)
    assert measure(TopKAccuracy(k=1), scores, labels) == measure(Accuracy(), scores, labels)
