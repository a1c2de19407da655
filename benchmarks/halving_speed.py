"""Trials a second of successive halving beside Optuna's pruner.

Claim: SuccessiveHalving and AshaHpo do at least 20 times the trials a second of an in-memory Optuna
study with its SuccessiveHalvingPruner and RandomSampler, on the same space, rungs and learning
curves, at 10,000 trials.

Run: python benchmarks/halving_speed.py [--quick]
"""

from __future__ import annotations

import argparse
import sys

from _arms import judge
from asha_events import ETA, LARGEST, SPACE, optunas, ours

import vega_core as vega
from vega_core.plugins import load_catalog


def main() -> int:
    """Measures, prints, and returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2,000 trials")
    trials = 2_000 if parser.parse_args().quick else 10_000
    catalog = load_catalog()
    seconds = {}
    for name in ("SuccessiveHalving", "AshaHpo"):
        search = vega.algorithm(
            name,
            space=SPACE,
            objectives={"loss": "min"},
            catalog=catalog,
            num_samples=trials,
            eta=ETA,
            max_budget=LARGEST,
        )
        seconds[name] = ours(search)
        print(f"{name:<18} {trials / seconds[name]:9.0f} trials a second")
    theirs = optunas(trials)
    print(f"{'Optuna':<18} {trials / theirs:9.0f} trials a second")
    passed = [judge(name, theirs / own, 20) for name, own in seconds.items()]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
