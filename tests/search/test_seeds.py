"""Seeds of trials."""

from __future__ import annotations

import hashlib

from scipy import stats

from vega_core.search import trial_seed


def test_it_is_the_documented_function():
    digest = hashlib.sha256(b"7:3").hexdigest()
    assert trial_seed(7, 3) == int(digest[:8], 16) // 2


def test_seeds_differ_between_trials_and_runs():
    seeds = {trial_seed(seed, trial) for seed in (-1, 0, 1, 2**70) for trial in range(1000)}
    assert len(seeds) == 4000
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_seeds_are_uniform():
    seeds = [trial_seed(0, trial) / 2**31 for trial in range(5000)]
    assert stats.kstest(seeds, "uniform").pvalue > 1e-3
