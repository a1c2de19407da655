from vega_core import Algorithm, Provider, hookimpl
from vega_core.search import Suggestion


@hookimpl
def vega_algorithms():
    yield Provider("Latin", f"{__name__}:Latin", "Every part of every range once.")


class Latin(Algorithm):
    def __init__(self, problem, *, num_samples: int = 20):
        super().__init__(problem)
        rows = self.rng.permuted([range(num_samples)] * len(problem.space.dimensions), axis=1)
        self.left = problem.space.to_dicts(problem.space.decode((rows.T + 0.5) / num_samples))

    def _ask(self):
        return Suggestion(self.left.pop()) if self.left else None

    def _tell(self, proposal, outcome): ...

    def _done(self):
        return not self.left
