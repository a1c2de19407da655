"""A function of two numbers with three equal minima (Branin, 1972); the least value is 0.398."""

import math


def objective(config):
    """Returns Branin's function of ``x`` and ``y``."""
    x, y = config["x"], config["y"]
    bend = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10
