"""Sampling the search space of the paper's section 4.1, beside ConfigSpace.

Claims: 100,000 configurations as dictionaries at 20 times the rate of ``sample_configuration`` and
``dict()`` of each; as columns at 20 times ``sample_configuration`` alone. Both libraries sample the
same eight parameters and the momentum that only SGD has, and both keep choices as indices until
they are read; a third line, which is no claim, has ours read every column and ConfigSpace none.
The arms alternate in one process, and medians are compared.

Run: python benchmarks/space_sampling.py [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from vega_core.space import SearchSpace

TARGET = 20.0
CLAIMS = ("dictionaries", "columns")
SPACE: dict[str, list[dict[str, Any]]] = {
    "hyperparameters": [
        {"key": "dataset.batch_size", "type": "INT_CAT", "range": [8, 16, 32, 64, 128, 256]},
        {
            "key": "dataset.transformers",
            "type": "STRING",
            "range": ["Cutout", "Rotate", "Brightness", "Color"],
        },
        {"key": "trainer.optim.params.lr", "type": "FLOAT_EXP", "range": [0.00001, 0.1]},
        {"key": "trainer.optim.type", "type": "STRING", "range": ["Adam", "SGD"]},
        {"key": "trainer.optim.params.momentum", "type": "FLOAT", "range": [0.0, 0.99]},
        {"key": "network.custom.G1_nodes", "type": "INT", "range": [3, 10]},
        {"key": "network.custom.G1_K", "type": "INT", "range": [2, 5]},
        {"key": "network.custom.G1_P", "type": "FLOAT", "range": [0.1, 1.0]},
    ],
    "condition": [
        {
            "key": "condition_for_sgd_momentum",
            "child": "trainer.optim.params.momentum",
            "parent": "trainer.optim.type",
            "type": "EQUAL",
            "range": ["SGD"],
        }
    ],
}


Arm = Callable[[], object]


def configspace() -> Any:
    """Returns the same space for ConfigSpace."""
    import ConfigSpace

    of_type: dict[str, Callable[[str, list[Any]], Any]] = {
        "INT_CAT": ConfigSpace.Categorical,
        "STRING": ConfigSpace.Categorical,
        "INT": lambda key, ends: ConfigSpace.Integer(key, tuple(ends)),
        "FLOAT": lambda key, ends: ConfigSpace.Float(key, tuple(ends)),
        "FLOAT_EXP": lambda key, ends: ConfigSpace.Float(key, tuple(ends), log=True),
    }
    space = ConfigSpace.ConfigurationSpace(seed=0)
    space.add([of_type[p["type"]](p["key"], p["range"]) for p in SPACE["hyperparameters"]])
    for item in SPACE["condition"]:
        child, parent = space[item["child"]], space[item["parent"]]
        space.add(ConfigSpace.EqualsCondition(child, parent, item["range"][0]))
    return space


def arms(count: int) -> dict[str, tuple[Arm, Arm]]:
    """Returns what is compared: our arm and theirs."""
    ours, theirs = SearchSpace.from_config(SPACE), configspace()
    rng = np.random.default_rng(0)

    def dictionaries() -> object:
        return [dict(config) for config in theirs.sample_configuration(count)]

    def read() -> object:
        samples = ours.sample(count, rng)
        return [(samples[name], samples.active[name]) for name in samples]

    def alone() -> object:
        return theirs.sample_configuration(count)

    return {
        "dictionaries": (lambda: ours.sample(count, rng, as_dicts=True), dictionaries),
        "columns": (lambda: ours.sample(count, rng), alone),
        "columns read": (read, alone),
        "one dictionary": (
            lambda: ours.sample(1, rng, as_dicts=True),
            lambda: dict(theirs.sample_configuration()),
        ),
    }


def seconds(work: Arm) -> float:
    """Returns how long one call takes, its result's end not counted."""
    start = time.perf_counter()
    result = work()
    taken = time.perf_counter() - start
    del result
    return taken


def compare(our_arm: Arm, their_arm: Arm, repetitions: int) -> tuple[float, float]:
    """Returns the median seconds of both arms, run in turn after one call of ours to warm up."""
    seconds(our_arm)
    pairs = [(seconds(our_arm), seconds(their_arm)) for _ in range(repetitions)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return ours, theirs


def main() -> int:
    """Runs the comparisons and returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions and samples")
    count, repetitions = (20_000, 5) if parser.parse_args().quick else (100_000, 5)
    missed = False
    print(f"{count:,} samples, medians of {repetitions}")
    for name, (our_arm, their_arm) in arms(count).items():
        ours, theirs = compare(our_arm, their_arm, repetitions)
        verdict = ""
        if name in CLAIMS:
            met = theirs / ours >= TARGET
            missed |= not met
            verdict = f"  target {TARGET:.0f}  {'PASS' if met else 'MISS'}"
        print(
            f"{name:<15} vega {1e3 * ours:9.3f} ms  ConfigSpace {1e3 * theirs:9.3f} ms  "
            f"ratio {theirs / ours:6.1f}{verdict}"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
