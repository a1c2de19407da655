"""A run that was stopped at a random step ends with the bytes of the undisturbed one."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from vega_core import nn
from vega_core.train import LocalHost
from vega_core.train.standard import StandardTrainer

torch = pytest.importorskip("torch")
backends = pytest.importorskip("vega_backend_torch.backend")

STEPS = 36  # two epochs
OPTIMIZERS = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3},
    "Adam": {"lr": 0.01},
    "AdamW": {"lr": 0.01},
    "RMSprop": {"lr": 0.001, "momentum": 0.9},
    "gRDA": {"lr": 0.1, "c": 0.01},
}


class Net(nn.Network):
    """Everything that a step may change or draw: norms, dropout, drop path, a frozen part."""

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        x = nn.BatchNorm(name="norm")(nn.Conv(4, 3, name="stem")(image))
        branch = nn.Conv(4, 3, name="conv")(nn.Dropout(0.2, shared=(2, 3), name="drop")(nn.relu(x)))
        x = x + nn.DropPath(0.3, name="path")(nn.BatchNorm(name="again", mode="eval")(branch))
        return nn.Linear(10, name="head")(nn.flatten(nn.max_pool(x, 2)))


class Own(torch.nn.Module):
    """The same for a module of a user's own."""

    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Flatten(),
            torch.nn.Linear(64, 16),
            torch.nn.BatchNorm1d(16, momentum=None),
            torch.nn.ReLU(),
            torch.nn.Dropout(0.3),
            torch.nn.Linear(16, 10),
        )

    def forward(self, image):
        return self.body(image)


@pytest.fixture
def train(make_context):
    """Runs one evaluation with a backend of its own, as a new process would."""
    own = backends.TorchBackend.network("torch:my.Own", Own)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    def train(host, model, optimizer):
        shift = {"type": "RandomShift", "pixels": 1}
        context = make_context(
            {"dataset": {"type": "Digits", "transforms": [shift]}, "model": {"type": model}},
            extra={"Net": Net, "torch:my.Own": own},
            make_backend=backends.TorchBackend,
            host=host,
            seed=5,
        )
        return StandardTrainer(
            epochs=2,
            optimizer={"type": optimizer, "params": OPTIMIZERS[optimizer]},
            lr_scheduler={"type": "CosineAnnealing"},
            callbacks=[{"type": "BestCheckpoint", "metric": "loss"}],
            grad_clip=1.0,
        ).run(context)

    yield train
    torch.set_num_threads(threads)


@pytest.mark.parametrize("model", ["Net", "torch:my.Own"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_that_was_stopped_at_any_step_ends_with_the_same_bytes(
    train, stops_at, model, optimizer
):
    straight = LocalHost()
    expected = train(straight, model, optimizer)
    rng = np.random.default_rng(sum(map(ord, model + optimizer)))
    stops = sorted(int(step) for step in rng.choice(np.arange(1, STEPS), 2, replace=False))
    broken = stops_at(stops[0])
    for last in (stops[1] - stops[0], math.inf):  # stopped twice
        train(broken, model, optimizer)
        done = broken.checkpoints["last"][1]["step"]
        assert 0 < done < STEPS
        state, position = broken.checkpoints["last"]
        broken.checkpoints["last"] = (state, json.loads(json.dumps(position)))
        broken.left = last
    assert train(broken, model, optimizer) == expected
    for name in ("last", "best"):
        ours, theirs = (host.checkpoints[name] for host in (broken, straight))
        assert ours[1] == theirs[1]
        mine, whole = ours[0].to_arrays(), theirs[0].to_arrays()
        assert mine.keys() == whole.keys()
        for key, array in mine.items():
            assert array.tobytes() == whole[key].tobytes(), key
    assert broken.reports == straight.reports
    first, last = straight.reports[0][1], straight.reports[-1][1]
    assert last["train_loss"] < first["train_loss"]
