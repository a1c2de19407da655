"""A training step and a forward pass on PyTorch, against the same network written by hand.

ResNet-20 on pictures of 32x32, batch 64, SGD with momentum. The arms take turns, in an order that
changes from round to round, and the medians are compared:

- a plain ``torch.nn.Module`` (target: the generated function is at least 1.15 times as fast),
- the same with ``channels_last`` activations and weights (at least 0.98 times),
- a forward pass of one picture in evaluation, against the faster of both (at least 0.98 times).

Run: ``python benchmarks/torch_step.py [--quick] [--threads N]``.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import torch
import torch.nn.functional as F
from _arms import Arm, judge, report, times

from vega_backend_torch.backend import TorchBackend
from vega_core import nn
from vega_core.backend import SGD, TrainSpec
from vega_tasks.classification.networks import ResNet


class PlainBlock(torch.nn.Module):
    """The basic block, as one writes it by hand."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(outputs)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(outputs)
        self.shortcut = torch.nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                torch.nn.BatchNorm2d(outputs),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Runs the block."""
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class PlainResNet(torch.nn.Module):
    """ResNet-20, as one writes it by hand."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(16)
        widths = [16, 16, 16, 32, 32, 32, 64, 64, 64]
        before = [16, *widths[:-1]]
        self.layers = torch.nn.Sequential(
            *(PlainBlock(a, b, 1 if a == b else 2) for a, b in zip(before, widths, strict=True))
        )
        self.fc = torch.nn.Linear(64, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Runs the network."""
        x = self.layers(F.relu(self.bn1(self.conv1(x))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def plain_step(images: np.ndarray, labels: np.ndarray, layout: torch.memory_format) -> Arm:
    """Returns a training step of the network written by hand."""
    model = PlainResNet().to(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def step() -> object:
        x = torch.from_numpy(images).to(memory_format=layout)
        loss = F.cross_entropy(model(x), torch.from_numpy(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def plain_forward(image: np.ndarray, layout: torch.memory_format) -> Arm:
    """Returns an evaluation of the network written by hand."""
    model = PlainResNet().to(memory_format=layout).eval()

    def forward() -> object:
        with torch.inference_mode():
            return model(torch.from_numpy(image).to(memory_format=layout)).numpy()

    return forward


def our_arms(images: np.ndarray, labels: np.ndarray) -> tuple[Arm, Arm]:
    """Returns a training step and an evaluation of one picture through the backend."""
    graph = nn.trace(ResNet(20), {"image": nn.batched((3, 32, 32))})
    training = nn.compose(graph, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    assert graph.stats().params == sum(p.numel() for p in PlainResNet().parameters())
    backend = TorchBackend()
    store = backend.store(nn.initial_parameters(training, 0))
    trains = backend.compile(training, store, train=TrainSpec(SGD(lr=0.05, momentum=0.9)))
    predicts = backend.compile(graph, backend.store(nn.initial_parameters(graph, 0)))
    batch = {"image": images, "label": labels}
    return lambda: trains.train_step(batch), lambda: predicts.predict({"image": images[:1]})


def main() -> int:
    """Measures, prints and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 rounds instead of 40")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch; 0 for its own")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    rounds = 20 if options.quick else 40
    rng = np.random.default_rng(0)
    images = rng.standard_normal((64, 3, 32, 32)).astype(np.float32)
    labels = rng.integers(0, 10, 64)
    ours, forward = our_arms(images, labels)
    print(f"training step, {rounds} rounds, {torch.get_num_threads()} threads")
    steps = {
        "plain": plain_step(images, labels, torch.contiguous_format),
        "channels_last": plain_step(images, labels, torch.channels_last),
        "generated": ours,
    }
    train = report(times(steps, rounds, 1))
    print("forward pass of one picture")
    forwards = {
        "plain": plain_forward(images[:1], torch.contiguous_format),
        "channels_last": plain_forward(images[:1], torch.channels_last),
        "generated": forward,
    }
    single = report(times(forwards, rounds, 20))
    best = min(single["plain"], single["channels_last"])
    passed = [
        judge("step, against plain", train["plain"] / train["generated"], 1.15),
        judge("step, against channels_last", train["channels_last"] / train["generated"], 0.98),
        judge("forward of one, against the better", best / single["generated"], 0.98),
    ]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
