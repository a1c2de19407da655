"""Random draws: functions of (seed, step, node), and what they are distributed as."""

from __future__ import annotations

import numpy as np

from vega_core import nn
from vega_core.arrays import Array
from vega_core.backend import SGD, Controls, Executable, TrainSpec
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.models import Draws
from vega_core.testing.compare import check_close, check_differs, check_same_bytes, require

RATE, WIDTH, SIZE = 0.3, 64, 256
NAMES = ("one", "other", "rows", "uniform", "normal")


class DrawTests(BackendKit):
    """Dropout, drop path and draws of both distributions, on ones."""

    def test_draws_are_a_function_of_seed_step_and_node(self) -> None:
        """Not of what was drawn before, of the backend, or of NumPy's generator."""
        executable = self._drawing()
        first = self._drawn(executable, {"seed": 3, "step": 7})
        np.random.default_rng(0).random()
        again = self._drawn(executable, {"seed": 3, "step": 7})
        fresh = self._drawn(self._drawing(fresh=True), {"seed": 3, "step": 7})
        check_same_bytes(again, first, "the same seed and step")
        check_same_bytes(fresh, first, "the same seed and step in a new backend")
        for controls in ({"seed": 3, "step": 8}, {"seed": 4, "step": 7}, {"seed": 7, "step": 3}):
            other = self._drawn(executable, controls)
            for name in NAMES:
                check_differs(other[name], first[name], f"{name!r} at {controls}")
        check_differs(first["one"], first["other"], "two nodes at one step")

    def test_the_step_is_the_stores_position(self) -> None:
        executable = self._drawing()
        given = _ones()
        seen = [executable.train_step(given, {"seed": 3}) for _ in range(3)]
        for step, result in enumerate(seen):
            expected = self._drawn(self._drawing(), {"seed": 3, "step": step})
            check_same_bytes({n: result[n] for n in NAMES}, expected, f"step {step}")
            check_differs(result["one"], seen[step - 1]["one"], f"step {step} and another")

    def test_dropout(self) -> None:
        """A share of zeros, the others scaled up; a rate of 0 keeps all."""
        executable = self._drawing()
        for rate in (RATE, 0.8):
            rates = {"one.rate": rate, "rows.rate": rate, "other.rate": 0.0}
            drawn = self._drawn(executable, rates)
            for name in ("one", "rows"):
                kept = drawn[name] != 0
                full = np.full(int(kept.sum()), 1 / (1 - rate))
                check_close(drawn[name][kept], full, self.tolerance, f"what {name!r} keeps")
                count = kept.size if name == "one" else SIZE
                _near(float(kept.mean()), 1 - rate, 0.5, count, f"{name!r} at {rate}")
            rows = drawn["rows"]
            require(bool((rows == rows[:, :1]).all()), "drop path cuts through samples")
            require(bool((drawn["other"] == 1).all()), "a rate of 0 drops")

    def test_uniform_draws(self) -> None:
        drawn = self._drawn(self._drawing(), {"seed": 1})["uniform"]
        require(drawn.shape == (SIZE, WIDTH), f"the shape is {drawn.shape}")
        require(bool((drawn >= 0).all() and (drawn < 1).all()), "draws outside of [0, 1)")
        _spread(np.asarray(drawn * 12**0.5 - 3**0.5), "uniform draws")
        counts, _ = np.histogram(drawn, 10, (0, 1))
        for part in counts / drawn.size:
            _near(float(part), 0.1, 0.3, drawn.size, "a tenth of uniform draws")

    def test_normal_draws(self) -> None:
        drawn = self._drawn(self._drawing(), {"seed": 1})["normal"]
        _spread(drawn, "normal draws")
        for bound, share in ((1.0, 0.682689), (2.0, 0.954500)):
            inside = float((np.abs(drawn) < bound).mean())
            _near(inside, share, 0.5, drawn.size, f"normal draws within {bound}")

    def test_nothing_is_dropped_in_prediction(self) -> None:
        executable = self._drawing()
        predicted = executable.predict(_ones(), {"seed": 5})
        for name in ("one", "other", "rows"):
            require(bool((predicted[name] == 1).all()), f"{name!r} drops in prediction")

    def _drawing(self, *, fresh: bool = False) -> Executable:
        graph = nn.trace(Draws(RATE, WIDTH), {"x": nn.batched((WIDTH,))})
        backend = self.backend() if fresh else self.warm
        return self.ready(graph, TrainSpec(SGD(lr=0.0)), backend=backend)

    def _drawn(self, executable: Executable, controls: Controls) -> dict[str, Array]:
        result = executable.train_step(_ones(), controls)
        return {name: result[name] for name in NAMES}


def _ones() -> dict[str, Array]:
    return {"x": np.ones((SIZE, WIDTH), np.float32)}


def _spread(drawn: Array, where: str) -> None:
    """Checks mean 0 and variance 1, of all and of samples and places apart."""
    _near(float(drawn.mean()), 0.0, 1.0, drawn.size, f"the mean of {where}")
    _near(float(drawn.var()), 1.0, 1.5, drawn.size, f"the variance of {where}")
    for axis in (0, 1):
        means = drawn.mean(axis) * drawn.shape[axis] ** 0.5
        _near(float(means.var()), 1.0, 1.5, means.size, f"{where} along axis {axis}")


def _near(value: float, expected: float, deviation: float, n: int, where: str) -> None:
    """Checks that a mean of n draws is within 6 of its standard deviations."""
    near = abs(value - expected) < 6 * deviation / n**0.5
    require(near, f"{where}: {value:.4f} instead of about {expected:.4f}")
