"""Tracing and counting ResNet-50 at 3x224x224, against fvcore on the same network in PyTorch.

The arms take turns in one process, each warmed up, the order changing from round to round; the
medians are compared. Ours builds the network, traces it and counts every layer; fvcore
traces and counts a module that is built already. Nothing is kept from one round to the next.

- tracing and counting (target: at least 20 times as fast as fvcore 0.1.5.post20221221),
- both count the same multiply-adds in convolutions and dense layers, and the same parameters.

Run: ``python benchmarks/count_models.py [--quick] [--profile]``.
"""

from __future__ import annotations

import argparse
import cProfile
import importlib.metadata
import logging
import pstats
import sys

import torch
from _arms import report, times
from fvcore.nn import FlopCountAnalysis
from torch.nn import functional

from vega_core import describe_model, nn
from vega_core.nn.statistics import Statistics, count
from vega_tasks.classification.networks import ResNet

FVCORE = "0.1.5.post20221221"
TARGET = 20.0
SHAPE = (3, 224, 224)
COUNTED = ("conv", "addmm", "linear")
"""What fvcore calls the operators that the field counts: convolutions and dense layers."""


class Bottleneck(torch.nn.Module):
    """The block of ResNet-50, as one writes it by hand."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.conv1 = torch.nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(width)
        self.conv2 = torch.nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(width)
        self.conv3 = torch.nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = torch.nn.BatchNorm2d(outputs)
        self.shortcut = torch.nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = torch.nn.Sequential(
                torch.nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                torch.nn.BatchNorm2d(outputs),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Runs the block."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        return functional.relu(self.bn3(self.conv3(y)) + self.shortcut(x))


class PlainResNet50(torch.nn.Module):
    """ResNet-50, as one writes it by hand."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(64)
        blocks: list[torch.nn.Module] = []
        inputs = 64
        for stage, length in enumerate((3, 4, 6, 3)):
            for index in range(length):
                width = 64 * 2**stage
                blocks.append(Bottleneck(inputs, width, 2 if stage and not index else 1))
                inputs = 4 * width
        self.layers = torch.nn.Sequential(*blocks)
        self.fc = torch.nn.Linear(inputs, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Runs the network."""
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.fc(functional.adaptive_avg_pool2d(self.layers(x), 1).flatten(1))


def ours() -> Statistics:
    """Builds, traces and counts the network anew."""
    return count(nn.trace(ResNet(50, num_classes=1000), {"image": nn.batched(SHAPE)}))


def theirs(model: torch.nn.Module, x: torch.Tensor) -> FlopCountAnalysis:
    """Traces and counts the module anew."""
    analysis = FlopCountAnalysis(model, x)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    analysis.total()
    return analysis


def agree(model: torch.nn.Module, analysis: FlopCountAnalysis) -> bool:
    """Tells whether both count the same network."""
    stats = ours()
    by_operator = analysis.by_operator()
    macs = sum(int(by_operator[name]) for name in COUNTED)
    params = sum(p.numel() for p in model.parameters())
    print(f"multiply-adds: ours {stats.macs:,}, fvcore's of convolutions and layers {macs:,}")
    print(f"  (fvcore's total {analysis.total():,} has normalizations and pooling in it)")
    print(f"parameters: ours {stats.params:,}, the module's {params:,}")
    return stats.macs == macs and stats.params == params


def profile() -> None:
    """Prints where our time goes."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(50):
        ours()
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main() -> int:
    """Measures, prints and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="11 rounds instead of 31")
    parser.add_argument("--profile", action="store_true", help="print where our time goes")
    options = parser.parse_args()
    if options.profile:
        profile()
        return 0
    torch.set_num_threads(1)
    logging.getLogger("fvcore").setLevel(logging.ERROR)
    version = importlib.metadata.version("fvcore")
    if version != FVCORE:
        print(f"fvcore is {version}; the claim is about {FVCORE}")
    model, x = PlainResNet50().eval(), torch.zeros(1, *SHAPE)
    same = agree(model, theirs(model, x))
    described = describe_model({"type": "ResNet", "depth": 50, "num_classes": 1000})
    rounds = 11 if options.quick else 31
    print(f"ResNet-50 at {'x'.join(map(str, SHAPE))}, {rounds} rounds")
    medians = report(
        times(
            {
                "fvcore": lambda: theirs(model, x),
                "trace and count": ours,
                "trace": lambda: nn.trace(ResNet(50), {"image": nn.batched(SHAPE)}),
                "count again": lambda: described.stats(SHAPE),
            },
            rounds,
        )
    )
    ratio = medians["fvcore"] / medians["trace and count"]
    print(f"counts agree: {'PASS' if same else 'MISS'}")
    passed = ratio >= TARGET
    print(f"against fvcore: {ratio:.1f} (target {TARGET:g}) {'PASS' if passed else 'MISS'}")
    return 0 if same and passed else 1


if __name__ == "__main__":
    sys.exit(main())
