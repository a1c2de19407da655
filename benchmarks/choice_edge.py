"""One step through one candidate of a supernet's edge, against the bare path without the others.

An edge of eight candidates (separable and dilated convolutions of 3x3 and 5x5, maximum and average
pooling, the identity, zeros) on 16 channels of 32x32, batch 64, between a stem and a head. The
choosing arm trains the whole supernet with the candidate as a control; the bare arm trains the
graph that `vega_core.nn.specialised` makes of it, in which the other seven are not even there.

The arms of all candidates take turns in one process, in an order that changes from round to round,
and the median of the ratios of neighbouring steps is compared (target: choosing costs at most 1.1
times the bare path). It is the process's own processor time, in which other work on the machine
does not count. Losses of both arms are checked to be equal, bit for bit.

Run: ``python benchmarks/choice_edge.py [--quick] [--threads N]``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from vega_backend_torch.backend import TorchBackend
from vega_core import nn
from vega_core.backend import SGD, TrainSpec

TARGET = 1.1
CHANNELS, EDGE = 16, "edge"
CANDIDATES = (
    "separable 3x3",
    "separable 5x5",
    "dilated 3x3",
    "dilated 5x5",
    "max pool",
    "average pool",
    "identity",
    "zeros",
)


class Separable(nn.Block):
    """ReLU, depthwise and pointwise convolution and norm, as often as asked."""

    kernel: int
    times: int = 2
    dilation: int = 1

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        """Runs the block."""
        for index in range(self.times):
            depthwise = nn.Conv(
                CHANNELS,
                self.kernel,
                groups=CHANNELS,
                dilation=self.dilation,
                padding=self.dilation * (self.kernel // 2),
                bias=False,
                name=f"depthwise{index}",
            )
            x = depthwise(nn.relu(x))
            x = nn.Conv(CHANNELS, 1, bias=False, name=f"pointwise{index}")(x)
            x = nn.BatchNorm(name=f"norm{index}")(x)
        return x


class Edge(nn.Network):
    """A stem, one edge of eight candidates and a head."""

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        """Runs the network."""
        x = nn.BatchNorm(name="norm")(nn.Conv(CHANNELS, 3, bias=False, name="stem")(image))
        candidates = [
            Separable(3),
            Separable(5),
            Separable(3, 1, 2),
            Separable(5, 1, 2),
            lambda y: nn.max_pool(y, 3, stride=1, padding=1),
            lambda y: nn.average_pool(y, 3, stride=1, padding=1),
            lambda y: y,
            lambda y: y * 0.0,
        ]
        x = nn.choice(EDGE, candidates, x)
        return nn.Linear(10, name="head")(nn.flatten(nn.global_average_pool(x)))


def arms(number: int) -> tuple[Callable[[], float], Callable[[], float]]:
    """Returns a step of the supernet through a candidate, and of the candidate alone."""
    model = nn.trace(Edge(), {"image": nn.batched((3, 32, 32))})
    supernet = nn.compose(model, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    alone = nn.specialised(supernet, {EDGE: number})
    rng = np.random.default_rng(0)
    batch = {
        "image": rng.standard_normal((64, 3, 32, 32)).astype(np.float32),
        "label": rng.integers(0, 10, 64),
    }
    backend, spec = TorchBackend(), TrainSpec(SGD(lr=0.01, momentum=0.9, weight_decay=1e-4))
    parameters = nn.initial_parameters(supernet, 0)
    chooses, bare = (
        backend.compile(graph, backend.store(parameters), train=spec) for graph in (supernet, alone)
    )
    return (
        lambda: float(chooses.train_step(batch, {EDGE: number}).loss),
        lambda: float(bare.train_step(batch).loss),
    )


def measure(rounds: int) -> list[tuple[list[float], list[float]]]:
    """Returns the milliseconds of each round of both arms, a pair for each candidate."""
    pairs = [arms(number) for number in range(len(CANDIDATES))]
    for pair in pairs:
        for _ in range(3):
            losses = {arm() for arm in pair}
            assert len(losses) == 1, losses
    found: list[tuple[list[float], list[float]]] = [([], []) for _ in pairs]
    for index in range(rounds):
        for pair, times in zip(pairs, found, strict=True):
            for place in (0, 1) if index % 2 else (1, 0):
                begin = time.process_time()
                pair[place]()
                times[place].append(1000 * (time.process_time() - begin))
    return found


def main() -> int:
    """Measures, prints and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="40 rounds a candidate instead of 100")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch; 0 for its own")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    rounds = 40 if options.quick else 100
    print(f"{rounds} rounds a candidate, {torch.get_num_threads()} threads")
    worst = 0.0
    for name, (chooses, bare) in zip(CANDIDATES, measure(rounds), strict=True):
        ratios = [one / other for one, other in zip(chooses, bare, strict=True)]
        low, ratio, high = statistics.quantiles(ratios, n=4)
        worst = max(worst, ratio)
        print(
            f"  {name:<14} choosing {statistics.median(chooses):7.2f} ms, bare "
            f"{statistics.median(bare):7.2f} ms, ratio {ratio:.3f}   quartiles {low:.3f} to "
            f"{high:.3f}"
        )
    passed = worst <= TARGET
    print(f"worst candidate, against the bare path: {worst:.3f} (target <= {TARGET}) ", end="")
    print("PASS" if passed else "MISS")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
