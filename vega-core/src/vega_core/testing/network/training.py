"""One step of training: gradients arrive everywhere, and a loss falls."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add

import numpy as np

from vega_core import nn
from vega_core.backend import SGD, Backend, TrainSpec
from vega_core.nn.shapes import with_batch
from vega_core.testing.compare import require
from vega_core.testing.network.case import NetworkCase


def check_training(case: NetworkCase, graph: nn.Graph, backend: Backend) -> None:
    """Trains a network for one step towards random outputs.

    Args:
        case: The network.
        graph: Its graph.
        backend: What to train with.
    """
    outputs = {name: graph.specs[value] for name, value in graph.outputs.items()}
    targets = {f"{n}_wanted": spec for n, spec in outputs.items() if spec.dtype == "float32"}
    training = nn.compose(graph, _distance, targets)
    store = backend.store(nn.initial_parameters(training, 0))
    train = TrainSpec(SGD(lr=1.0))
    executable = backend.compile(training, store, train=train)
    batch = {**case.batch(4), **_drawn(targets, 4)}
    snapshot = store.snapshot()
    controls = {"seed": 1, "step": 0}
    gradients = executable.gradients(batch, controls)
    missing = sorted(set(train.trained(training)) - set(gradients.names))
    require(not missing, f"{case}: no gradient reaches {missing}")
    for name in gradients.names:
        require(bool(np.isfinite(gradients[name]).all()), f"{case}: gradient of {name!r}")
    losses = []
    for rate in (1e-1, 1e-2, 1e-3, 1e-4):
        store.restore(snapshot)
        before = float(executable.train_step(batch, {**controls, "lr": rate}).loss)
        after = float(executable.train_step(batch, {**controls, "lr": 0.0}).loss)
        if after < before:
            return
        losses.append(f"{before} to {after} at {rate}")
    raise AssertionError(f"{case}: a step does not lower the loss: {', '.join(losses)}")


def _distance(outputs: Mapping[str, nn.Tensor], targets: Mapping[str, nn.Tensor]) -> nn.Tensor:
    """Returns the sum of squared errors of all outputs that have a target."""
    errors = [
        nn.losses.mse(outputs[name.removesuffix("_wanted")], wanted)
        for name, wanted in targets.items()
    ]
    return reduce(add, errors)


def _drawn(specs: Mapping[str, nn.TensorSpec], size: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(9)
    return {
        name: rng.standard_normal(with_batch(spec.shape, size)).astype(np.float32)
        for name, spec in specs.items()
    }
