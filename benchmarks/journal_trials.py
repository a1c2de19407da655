"""Trials a second of an instant objective with a durable journal, against Optuna's SQLite storage.

Both sides draw 1,000 random configurations of one number and keep every result on the disk: Optuna
before it goes on, Vega within a fiftieth of a second, and before it tells anybody. Optuna's study
is run in four parts, with a whole search of Vega's before each, so that both see the same load of
the machine. Target: 10 times the rate with 2 workers (child processes, whose start counts;
Optuna's threads), 30 times without (in the driver's process).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import optuna

import vega_core as vega

TARGETS = {2: 10.0, 0: 30.0}
PARTS = 4


def objective(config: dict[str, Any]) -> float:
    """An instant objective."""
    return float((config["x"] - 0.3) ** 2)


def seconds_of_vega(folder: Path, trials: int, workers: int) -> float:
    """Returns the time of a whole search; the start of the workers counts."""
    begun = time.perf_counter()
    found = vega.tune(
        objective,
        {"x": ("FLOAT", 0.0, 1.0)},
        algorithm="RandomSearch",
        trials=trials,
        workers=workers,
        output=folder / f"vega-{workers}-{time.monotonic_ns()}",
    )
    assert len(found.trials) == trials
    return time.perf_counter() - begun


def seconds_of_optuna(study: optuna.Study, trials: int, jobs: int) -> float:
    """Returns the time of some more trials of a study."""
    begun = time.perf_counter()
    study.optimize(
        lambda trial: (trial.suggest_float("x", 0.0, 1.0) - 0.3) ** 2, n_trials=trials, n_jobs=jobs
    )
    return time.perf_counter() - begun


def compare(folder: Path, trials: int, workers: int) -> tuple[float, float]:
    """Returns the trials a second of Vega and of Optuna."""
    study = optuna.create_study(
        storage=f"sqlite:///{folder}/optuna-{workers}.db",
        sampler=optuna.samplers.RandomSampler(seed=0),
    )
    ours = theirs = 0.0
    for _ in range(PARTS):
        ours += seconds_of_vega(folder, trials, workers)
        theirs += seconds_of_optuna(study, trials // PARTS, max(1, workers))
    assert len(study.trials) == trials
    return PARTS * trials / ours, trials / theirs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="200 trials")
    options = parser.parse_args()
    trials = 200 if options.quick else options.trials
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    missed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds_of_vega(folder, 10, 0)  # imports
        for workers, target in TARGETS.items():
            ours, theirs = compare(folder, trials, workers)
            ratio = ours / theirs
            missed |= ratio < target
            print(
                f"{workers} workers, {trials} trials: {ours:.0f} trials/s against {theirs:.1f}: "
                f"{ratio:.1f} times (target {target:.0f}): {'PASS' if ratio >= target else 'MISS'}",
                flush=True,
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
