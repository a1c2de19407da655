"""The conformance kit on every algorithm of the package."""

from __future__ import annotations

from vega_algos_hpo.asha import Asha
from vega_algos_hpo.grid_search import GridSearch
from vega_algos_hpo.halving import SuccessiveHalving
from vega_algos_hpo.hyperband import Hyperband
from vega_algos_hpo.random_search import RandomSearch
from vega_algos_hpo.tpe import Tpe
from vega_core.testing import AlgorithmConformance


class TestRandomSearch(AlgorithmConformance):
    def make(self, problem):
        return RandomSearch(problem, num_samples=40)


class TestGridSearch(AlgorithmConformance):
    def make(self, problem):
        return GridSearch(problem, points=4)


class TestAsha(AlgorithmConformance):
    def make(self, problem):
        return Asha(problem, num_samples=60, max_budget=9)


class TestAshaWithoutTheLowestRung(AlgorithmConformance):
    def make(self, problem):
        return Asha(problem, num_samples=40, eta=2, max_budget=16, min_early_stopping_rate=1)


class TestSuccessiveHalving(AlgorithmConformance):
    def make(self, problem):
        return SuccessiveHalving(problem, num_samples=40, eta=3, max_budget=9)


class TestHyperband(AlgorithmConformance):
    def make(self, problem):
        return Hyperband(problem, max_budget=9, iterations=2)


class TestTpe(AlgorithmConformance):
    def make(self, problem):
        return Tpe(problem, num_samples=40, num_startup=5)
