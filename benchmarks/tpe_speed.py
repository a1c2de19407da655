"""Suggestions a second of TpeHpo beside Optuna's TPESampler.

Claims, in a space of 10 floats, 5 integers and 5 categories: at 1,000 observations at least 10
times the suggestions a second of Optuna's `TPESampler`, in its univariate form and in the
multivariate one, which is its default; and the cost of a suggestion grows no faster than n log n
to 20,000 observations.

Run: python benchmarks/tpe_speed.py [--quick]
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time

import numpy as np
from _arms import judge

import vega_core as vega
from vega_core.plugins import load_catalog

SPACE = {
    **{f"x{place}": ("FLOAT", 0.0, 1.0) for place in range(10)},
    **{f"n{place}": ("INT", 1, 50) for place in range(5)},
    **{f"c{place}": list("abcde") for place in range(5)},
}


def loss(config: dict[str, object]) -> float:
    """A smooth function of all parameters."""
    floats = sum((float(str(config[f"x{place}"])) - 0.3) ** 2 for place in range(10))
    integers = sum(abs(int(str(config[f"n{place}"])) - 20) / 50 for place in range(5))
    return floats + integers + sum(config[f"c{place}"] != "c" for place in range(5))


def ours(observed: int, asked: int) -> float:
    """Returns the seconds of a suggestion after so many observations."""
    search = vega.algorithm(
        "TpeHpo",
        space=SPACE,
        objectives={"loss": "min"},
        catalog=load_catalog(),
        num_samples=observed + asked,
        num_startup=observed,
    )
    for _ in range(observed):
        proposal = search.ask()
        search.tell(proposal.id, {"loss": loss(proposal.config)})
    found = []
    for _ in range(asked):
        start = time.process_time()
        proposal = search.ask()
        search.tell(proposal.id, {"loss": loss(proposal.config)})
        found.append(time.process_time() - start)
    return statistics.median(found)


def optunas(observed: int, asked: int, multivariate: bool) -> float:
    """Returns the seconds of a suggestion of Optuna's after so many observations."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space: dict[str, optuna.distributions.BaseDistribution] = {
        **{f"x{place}": optuna.distributions.FloatDistribution(0, 1) for place in range(10)},
        **{f"n{place}": optuna.distributions.IntDistribution(1, 50) for place in range(5)},
        **{f"c{p}": optuna.distributions.CategoricalDistribution(list("abcde")) for p in range(5)},
    }
    sampler = optuna.samplers.TPESampler(seed=0, multivariate=multivariate)
    study = optuna.create_study(sampler=sampler)
    rng = np.random.default_rng(0)
    for _ in range(observed):
        config = {
            **{f"x{place}": float(rng.random()) for place in range(10)},
            **{f"n{place}": int(rng.integers(1, 51)) for place in range(5)},
            **{f"c{place}": str(rng.choice(list("abcde"))) for place in range(5)},
        }
        study.add_trial(
            optuna.trial.create_trial(params=config, distributions=space, value=loss(config))
        )
    found = []
    for _ in range(asked):
        start = time.process_time()
        trial = study.ask(space)
        study.tell(trial, loss(trial.params))
        found.append(time.process_time() - start)
    return statistics.median(found)


def main() -> int:
    """Measures, prints, and returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5,000 observations at most")
    largest = 5_000 if parser.parse_args().quick else 20_000
    own = ours(1000, 100)
    print(f"at 1,000 observations: TpeHpo {1 / own:.0f} suggestions a second")
    passed = []
    for multivariate in (False, True):
        theirs = optunas(1000, 20, multivariate)
        name = f"{'multivariate' if multivariate else 'univariate'} TPESampler"
        print(f"{name}: {1 / theirs:.0f} suggestions a second")
        passed.append(judge(f"TpeHpo against {name}", theirs / own, 10))
    much = ours(largest, 30)
    print(f"at {largest:,} observations: {1 / much:.0f} suggestions a second")
    allowed = largest * math.log(largest) / (1000 * math.log(1000))
    passed.append(judge("growth allowed over growth seen", allowed / (much / own), 1))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
