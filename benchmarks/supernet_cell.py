"""A step through one individual of a supernet, against that individual alone.

A cell of 6 edges with 8 candidates each (none, identity, two poolings, two separable and two
dilated convolutions), batch 64 of 16x16 with 16 channels, SGD with momentum.

- 200 different individuals in a row: programs built after the first 20 (target 0).
- A drop probability that rises over 100 steps: programs built (target 0).
- A step changes no byte of what other branches own, slots and statistics included.
- One individual: a step through the supernet, against the graph of that individual compiled alone,
  in the better of the backend's modes (target: at most 2 times); the arms take turns.

Run: ``python benchmarks/supernet_cell.py [--backend tf] [--threads N] [--rounds N]``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import _backends
import numpy as np

from vega_core import nn
from vega_core.backend import SGD, Backend, Executable, TrainSpec

EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
KINDS = 8
FIXED = ((4, 6, 2, 1, 5, 7), (1, 2, 3, 1, 2, 3), (4, 4, 5, 5, 6, 7))
"""Individuals that are timed: mixed, without parameters, and of convolutions alone."""

MODES: dict[str, tuple[dict[str, Any], ...]] = {
    "tf": ({"compile": "graph"}, {"compile": "xla"}),
    "ms": ({"compile": "graph"}, {"compile": "eager"}),
}
"""Options of the modes that an individual alone is timed in, where there are several to try."""

TARGET = 2.0
RULE = TrainSpec(SGD(lr=0.01, momentum=0.9, weight_decay=1e-4))


class Depthwise(nn.Block):
    """A rectifier, a depthwise and a pointwise convolution, and a norm, once or twice."""

    kernel: int
    dilation: int = 1
    times: int = 1

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        for number in range(self.times):
            channels = x.channels
            x = nn.Conv(
                channels,
                self.kernel,
                padding=self.dilation * (self.kernel // 2),
                dilation=self.dilation,
                groups=channels,
                bias=False,
                name=f"depthwise{number}",
            )(nn.relu(x))
            x = nn.BatchNorm(name=f"norm{number}")(
                nn.Conv(channels, 1, bias=False, name=f"pointwise{number}")(x)
            )
        return x


class Cell(nn.Network):
    """A stem, the cell and a head."""

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        kept = 1.0 - nn.control("drop", 0.0)
        nodes = [nn.Conv(16, 3, bias=False, name="stem")(image)]
        for target in (1, 2, 3):
            terms = [
                nn.choice(
                    f"edge{source}{target}", candidates(f"edge{source}{target}"), nodes[source]
                )
                for source, end in EDGES
                if end == target
            ]
            total = terms[0]
            for term in terms[1:]:
                total = total + term
            nodes.append(total * kept)
        x = nn.flatten(nn.global_average_pool(nodes[1] + nodes[2] + nodes[3]))
        return nn.Linear(10, name="head")(x)


def candidates(name: str) -> list[Callable[[nn.Tensor], nn.Tensor]]:
    """Returns the candidates of an edge."""
    return [
        lambda x: x * 0.0,
        lambda x: x,
        lambda x: nn.max_pool(x, 3, stride=1, padding=1),
        lambda x: nn.average_pool(x, 3, stride=1, padding=1),
        Depthwise(3, times=2, name=f"{name}.sep3"),
        Depthwise(5, times=2, name=f"{name}.sep5"),
        Depthwise(3, 2, name=f"{name}.dil3"),
        Depthwise(5, 2, name=f"{name}.dil5"),
    ]


def supernet() -> nn.Graph:
    """Returns the cell with its loss."""
    model = nn.trace(Cell(), {"image": nn.batched((3, 16, 16))})
    return nn.compose(model, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})


def numbers(individual: tuple[int, ...]) -> dict[str, int]:
    """Returns the controls of an individual."""
    names = (f"edge{source}{target}" for source, target in EDGES)
    return dict(zip(names, individual, strict=True))


def ready(backend: Backend, graph: nn.Graph) -> Executable:
    """Returns a graph over a new store."""
    return backend.compile(graph, backend.store(nn.initial_parameters(graph, 0)), train=RULE)


def timed(step: Callable[[], Any]) -> float:
    """Returns the milliseconds of a step, until its loss is known."""
    begin = time.perf_counter()
    float(step().loss)
    return (time.perf_counter() - begin) * 1000


def judge(name: str, value: float, target: float) -> bool:
    """Prints a value against its target."""
    print(f"{name}: {value:.3g} (target at most {target}) {'PASS' if value <= target else 'MISS'}")
    return value <= target


def in_a_row(backend: Backend, batch: Mapping[str, Any]) -> bool:
    """Trains 200 different individuals, and a rising drop probability."""
    graph = supernet()
    whole, rng = ready(backend, graph), np.random.default_rng(1)
    spent, built = [], 0
    for step in range(200):
        individual = tuple(rng.integers(0, KINDS, len(EDGES)).tolist())
        spent.append(timed(lambda i=individual: whole.train_step(batch, numbers(i))))
        if step == 19:
            built = backend.compiles
    print(f"  200 individuals: {sum(spent) / 1000:.1f} s, of which the first 20 took ", end="")
    print(f"{sum(spent[:20]) / 1000:.1f} s; {built} programs")
    print(f"  a step takes {statistics.median(spent):.1f} ms")
    more = backend.compiles - built
    before = backend.compiles
    for step in range(100):
        whole.train_step(batch, {**numbers(FIXED[0]), "drop": step / 200})
    return all(
        [
            judge("programs built after the first 20 individuals", more, 0),
            judge("programs built by a rising drop probability", backend.compiles - before, 0),
            untouched(whole, batch),
        ]
    )


def untouched(whole: Executable, batch: Mapping[str, Any]) -> bool:
    """Checks the bytes of what a step does not use."""
    used = set(nn.specialised(whole.graph, numbers(FIXED[0])).parameters)
    before = whole.store.export()
    whole.train_step(batch, numbers(FIXED[0]))
    after = whole.store.export()
    changed = {n for n, a in after.parameters.items() if (a != before.parameters[n]).any()}
    changed |= {
        n.rpartition("/")[0] for n, a in after.slots.items() if (a != before.slots[n]).any()
    }
    assert changed, "nothing moved"
    return judge("parameters changed beside those in use", len(changed - used), 0)


def against_alone(
    backend: Backend, others: Mapping[str, Backend], batch: Mapping[str, Any], rounds: int
) -> bool:
    """Times individuals through the supernet and alone."""
    passed = []
    whole = ready(backend, supernet())
    for individual in FIXED:
        arms: dict[str, Callable[[], Any]] = {
            "supernet": lambda i=individual: whole.train_step(batch, numbers(i))
        }
        for mode, other in others.items():
            alone = ready(other, nn.specialised(supernet(), numbers(individual)))
            arms[f"alone{mode}"] = lambda e=alone: e.train_step(batch)
        for arm in arms.values():
            timed(arm)
            timed(arm)
        found: dict[str, list[float]] = {arm: [] for arm in arms}
        for turn in range(rounds):
            for arm in list(arms)[:: 1 if turn % 2 else -1]:
                found[arm].append(timed(arms[arm]))
        medians = {arm: statistics.median(values) for arm, values in found.items()}
        print("  " + ", ".join(f"{arm} {value:.1f} ms" for arm, value in medians.items()))
        best = min(value for arm, value in medians.items() if arm != "supernet")
        passed.append(judge(f"individual {individual}", medians["supernet"] / best, TARGET))
    return all(passed)


def measure(options: argparse.Namespace) -> int:
    """Measures one backend, prints and returns the exit code."""
    backend = _backends.made(options.backend, threads=options.threads)  # for the whole process
    others = {
        "".join(f", {value}" for value in mode.values()): _backends.made(options.backend, **mode)
        for mode in MODES.get(options.backend, ({},))
    }
    rng = np.random.default_rng(0)
    batch = {
        "image": rng.standard_normal((64, 3, 16, 16)).astype(np.float32),
        "label": rng.integers(0, 10, 64),
    }
    passed = [in_a_row(backend, batch), against_alone(backend, others, batch, options.rounds)]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    sys.exit(_backends.main(measure, parser))
