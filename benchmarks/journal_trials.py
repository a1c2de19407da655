"""Trials a second of an instant objective with a durable journal, against Optuna's SQLite storage.

Both sides draw 1,000 random configurations of one number and keep every result on the disk before
they go on. Target: 10 times the rate with 2 workers, 30 times without (in the driver's process).
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


def objective(config: dict[str, Any]) -> float:
    """An instant objective."""
    return float((config["x"] - 0.3) ** 2)


def rate_of_vega(folder: Path, trials: int, workers: int) -> float:
    """Returns trials a second; the start of the workers counts."""
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
    return trials / (time.perf_counter() - begun)


def rate_of_optuna(folder: Path, trials: int, jobs: int) -> float:
    """Returns trials a second of a study with SQLite storage."""
    study = optuna.create_study(
        storage=f"sqlite:///{folder}/optuna-{jobs}-{time.monotonic_ns()}.db",
        sampler=optuna.samplers.RandomSampler(seed=0),
    )
    begun = time.perf_counter()
    study.optimize(
        lambda trial: (trial.suggest_float("x", 0.0, 1.0) - 0.3) ** 2, n_trials=trials, n_jobs=jobs
    )
    assert len(study.trials) == trials
    return trials / (time.perf_counter() - begun)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    missed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rate_of_vega(folder, 10, 0)  # imports
        for workers, target in TARGETS.items():
            first = rate_of_vega(folder, options.trials, workers)
            peer = rate_of_optuna(folder, options.trials, max(1, workers))
            second = rate_of_vega(folder, options.trials, workers)
            ratio = min(first, second) / peer
            missed |= ratio < target
            print(
                f"{workers} workers: {first:.0f} and {second:.0f} trials/s against {peer:.1f}: "
                f"{ratio:.0f} times (target {target:.0f}): {'PASS' if ratio >= target else 'MISS'}"
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
