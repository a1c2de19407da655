from __future__ import annotations

import math

import numpy as np
import pytest

from vega_core.data import ArrayDataset, Loader
from vega_core.errors import NotFiniteError
from vega_core.train import Metric, evaluate
from vega_core.train.progress import MeanLoss


class Count(Metric):
    name = "count"

    def reset(self):
        self.rows, self.total = 0, 0.0

    def update(self, outputs, batch):
        assert len(outputs["output"]) == len(batch["label"]) == len(batch["x"])
        assert batch["sample_valid"].all()
        self.rows += len(batch["x"])
        self.total += float(batch["label"].sum())

    def value(self):
        return self.rows


class FakeExecutable:
    """Has the loss of a mean over rows whose label is not -100."""

    def predict(self, batch, controls=None):
        label = batch["label"]
        counted = label != -100
        loss = np.float32(((batch["x"][:, 0] - label) ** 2)[counted].mean())
        return {"output": batch["x"] * 2, "loss": loss}


def data(dtype, count=10):
    rng = np.random.default_rng(0)
    x = rng.random((count, 1)).astype("f4")
    return x, rng.integers(0, 3, count).astype(dtype)


@pytest.mark.parametrize("dtype", ["int64", "float32"])
@pytest.mark.parametrize("batch_size", [1, 3, 4, 10, 16])
def test_each_sample_counts_once_whatever_the_batch(dtype, batch_size):
    x, label = data(dtype)
    classes = {"label": 3} if dtype == "int64" else {}
    loader = Loader(
        ArrayDataset({"x": x, "label": label}, classes=classes), batch_size, training=False
    )
    metric = Count()
    values = evaluate(FakeExecutable(), loader, [metric], ["label"])
    assert values["count"] == 10
    assert metric.total == label.sum()
    assert values["loss"] == pytest.approx(((x[:, 0] - label) ** 2).mean(), rel=1e-5)


def test_a_graph_without_a_loss_has_none():
    class Silent:
        def predict(self, batch, controls=None):
            return {"output": batch["x"]}

    x, label = data("int64")
    loader = Loader(ArrayDataset({"x": x, "label": label}), 4, training=False)
    assert evaluate(Silent(), loader, [Count()], ["label"]) == {"count": 10}


def test_the_mean_loss_is_read_late_and_exactly():
    meter = MeanLoss()
    assert math.isnan(meter.read(0))
    for value in (1.0, 2.0):
        meter.add(value)
    assert meter.read(2) == 1.5
    total, count = meter.to_json()
    again = MeanLoss(total, int(count))
    again.add(6.0)
    assert again.read(3) == 3.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_is_named_with_its_step(value):
    meter = MeanLoss()
    for loss in (1.0, 1.0, value, 1.0):
        meter.add(loss)
    with pytest.raises(NotFiniteError, match=f"the training loss is {value} at step 13"):
        meter.read(14)
