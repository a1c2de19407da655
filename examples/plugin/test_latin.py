from latin import Latin

from vega_core.testing import AlgorithmConformance


class TestLatin(AlgorithmConformance):
    def make(self, problem):
        return Latin(problem, num_samples=20)
