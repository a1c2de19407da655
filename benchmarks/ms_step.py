"""A training step and a forward pass on MindSpore, against the same network written by hand.

ResNet-20 on pictures of 32x32, batch 64, SGD with momentum. The arms take turns, in an order that
changes from round to round, every step waits for its loss and for the device, and the medians are
compared, of the process's own processor time with one thread, in which other work does not count:

- a Cell written by hand with `mindspore.nn.Momentum`, eagerly and in graph mode (target: ours, in
  the default mode, at least 0.95 times as fast as the faster of the two),
- a forward pass of one picture in evaluation, against the same two, for which ours is compiled, as
  its documentation advises (target: at least 0.95 times the faster).

The first call of each arm, which compiles, is printed apart.

Run: ``python benchmarks/ms_step.py [--quick]``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from itertools import pairwise

os.environ["OMP_NUM_THREADS"] = "1"  # read when MindSpore is imported

import numpy as np
from _arms import Arm, first_calls, judge, report, times

from vega_backend_ms.backend import MindSporeBackend
from vega_core import nn
from vega_core.backend import SGD, TrainSpec
from vega_tasks.classification.networks import ResNet

import mindspore as ms  # isort: skip  # after the backend, which sets what it takes only at first
from mindspore import nn as msnn  # isort: skip
from mindspore import ops  # isort: skip


class ConvNorm(msnn.Cell):
    """A convolution with a norm, as one writes it in MindSpore."""

    def __init__(self, inside: int, outside: int, size: int, stride: int = 1) -> None:
        super().__init__()
        pad = (size - 1) // 2
        self.conv = msnn.Conv2d(inside, outside, size, stride, pad_mode="pad", padding=pad)
        self.norm = msnn.BatchNorm2d(outside, momentum=0.9)

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        return self.norm(self.conv(x))


class Block(msnn.Cell):
    """Two convolutions and a shortcut."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        stride = 1 if inside == outside else 2
        self.conv1 = ConvNorm(inside, outside, 3, stride)
        self.conv2 = ConvNorm(outside, outside, 3)
        self.shortcut = msnn.Identity() if stride == 1 else ConvNorm(inside, outside, 1, stride)
        self.relu = msnn.ReLU()

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        return self.relu(self.conv2(self.relu(self.conv1(x))) + self.shortcut(x))


class HandWritten(msnn.Cell):
    """ResNet-20."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        sizes = (16, 16, 16, 16, 32, 32, 32, 64, 64, 64)
        self.stem = ConvNorm(3, 16, 3)
        self.relu = msnn.ReLU()
        blocks = [Block(one, two) for one, two in pairwise(sizes)]
        self.blocks = msnn.SequentialCell(*blocks)
        self.fc = msnn.Dense(64, classes)

    def construct(self, x: ms.Tensor) -> ms.Tensor:
        x = self.blocks(self.relu(self.stem(x)))
        return self.fc(ops.mean(x, (2, 3)))


def hand_step(images: np.ndarray, labels: np.ndarray, compiled: bool) -> Arm:
    """Returns a training step of the network written by hand."""
    network = HandWritten().set_train()
    optimizer = msnn.Momentum(network.trainable_params(), 0.05, 0.9)
    loss = msnn.CrossEntropyLoss()

    def forward(x: ms.Tensor, y: ms.Tensor) -> ms.Tensor:
        return loss(network(x), y)

    differentiated = ms.value_and_grad(forward, None, optimizer.parameters)

    def step(x: ms.Tensor, y: ms.Tensor) -> ms.Tensor:
        value, gradients = differentiated(x, y)
        optimizer(gradients)
        return value

    step = ms.jit(step) if compiled else step
    wanted = labels.astype(np.int32)
    return lambda: waited(float(step(ms.Tensor(images), ms.Tensor(wanted))))


def hand_forward(image: np.ndarray, compiled: bool) -> Arm:
    """Returns an evaluation of the network written by hand."""
    network = HandWritten().set_train(False)
    forward = ms.jit(network.construct) if compiled else network
    return lambda: forward(ms.Tensor(image)).asnumpy()


def our_step(images: np.ndarray, labels: np.ndarray) -> Arm:
    """Returns a training step through the backend."""
    training = nn.compose(model(), nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    backend = MindSporeBackend()
    store = backend.store(nn.initial_parameters(training, 0))
    trains = backend.compile(training, store, train=TrainSpec(SGD(lr=0.05, momentum=0.9)))
    batch = {"image": images, "label": labels}
    return lambda: waited(float(trains.train_step(batch).loss))


def our_forward(image: np.ndarray) -> Arm:
    """Returns an evaluation through the backend."""
    graph, backend = model(), MindSporeBackend(compile="graph")
    predicts = backend.compile(graph, backend.store(nn.initial_parameters(graph, 0)))
    return lambda: predicts.predict({"image": image})


def waited(value: float) -> float:
    """Returns a value when the device has finished what follows it too."""
    ms.runtime.synchronize()
    return value


def model() -> nn.Graph:
    """Returns the graph, which has as many parameters as the network written by hand."""
    graph = nn.trace(ResNet(20), {"image": nn.batched((3, 32, 32))})
    count = sum(parameter.size for parameter in HandWritten().trainable_params())
    assert graph.stats().params == count
    return graph


def main() -> int:
    """Measures, prints and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="8 rounds instead of 20")
    options = parser.parse_args()
    rounds = 8 if options.quick else 20
    rng = np.random.default_rng(0)
    images = rng.standard_normal((64, 3, 32, 32)).astype(np.float32)
    labels = rng.integers(0, 10, 64)
    print(f"training step, {rounds} rounds, one thread")
    steps = {
        "vega": our_step(images, labels),
        "hand, eagerly": hand_step(images, labels, compiled=False),
        "hand, graph mode": hand_step(images, labels, compiled=True),
    }
    first_calls(steps)
    train = report(times(steps, rounds, 1, time.process_time))
    print("forward pass of one picture")
    forwards = {
        "vega": our_forward(images[:1]),
        "hand, eagerly": hand_forward(images[:1], compiled=False),
        "hand, graph mode": hand_forward(images[:1], compiled=True),
    }
    first_calls(forwards)
    single = report(times(forwards, rounds, 20, time.process_time))
    passed = [
        judge("step, against the faster", faster(train) / train["vega"], 0.95),
        judge("forward of one, against the faster", faster(single) / single["vega"], 0.95),
    ]
    return 0 if all(passed) else 1


def faster(medians: Mapping[str, float]) -> float:
    """Returns the time of the faster of the two that are written by hand."""
    return min(medians["hand, eagerly"], medians["hand, graph mode"])


if __name__ == "__main__":
    sys.exit(main())
