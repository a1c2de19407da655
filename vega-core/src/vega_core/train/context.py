"""What a trainer sees of the run around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from vega_core.backend import Backend, State
from vega_core.errors import RunFailed
from vega_core.plugins.creating import create

Description = Mapping[str, Any]
"""A component in a configuration: its ``type`` and its parameters."""

Saved = tuple[State, dict[str, Any]]
"""Parameters and slots, and the position (plain JSON data) that belongs to them."""

LAST, BEST = "last", "best"


class Catalog(Protocol):
    """Gives component classes by kind and name."""

    def load(self, kind: str, name: str, /) -> type[Any]:
        """Imports and returns the class."""


class Host(Protocol):
    """The process around a trial: where reports, checkpoints and questions go."""

    @property
    def should_stop(self) -> bool:
        """Whether the trial should save and return."""

    def report(self, metrics: Mapping[str, float], step: float) -> None:
        """Takes metrics from the middle of training."""

    def progress(self) -> None:
        """Notes that the trial is alive."""

    def compiling(self) -> AbstractContextManager[None]:
        """Counts the block's time as compilation."""

    def save(self, state: State, position: Mapping[str, Any], name: str) -> None:
        """Keeps a checkpoint of the trial under a name, in place of the one before."""

    def restore(self, name: str) -> Saved | None:
        """Returns the trial's checkpoint of that name."""


class LocalHost:
    """A host for use without the engine: keeps reports and checkpoints in memory.

    Attributes:
        reports: Pairs of step and metrics, in the order of arrival.
        checkpoints: The checkpoints by name.
        should_stop: Set it to make the trial save and return.
    """

    def __init__(self) -> None:
        self.reports: list[tuple[float, dict[str, float]]] = []
        self.checkpoints: dict[str, Saved] = {}
        self.should_stop = False

    def report(self, metrics: Mapping[str, float], step: float) -> None:
        self.reports.append((step, dict(metrics)))

    def progress(self) -> None:
        pass

    def compiling(self) -> AbstractContextManager[None]:
        return nullcontext()

    def save(self, state: State, position: Mapping[str, Any], name: str) -> None:
        self.checkpoints[name] = (state, dict(position))

    def restore(self, name: str) -> Saved | None:
        return self.checkpoints.get(name)


def _no_backend() -> Backend:
    raise RunFailed("this trial trains a network, but was given no backend; set general.backend")


@dataclass
class Context:
    """One evaluation of a trial, as its trainer sees it.

    Attributes:
        config: The step's configuration with the sample applied, as plain data.
        catalog: Gives component classes.
        trial: The trial's number.
        seed: The trial's seed: of parameters, order, augmentation and dropout.
        budget: Epochs in total at which the trial is to be evaluated, not added to earlier
            ones; None for all that the trainer is configured for.
        max_budget: The largest budget that a trial of this step may reach; the length of
            schedules where the trainer's configuration gives none.
        folder: The trial's folder.
        base: Folder from which relative paths of the configuration are taken.
        threads: Threads that the trial may use.
        sample: The sampled values by the names of the search space.
        splits: Splits on which the finished model is measured besides ``val``; their metrics
            carry the split's name in front, as in ``test_accuracy``.
        parameters: Parameters to start from in place of random ones, by name.
        make_backend: Makes the backend when it is first used.
        host: The process around the trial.
    """

    config: Mapping[str, Any]
    catalog: Catalog
    trial: int = 0
    seed: int = 0
    budget: float | None = None
    max_budget: float | None = None
    folder: Path = field(default_factory=Path)
    base: Path = field(default_factory=Path)
    threads: int = 1
    sample: Mapping[str, Any] = field(default_factory=dict)
    splits: tuple[str, ...] = ()
    parameters: Mapping[str, Any] | None = None
    make_backend: Callable[[], Backend] = _no_backend
    host: Host = field(default_factory=LocalHost)

    @cached_property
    def backend(self) -> Backend:
        """The backend; the framework is imported here."""
        return self.make_backend()

    @property
    def should_stop(self) -> bool:
        """Whether to save and return; cheap enough for every step."""
        return self.host.should_stop

    def report(self, metrics: Mapping[str, float], step: float) -> None:
        """Reports metrics from the middle of training.

        Args:
            metrics: Numbers by name; only what was measured at this step.
            step: Cumulative budget (epochs) that they were reached at.
        """
        self.host.report(metrics, step)

    def progress(self) -> None:
        """Tells that the trial is alive; cheap enough for every step."""
        self.host.progress()

    def compiling(self) -> AbstractContextManager[None]:
        """Returns a block whose time counts as compilation."""
        return self.host.compiling()

    def save(self, state: State, position: Mapping[str, Any], name: str = LAST) -> None:
        """Keeps a checkpoint.

        Args:
            state: Parameters and slots.
            position: Plain JSON data that says where training stands.
            name: ``last`` is what a later evaluation of the trial continues from; ``best``
                is what the trial hands on where it is there.
        """
        self.host.save(state, position, name)

    def restore(self, name: str = LAST) -> Saved | None:
        """Returns the trial's checkpoint of that name, or None where there is none."""
        return self.host.restore(name)

    def create(self, kind: str, description: str | Description, *args: Any) -> Any:
        """Makes a component from its description.

        Args:
            kind: Kind of the component, such as ``metric``.
            description: Its type and parameters, or only its type.
            *args: Arguments that come before the configured ones.

        Raises:
            ConfigError: The description has no type, or parameters that the component
                does not take.
        """
        return create(self.catalog.load, kind, description, *args)
