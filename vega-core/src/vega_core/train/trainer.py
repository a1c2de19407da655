"""The trainer contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, final

from vega_core.backend import State
from vega_core.train.context import Context


class Trainer(ABC):
    """Evaluates one trial: trains a network, runs a program, calls a function.

    A component class takes its own parameters as keyword arguments. The engine makes one trainer
    an evaluation and calls ``run`` once. Most authors write ``train_process`` alone.

    Example:
        >>> class Parabola(Trainer):
        ...     def __init__(self, *, x: float = 0.0) -> None:
        ...         self.x = x
        ...
        ...     def train_process(self, context: Context) -> Mapping[str, float]:
        ...         return {"loss": (self.x - 1) ** 2}
    """

    @final
    def run(self, context: Context) -> dict[str, float]:
        """Builds, restores the trial's last checkpoint where there is one, and trains.

        Returns:
            The metrics at the evaluation's budget.
        """
        self.build(context)
        saved = context.restore()
        if saved is not None:
            self.load_state(*saved)
        return {name: float(value) for name, value in self.train_process(context).items()}

    def build(self, context: Context) -> None:  # noqa: B027 - not every trainer builds
        """Makes graphs, stores and executables; called once, before all else."""

    @abstractmethod
    def train_process(self, context: Context) -> Mapping[str, float]:
        """Trains up to ``context.budget`` and returns the metrics reached.

        It reports through ``context.report`` and, when ``context.should_stop`` turns true, saves
        and returns what it has.

        Raises:
            NotFiniteError: The loss is no longer a number; the trial ends in state ``nan``.
        """

    def state(self) -> tuple[State, dict[str, Any]]:
        """Returns what ``load_state`` needs to continue as if nothing had happened."""
        return State({}, {}, 0), {}

    def load_state(self, state: State, position: Mapping[str, Any]) -> None:  # noqa: B027
        """Takes back what ``state`` gave; called after ``build``.

        Raises:
            StateError: It does not fit what was built.
        """
