"""ASHA's cost per event from 10^3 to 10^6 trials, and its trials a second beside Optuna's pruner.

Claims: with 500 simulated workers the cost of an event (an `ask` or a `tell`) stays flat within a
factor 2 from 10^3 to 10^6 trials; and a search does at least 10 times the trials a second of an
in-memory Optuna study with its SuccessiveHalvingPruner and RandomSampler on the same space, rungs
and learning curves.

Run: python benchmarks/asha_events.py [--quick]
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import statistics
import sys
import time
import timeit

import vega_core as vega
from vega_core.plugins import Catalog, load_catalog

WORKERS = 500
ETA = 3
LARGEST = 81
SPACE = {"x": ("FLOAT", 0.0, 1.0), "y": ("FLOAT", 0.0, 1.0), "z": ("FLOAT_EXP", 1e-4, 1e-1)}
FLAT_WITHIN = 2.0
TIMES_OPTUNA = 10.0


def curve(x: float, y: float, z: float, budget: float) -> float:
    """A learning curve whose floor and speed depend on the configuration."""
    floor = (x - 0.3) ** 2 + 0.5 * (y - 0.6) ** 2
    return floor + (1 + abs(math.log10(z) + 2.5)) / (1 + budget)


def make(trials: int, catalog: Catalog) -> vega.Algorithm:
    """Returns a search of that many trials."""
    return vega.algorithm(
        "AshaHpo",
        space=SPACE,
        objectives={"loss": "min"},
        seed=0,
        catalog=catalog,
        num_samples=trials,
        eta=ETA,
        max_budget=LARGEST,
    )


def cost_per_event(search: vega.Algorithm, trials: int) -> tuple[float, int]:
    """Simulates a search with 500 workers and random durations.

    Returns:
        Microseconds of processor time an event (an `ask` that gave a proposal, or a `tell`) from
        the middle of the trials to the end of the search, and the number of events in all. Neither
        the simulation beside them nor the reading of the clock counts.
    """
    chance, clock = random.Random(0), time.thread_time
    reading = timeit.timeit(clock, number=20_000) / 20_000
    running: list[tuple[float, int, vega.Proposal]] = []
    now, spent, events, middle = 0.0, 0.0, 0, (0.0, 0)
    while True:
        while len(running) < WORKERS:
            start = clock()
            proposal = search.ask()
            spent += clock() - start
            if proposal is None:
                break
            events += 1
            if proposal.trial == trials // 2 and proposal.budget == 1:
                middle = spent, events
            finish = now + proposal.budget * chance.expovariate(1.0)
            heapq.heappush(running, (finish, proposal.id, proposal))
        if not running:
            break
        now, _, proposal = heapq.heappop(running)
        metrics = {"loss": curve(*proposal.config.values(), proposal.budget)}
        start = clock()
        search.tell(proposal.id, metrics)
        spent += clock() - start
        events += 1
    assert search.done
    each = (spent - middle[0]) / (events - middle[1]) - reading
    return each * 1e6, events


def ours(search: vega.Algorithm) -> float:
    """Returns the seconds of a whole search, one evaluation at a time."""
    start = time.perf_counter()
    while (proposal := search.ask()) is not None:
        loss = curve(*proposal.config.values(), proposal.budget)
        search.tell(proposal.id, {"loss": loss})
    return time.perf_counter() - start


def optunas(trials: int) -> float:
    """Returns the seconds of a whole study: report at each rung, stop where the pruner says so."""
    import optuna

    optuna.logging.disable_default_handler()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rungs = [ETA**k for k in range(round(math.log(LARGEST, ETA)) + 1)]
    start = time.perf_counter()
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=ETA)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), pruner=pruner)
    for _ in range(trials):
        trial = study.ask()
        x, y = trial.suggest_float("x", 0.0, 1.0), trial.suggest_float("y", 0.0, 1.0)
        z = trial.suggest_float("z", 1e-4, 1e-1, log=True)
        for budget in rungs:
            loss = curve(x, y, z, budget)
            trial.report(loss, budget)
            if trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, loss)
    return time.perf_counter() - start


def main() -> int:
    """Measures, prints, and returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10^5 trials, and 1,000 beside Optuna")
    quick = parser.parse_args().quick

    catalog = load_catalog()
    print(f"cost of an event with {WORKERS} simulated workers, eta {ETA}, budgets 1 .. {LARGEST}")
    each = []
    for trials in [10**k for k in range(3, 6 if quick else 7)]:
        # A small search takes less time than the machine's moods, so it is repeated.
        repeats = max(1, 30_000 // trials)
        runs = [cost_per_event(make(trials, catalog), trials) for _ in range(repeats)]
        each.append(statistics.median(cost for cost, _ in runs))
        print(f"  {trials:>9,} trials  {runs[0][1]:>9,} events  {each[-1]:6.2f} us an event")
    flat = max(each) / min(each)
    flat_ok = flat <= FLAT_WITHIN
    verdict = "PASS" if flat_ok else "MISS"
    print(f"  largest / smallest {flat:.2f}, target <= {FLAT_WITHIN}: {verdict}")

    trials = 1_000 if quick else 5_000
    print(f"trials a second, {trials:,} trials one at a time, the same space, rungs and curves")
    mine, other = ours(make(trials, catalog)), optunas(trials)
    ratio = other / mine
    fast_ok = ratio >= TIMES_OPTUNA
    print(f"  AshaHpo {trials / mine:,.0f}; Optuna SuccessiveHalvingPruner {trials / other:,.0f}")
    print(f"  ratio {ratio:.1f}, target >= {TIMES_OPTUNA}: {'PASS' if fast_ok else 'MISS'}")
    return 0 if flat_ok and fast_ok else 1


if __name__ == "__main__":
    sys.exit(main())
