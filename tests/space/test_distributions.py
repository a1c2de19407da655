"""Sampling is unbiased: chi-square and Kolmogorov-Smirnov tests with fixed seeds."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from vega_core.space import SearchSpace

stats = pytest.importorskip("scipy.stats")
N = 60_000
LEAST_P = 1e-4


def draw(item, seed=0, n=N):
    space = SearchSpace.from_config({"hyperparameters": [{"key": "x", **item}]})
    return space.sample(n, seed)["x"]


def counts_of(values):
    keys, counts = np.unique(np.asarray(values).astype(str), return_counts=True, axis=0)
    return len(keys), counts


@pytest.mark.parametrize("count", [2, 3, 5, 7, 64])
@pytest.mark.parametrize("kind", ["CATEGORY", "INT_CAT", "FLOAT_CAT", "STRING"])
def test_choices_are_equally_likely(kind, count):
    make = {"STRING": str, "FLOAT_CAT": float}.get(kind, int)
    drawn = draw({"type": kind, "range": [make(i) for i in range(count)]}, seed=count)
    found, counts = counts_of(drawn)
    assert found == count
    assert stats.chisquare(counts).pvalue > LEAST_P


def test_both_truths_are_equally_likely():
    assert stats.chisquare(counts_of(draw({"type": "BOOL"}))[1]).pvalue > LEAST_P


@pytest.mark.parametrize(("low", "high"), [(0, 1), (3, 10), (-7, 4), (1, 1000)])
def test_integers_are_uniform_with_both_ends(low, high):
    drawn = draw({"type": "INT", "range": [low, high]})
    counts = np.bincount(drawn - low, minlength=high - low + 1)
    assert counts.size == high - low + 1
    assert stats.chisquare(counts).pvalue > LEAST_P


@pytest.mark.parametrize(("low", "high"), [(1, 4), (1, 100), (8, 256)])
def test_int_exp_has_the_documented_distribution(low, high):
    drawn = draw({"type": "INT_EXP", "range": [low, high]}, seed=3)
    k = np.arange(low, high + 1)
    share = np.log((k + 0.5) / (k - 0.5)) / math.log((high + 0.5) / (low - 0.5))
    assert share.sum() == pytest.approx(1.0)
    counts = np.bincount(drawn - low, minlength=len(k))
    assert counts.size == len(k)
    assert stats.chisquare(counts, share * N).pvalue > LEAST_P


def test_float_is_uniform():
    drawn = draw({"type": "FLOAT", "range": [-2.0, 3.0]})
    assert stats.kstest(drawn, stats.uniform(-2.0, 5.0).cdf).pvalue > LEAST_P


def test_float_exp_is_uniform_in_the_logarithm():
    drawn = np.log(draw({"type": "FLOAT_EXP", "range": [1e-5, 0.1]}))
    span = math.log(0.1) - math.log(1e-5)
    assert stats.kstest(drawn, stats.uniform(math.log(1e-5), span).cdf).pvalue > LEAST_P


def test_int_array_positions_are_uniform_and_independent():
    drawn = draw({"type": "IntArray", "range": [[0, 2], [5, 6]]})
    found, counts = counts_of(drawn)
    assert found == 6
    assert stats.chisquare(counts).pvalue > LEAST_P


@pytest.mark.parametrize(
    ("item", "count"),
    [
        (
            {"type": "MultiPositionArray", "range": [64], "length": 5, "times": 2, "n": 2},
            math.comb(5, 2),
        ),
        ({"type": "BINARY_CODE", "range": [6, 2]}, math.comb(6, 2)),
        ({"type": "AdjacencyList", "range": [5]}, math.comb(5, 2)),
    ],
)
def test_subsets_are_equally_likely(item, count):
    found, counts = counts_of(draw(item))
    assert found == count
    assert stats.chisquare(counts).pvalue > LEAST_P


def test_binary_array_rows_are_uniform_and_independent():
    drawn = draw({"type": "BinaryArray", "range": [2, 3]})
    found, counts = counts_of(drawn.reshape(N, -1))
    assert found == 9
    assert stats.chisquare(counts).pvalue > LEAST_P


def test_binary_code_has_its_share_of_ones():
    drawn = draw({"type": "BINARY_CODE", "range": [200]}, n=4000)
    shares = drawn.mean(axis=1)
    assert shares.mean() == pytest.approx(0.875, abs=0.004)
    # A probability from [0.8, 0.95] for each list spreads the shares more than bits alone do.
    bits, probability = 0.875 * 0.125 / 200, 0.15**2 / 12
    assert shares.var() == pytest.approx(bits + probability, rel=0.1)


def test_half_array_is_full_or_half_with_its_probability():
    drawn = draw({"type": "HALF", "range": [64]})
    ones = drawn.sum(axis=1)
    assert set(ones.tolist()) == {32, 64}
    share = float((ones == 32).mean())
    assert stats.binomtest(int(share * N), N, 0.2).pvalue > LEAST_P
    places = drawn[ones == 32].sum(axis=0)
    assert stats.chisquare(places).pvalue > LEAST_P


def test_parameters_are_independent():
    space = SearchSpace.from_dict({"a": [0, 1, 2], "b": (0, 3), "c": (0.0, 1.0)})
    samples = space.sample(N, 5)
    table = np.zeros((3, 4))
    np.add.at(table, (samples["a"], samples["b"]), 1)
    assert stats.chi2_contingency(table).pvalue > LEAST_P
    assert abs(np.corrcoef(samples["b"], samples["c"])[0, 1]) < 4 / math.sqrt(N)


def test_forbidden_leaves_the_rest_uniform():
    space = SearchSpace.from_config(
        {
            "hyperparameters": [
                {"key": "a", "type": "INT", "range": [0, 2]},
                {"key": "b", "type": "STRING", "range": ["x", "y", "z"]},
            ],
            "forbidden": [{"a": 0, "b": "x"}, {"a": 2, "b": "z"}, {"a": 2, "b": "y"}],
        }
    )
    samples = space.sample(N, 11)
    pairs = [f"{a}{b}" for a, b in zip(samples["a"], samples["b"], strict=True)]
    keys, counts = np.unique(pairs, return_counts=True)
    allowed = {f"{a}{b}" for a, b in itertools.product(range(3), "xyz")} - {"0x", "2z", "2y"}
    assert set(keys.tolist()) == allowed
    assert stats.chisquare(counts).pvalue > LEAST_P


def test_uniform_places_decode_to_the_distribution_of_sample():
    space = SearchSpace.from_dict({"a": ["r", "s", "t"], "b": ("INT_EXP", 1, 50)})
    decoded = space.decode(np.random.default_rng(4).random((N, 2)))
    assert stats.chisquare(np.unique(decoded["a"], return_counts=True)[1]).pvalue > LEAST_P
    both = [np.bincount(s["b"], minlength=51)[1:] for s in (decoded, space.sample(N, 9))]
    assert stats.chi2_contingency(np.array(both)).pvalue > LEAST_P
