"""Memory of a warm worker that meets one architecture after another.

50 residual networks that differ in depth and widths, each with a store of its own: three training
steps and an evaluation. Nothing is kept but what the backend keeps for trials to come. The growth
of the resident memory is counted from the end of the first network, as that of a worker is. The
target is the growth at which an executor replaces a worker by a new one (1,024 MiB), so that the
bound holds for any number of architectures.

Run: ``python benchmarks/architectures_memory.py [--backend tf] [--count N]``.
"""

from __future__ import annotations

import argparse
import gc
import sys

import _backends
import numpy as np

from vega_core import nn
from vega_core.backend import SGD, Backend, TrainSpec
from vega_core.execute.memory import resident_mb
from vega_core.execute.options import LocalOptions
from vega_tasks.classification.networks import ResNet

RULE = TrainSpec(SGD(lr=0.05, momentum=0.9, weight_decay=1e-4))
SIZE = 32


def architecture(number: int) -> nn.Graph:
    """Returns one of 51 networks with its loss; the largest first, so that none needs more."""
    width, place = divmod(number, 3)
    model = nn.trace(ResNet(20 - 6 * place, 24 - width), {"image": nn.batched((3, 32, 32))})
    return nn.compose(model, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})


def meet(backend: Backend, number: int) -> None:
    """Trains and evaluates a network, as a short trial does."""
    graph, rng = architecture(number), np.random.default_rng(number)
    store = backend.store(nn.initial_parameters(graph, number))
    executable = backend.compile(graph, store, train=RULE)
    image = rng.standard_normal((SIZE, 3, 32, 32)).astype(np.float32)
    batch = {"image": image, "label": rng.integers(0, 10, SIZE)}
    for _ in range(3):
        float(executable.train_step(batch).loss)
    executable.predict({"image": image})


def measure(options: argparse.Namespace) -> int:
    """Measures one backend."""
    backend = _backends.made(options.backend, threads=1)
    resident = []
    for number in range(options.count):
        meet(backend, number)
        gc.collect()
        resident.append(resident_mb())
    growth, bound = max(resident) - resident[0], LocalOptions().recycle_growth_mb
    assert bound is not None
    print(f"resident after the first network: {resident[0]:.0f} MiB, {backend.compiles} programs")
    passed = growth <= bound
    print(
        f"growth by {options.count - 1} more: {growth:.0f} MiB at most (target {bound:.0f}) "
        f"{'PASS' if passed else 'MISS'}"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=50, help="architectures")
    sys.exit(_backends.main(measure, parser))
