"""The densities against their definition, and what TPE makes of them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from vega_algos_hpo.density.bandwidths import by_neighbours
from vega_algos_hpo.density.columns import Columns
from vega_algos_hpo.density.history import History
from vega_algos_hpo.density.normal import erf
from vega_algos_hpo.density.parzen import Parzen
from vega_algos_hpo.tpe import Tpe
from vega_core.errors import SearchError
from vega_core.search import FAILED, algorithm
from vega_core.space import SearchSpace

SPACE = SearchSpace.from_dict(
    {"x": ("FLOAT", 0.0, 1.0), "kind": ["a", "b", "c"], "y": ("FLOAT", 0.0, 1.0)},
    [{"key": "k", "child": "y", "parent": "kind", "type": "EQUAL", "range": ["a"]}],
)
CONFIGS = [
    {"x": 0.2, "kind": "a", "y": 0.7},
    {"x": 0.9, "kind": "b"},
    {"x": 0.4, "kind": "a", "y": 0.1},
]
DEVIATIONS = np.array([[0.1, 0.2], [0.3, 0.1], [0.05, 0.5]])
SHARE = np.array([0.3])
WEIGHTS = np.array([1.0, 2.0, 3.0, 0.5])


def phi(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def cut_normal(x, mean, deviation):
    inside = phi((1 - mean) / deviation) - phi(-mean / deviation)
    density = math.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))
    return density / inside


def density(point):
    """The mixture by its definition, one kernel and one parameter after another."""
    total = WEIGHTS[-1] * (1 / 3)
    for config, (of_x, of_y), weight in zip(CONFIGS, DEVIATIONS, WEIGHTS[:-1], strict=True):
        kernel = cut_normal(point["x"], config["x"], of_x)
        kernel *= 1 - SHARE[0] if point["kind"] == config["kind"] else SHARE[0] / 2
        if "y" in point and "y" in config:
            kernel *= cut_normal(point["y"], config["y"], of_y)
        total += weight * kernel
    return total / WEIGHTS.sum()


def parzen():
    columns = Columns(SPACE)
    return columns, Parzen(columns, columns.rows(CONFIGS), WEIGHTS, DEVIATIONS, SHARE)


def grid(points):
    places = (np.arange(points) + 0.5) / points
    for x, kind in itertools.product(places, "abc"):
        for y in places if kind == "a" else [None]:
            config = {"x": float(x), "kind": kind}
            yield config if y is None else {**config, "y": float(y)}


def test_densities_equal_their_definition():
    columns, mixture = parzen()
    points = list(grid(7))
    found = np.exp(mixture.log_density(columns.rows(points)))
    assert found == pytest.approx([density(point) for point in points], rel=1e-5)


def test_densities_sum_to_one():
    columns, mixture = parzen()
    points = list(grid(60))
    volumes = [1 / 60**2 if "y" in point else 1 / 60 for point in points]
    found = np.exp(mixture.log_density(columns.rows(points)))
    assert found @ np.array(volumes) == pytest.approx(1, abs=2e-3)


def test_draws_have_the_density():
    columns, mixture = parzen()
    samples = columns.samples(*mixture.draw(40_000, np.random.default_rng(0)))
    drawn = samples.to_dicts()
    for kind in "abc":
        for low, high in ((0.0, 0.3), (0.3, 0.6), (0.6, 1.0)):
            share = np.mean([c["kind"] == kind and low <= c["x"] < high for c in drawn])
            expected = sum(
                density(c) * (1 / 60**2 if "y" in c else 1 / 60)
                for c in grid(60)
                if c["kind"] == kind and low <= c["x"] < high
            )
            error = math.sqrt(expected * (1 - expected) / len(drawn))
            assert abs(share - expected) < 4 * error + 1e-3


def test_the_error_function_is_that_of_the_standard_library():
    x = np.linspace(-6, 6, 1001)
    assert erf(x) == pytest.approx([math.erf(value) for value in x], abs=1.5e-7)


def test_bandwidths_are_the_distances_to_the_neighbours():
    space = SearchSpace.from_dict({"x": ("FLOAT", 0.0, 1.0)})
    columns = Columns(space)
    rows = columns.rows([{"x": 0.9}, {"x": 0.1}, {"x": 0.5}, {"x": 0.52}])
    # Least 1 / 6; at the ends only the distance inwards counts.
    assert by_neighbours(columns, rows)[:, 0] == pytest.approx([0.38, 0.4, 0.4, 0.38])


def test_the_best_of_a_history_are_those_of_a_sort():
    rng = np.random.default_rng(0)
    columns = Columns(SPACE)
    history, row = History(columns, 1), columns.rows(CONFIGS[:1])
    values = rng.integers(0, 20, 200).tolist()
    for value in values:
        history.add(row, None if value == 19 else (float(value),))
    expected = np.argsort(values, kind="stable")
    for count in (1, 7, 50, 200):
        assert set(history.best(count)) == set(expected[:count])


def quadratic(config):
    return (config["x"] - 0.3) ** 2 + {"a": 0.2, "b": 0.0, "c": 0.4}[config["kind"]]


def run(name, seed, **params):
    search = algorithm(name, space=SPACE, objectives="loss", seed=seed, num_samples=60, **params)
    while (proposal := search.ask()) is not None:
        search.tell(proposal.id, {"loss": quadratic(proposal.config)})
    return search


def test_it_finds_better_configurations_than_random_search():
    own = [run("TpeHpo", seed).best().values["loss"] for seed in range(20)]
    random = [run("RandomSearch", seed).best().values["loss"] for seed in range(20)]
    assert np.mean(own) < 0.5 * np.mean(random)


def test_it_begins_at_random():
    first = [trial.config for trial in run("TpeHpo", 3, num_startup=20).trials][:20]
    other = [trial.config for trial in run("TpeHpo", 3, num_startup=40).trials][:20]
    assert first == other


def test_workers_spread():
    search = run("TpeHpo", 0, num_startup=30)
    more = algorithm(Tpe, space=SPACE, objectives="loss", seed=0, num_samples=200, num_startup=20)
    for trial in search.trials[:40]:
        proposal = more.ask()
        more.tell(proposal.id, {"loss": quadratic(proposal.config)})
        assert trial.config
    waiting = [more.ask().config["x"] for _ in range(12)]
    assert len({round(x, 6) for x in waiting}) == 12


def test_failed_configurations_are_avoided():
    space = {"x": ("FLOAT", 0.0, 1.0)}
    search = algorithm(Tpe, space=space, objectives="loss", seed=0, num_samples=80)
    while (proposal := search.ask()) is not None:
        x = proposal.config["x"]
        search.tell(proposal.id, FAILED if x < 0.5 else {"loss": (x - 0.8) ** 2})
    assert np.mean([trial.config["x"] < 0.5 for trial in search.trials[40:]]) < 0.2


def test_several_objectives_reach_the_front():
    space = {"x": ("FLOAT", 0.0, 1.0), "y": ("FLOAT", 0.0, 1.0)}
    objectives = {"one": "min", "two": "min"}

    def distance(name):
        search = algorithm(name, space=space, objectives=objectives, seed=0, num_samples=120)
        while (proposal := search.ask()) is not None:
            x, y = proposal.config["x"], proposal.config["y"]
            search.tell(proposal.id, {"one": x + y, "two": 1 - x + y})
        return np.mean([trial.config["y"] for trial in search.trials[60:]])

    # y = 0 is the front, wherever x is.
    assert distance("TpeHpo") < 0.5 * distance("RandomSearch")


@pytest.mark.parametrize(
    "params",
    [{"num_samples": 0}, {"num_startup": 0}, {"num_candidates": 0}, {"gamma": 0}, {"gamma": 1.0}],
)
def test_senseless_parameters_are_refused(params):
    with pytest.raises(SearchError, match=next(iter(params))):
        algorithm(Tpe, space=SPACE, objectives="loss", **params)
