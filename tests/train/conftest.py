from __future__ import annotations

import pytest

from vega_core.plugins import load_target
from vega_core.train import Context, LocalHost

TASKS = "vega_tasks.classification"
TARGETS = {
    "dataset": {"Digits": f"{TASKS}.datasets.digits:Digits"},
    "transform": {
        "RandomShift": "vega_tasks.transforms:RandomShift",
        "Normalize": "vega_tasks.transforms:Normalize",
    },
    "network": {"ResNet": f"{TASKS}.networks:ResNet", "MLP": f"{TASKS}.networks:MLP"},
    "metric": {
        "accuracy": f"{TASKS}.metrics:Accuracy",
        "top_k_accuracy": f"{TASKS}.metrics:TopKAccuracy",
    },
    "loss": {
        "CrossEntropy": "vega_core.nn.losses:CrossEntropy",
        "MSE": "vega_core.nn.losses:MeanSquaredError",
    },
    "optimizer": {
        "SGD": "vega_core.backend.optimizers:SGD",
        "Adam": "vega_core.backend.optimizers:Adam",
        "AdamW": "vega_core.backend.optimizers:AdamW",
        "RMSprop": "vega_core.backend.optimizers:RMSprop",
        "gRDA": "vega_core.backend.optimizers:GRDA",
    },
    "schedule": {
        "Constant": "vega_core.backend.schedules:Constant",
        "CosineAnnealing": "vega_core.backend.schedules:CosineAnnealing",
    },
    "callback": {
        "EarlyStop": "vega_core.train.early_stop:EarlyStop",
        "BestCheckpoint": "vega_core.train.best_checkpoint:BestCheckpoint",
        "ProgressLog": "vega_core.train.log:ProgressLog",
    },
}


class TestCatalog:
    """Components by kind and name; ``extra`` holds classes of a test's own."""

    __test__ = False

    def __init__(self, extra=None):
        self.extra = extra or {}

    def load(self, kind, name):
        return self.extra.get(name) or load_target(TARGETS[kind][name])


class StopsAt(LocalHost):
    """Asks the trial to stop once so many steps have asked."""

    def __init__(self, steps):
        self.left = steps
        super().__init__()

    @property
    def should_stop(self):
        self.left -= 1
        return self.left < 0

    @should_stop.setter
    def should_stop(self, value):
        pass


@pytest.fixture
def stops_at():
    """A host that asks the trial to stop once so many steps have asked; more may be given."""
    return StopsAt


@pytest.fixture
def host():
    return LocalHost()


@pytest.fixture
def make_context(tmp_path, host):
    """Makes contexts that share a host, as the evaluations of one trial do."""

    def make(config, *, extra=None, **attributes):
        attributes = {"host": host, "folder": tmp_path, "base": tmp_path, **attributes}
        return Context(config, TestCatalog(extra), **attributes)

    return make
