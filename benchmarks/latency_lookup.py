"""How near a look-up table's latencies come to what is measured.

58 residual networks are drawn by chance, whose blocks are like DNet's: one to three convolutions of
1x1, 3x3, depthwise or grouped 3x3, shortcuts that add or concatenate, several widths and depths. A
table is made of their operators; eight of the networks are measured whole, to calibrate it. The
other 50 are estimated, and measured under onnxruntime with one thread and a batch of one. The
relative errors and the rank correlations are printed (target: Kendall's at least 0.8).

Before that one network is measured twelve times (target: medians at most 5 % apart).

Run: ``python benchmarks/latency_lookup.py [--quick]``.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from _arms import judge
from scipy.stats import kendalltau, spearmanr

from vega_core import nn
from vega_core.measure.session import latency
from vega_core.measure.table import measure_table

KINDS = ("conv1", "conv3", "depthwise", "grouped")
WIDTHS = (32, 64, 128)


class Unit(nn.Block):
    """A convolution of one of four kinds with its normalization."""

    kind: str
    out_channels: int
    stride: int = 1

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        if self.kind == "conv1":
            return nn.BatchNorm()(nn.Conv(self.out_channels, 1, stride=self.stride, bias=False)(x))
        groups = {"conv3": 1, "grouped": 4, "depthwise": x.channels}[self.kind]
        width = x.channels if self.kind == "depthwise" else self.out_channels
        y = nn.Conv(width, 3, stride=self.stride, groups=groups, bias=False)(x)
        return nn.BatchNorm()(y)


class Net(nn.Network):
    """A stem, stages of residual blocks, and a classifier."""

    stages: tuple[tuple[int, int, tuple[str, ...], bool], ...]

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.relu(nn.BatchNorm()(nn.Conv(32, 3, stride=2, bias=False)(x)))
        for width, depth, kinds, joined in self.stages:
            for place in range(depth):
                y = x
                for index, kind in enumerate(kinds):
                    stride = 2 if place == index == 0 else 1
                    y = Unit(kind, width, stride)(y)
                    y = nn.relu(y) if index < len(kinds) - 1 else y
                if place == 0:
                    x = Unit("conv1", y.channels, 2)(x)
                if joined and place == depth - 1:
                    x = nn.relu(Unit("conv1", width)(nn.concat([x, y])))
                else:
                    x = nn.relu(x + y)
        return nn.Linear(10)(nn.global_average_pool(x))


def drawn(rng: np.random.Generator) -> nn.Graph:
    """Returns a network drawn by chance."""
    kinds = tuple(rng.choice(KINDS, rng.integers(1, 4)).tolist())
    stages = tuple(
        (int(rng.choice(WIDTHS[at:])), int(rng.integers(1, 5)), kinds, bool(rng.integers(2)))
        for at in range(2)
    )
    return nn.trace(Net(stages), {"image": nn.batched((3, 96, 96))})


def main() -> int:
    """Measures, prints and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 networks instead of 50")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    whole = [drawn(rng) for _ in range(8)]
    others = [drawn(rng) for _ in range(20 if options.quick else 50)]

    repeated = [latency(whole[0]).median for _ in range(12)]
    apart = max(repeated) / min(repeated) - 1
    print(f"one network, 12 times: {min(repeated):.3f} to {max(repeated):.3f} ms")

    table = measure_table(others, whole)
    print(
        f"table of {len(table.operators)} operators: {table.scale:.3f} of their sum and "
        f"{table.offset_ms:.3f} ms"
    )
    measured = np.array([latency(graph, max_seconds=2).median for graph in others])
    estimated = np.array([table.estimate(graph) for graph in others])
    error = np.abs(estimated / measured - 1)
    print(f"{len(others)} networks of {measured.min():.3f} to {measured.max():.3f} ms")
    print(f"relative error: median {np.median(error):.3f}, largest {error.max():.3f}")
    print(f"rank correlation: Spearman {spearmanr(estimated, measured).statistic:.3f}")
    print(f"rank correlation of MACs: Kendall {kendalltau(macs(others), measured).statistic:.3f}")
    passed = [
        judge("repeated measurement, 5 % over the distance", 0.05 / apart, 1),
        judge("Kendall's rank correlation", kendalltau(estimated, measured).statistic, 0.8),
    ]
    return 0 if all(passed) else 1


def macs(graphs: list[nn.Graph]) -> list[int]:
    """Returns the multiply-adds of networks."""
    return [graph.stats().macs for graph in graphs]


if __name__ == "__main__":
    sys.exit(main())
