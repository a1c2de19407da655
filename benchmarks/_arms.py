"""Timing alternatives side by side in one process, for the benchmarks of this folder."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Arm = Callable[[], object]


def times(
    arms: Mapping[str, Arm],
    rounds: int,
    repeats: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Returns milliseconds a call of each arm, a value a round; the order changes every round."""
    for arm in arms.values():
        for _ in range(3):
            arm()
    found: dict[str, list[float]] = {name: [] for name in arms}
    names = list(arms)
    for index in range(rounds):
        start = index % len(names)
        order = names[start:] + names[:start]
        for name in order if index % 2 == 0 else order[::-1]:
            begin = clock()
            for _ in range(repeats):
                arms[name]()
            found[name].append((clock() - begin) * 1000 / repeats)
    return found


def report(found: Mapping[str, list[float]]) -> dict[str, float]:
    """Prints the median and the quartiles of each arm, and returns the medians."""
    medians = {}
    for name, values in found.items():
        low, middle, high = statistics.quantiles(values, n=4)
        medians[name] = middle
        print(f"  {name:<24} {middle:9.3f} ms   quartiles {low:.3f} to {high:.3f}")
    return medians


def first_calls(arms: Mapping[str, Arm]) -> None:
    """Calls each arm once, which traces and compiles, and prints how long that took."""
    for name, arm in arms.items():
        begin = time.perf_counter()
        arm()
        print(f"  {name:<24} {time.perf_counter() - begin:9.2f} s    first call")


def judge(name: str, ratio: float, target: float) -> bool:
    """Prints a ratio against its target."""
    print(f"{name}: {ratio:.3f} (target {target}) {'PASS' if ratio >= target else 'MISS'}")
    return ratio >= target
