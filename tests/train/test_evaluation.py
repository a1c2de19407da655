from __future__ import annotations

import math

import numpy as np
import pytest

from vega_core import nn
from vega_core.data import ArrayDataset, Loader
from vega_core.errors import ConfigError, NotFiniteError
from vega_core.train import Metric, evaluate, output_of
from vega_core.train.progress import MeanLoss
from vega_tasks.classification.metrics import Accuracy


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
    """Has the loss of a mean over all rows."""

    calls = 0

    def predict(self, batch, controls=None):
        self.calls += 1
        assert batch["label"].min() >= 0
        loss = np.float32(((batch["x"][:, 0] - batch["label"]) ** 2).mean())
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
    executable = FakeExecutable()
    values = evaluate(executable, loader, [metric])
    assert executable.calls == len(loader) + bool(10 % batch_size)
    assert values["count"] == 10
    assert metric.total == label.sum()
    assert values["loss"] == pytest.approx(((x[:, 0] - label) ** 2).mean(), rel=1e-5)


def test_a_graph_without_a_loss_has_none():
    class Silent:
        def predict(self, batch, controls=None):
            return {"output": batch["x"]}

    x, label = data("int64")
    loader = Loader(ArrayDataset({"x": x, "label": label}), 4, training=False)
    assert evaluate(Silent(), loader, [Count()]) == {"count": 10}


class Scores(nn.Network):
    def forward(self, x):
        return nn.Linear(3, name="fc")(nn.BatchNorm(name="norm")(x))


def mixed(outputs, targets):
    """Has a part that no label switches off."""
    y = outputs["output"]
    return nn.losses.cross_entropy(y, targets["label"]) + nn.losses.mse(y, y * 2.0)


def by_name(outputs, targets):
    y = outputs["output"]
    return {"ce": nn.losses.cross_entropy(y, targets["label"]), "aux": nn.losses.mse(y, y * 0.0)}


@pytest.mark.parametrize(
    "loss",
    [
        nn.losses.CrossEntropy(0.1),
        nn.losses.CrossEntropy(ignore_index=255),
        nn.losses.CrossEntropy(ignore_index=-1),
        mixed,
        by_name,
    ],
)
@pytest.mark.parametrize("batch_size", [1, 3, 4, 16])
def test_the_loss_is_that_of_one_batch_of_all(loss, batch_size):
    torch = pytest.importorskip("torch")
    from vega_backend_torch.backend import TorchBackend

    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(10, 4)).astype("f4") * 3
    data = ArrayDataset({"x": x, "label": rng.integers(0, 3, 10)}, classes={"label": 3})
    model = nn.trace(Scores(), {"x": nn.batched((4,))})
    graph = nn.compose(model, loss, {"label": nn.batched((), "int64")})
    backend = TorchBackend()
    executable = backend.compile(graph, backend.store(nn.initial_parameters(graph, 0)))
    (whole,) = Loader(data, 10, training=False).epoch()
    expected = float(executable.predict(whole)["loss"])
    values = evaluate(executable, Loader(data, batch_size, training=False), [Accuracy()])
    assert values["loss"] == pytest.approx(expected, rel=1e-5)
    assert 0 <= values["accuracy"] <= 1


def test_metrics_read_the_output_that_the_loss_reads():
    logits, output = np.eye(2), np.zeros((2, 2))
    both = {"output": output, "logits": logits, "loss": np.float32(0)}
    assert output_of(both) is logits
    assert output_of({"output": output, "ce": np.float32(1), "loss": np.float32(2)}) is output
    assert output_of({"head": logits, "aux": np.float32(1), "loss": np.float32(2)}) is logits
    with pytest.raises(ConfigError, match="needs the name of an output"):
        output_of({"head": logits, "tail": output})


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
