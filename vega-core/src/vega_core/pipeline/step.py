"""The step contract, and what a step sees of the run around it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vega_core.execute import Executor, Limits
from vega_core.pipeline.loop import LoopSettings
from vega_core.pipeline.progress import Progress
from vega_core.pipeline.records import ModelRecord
from vega_core.plugins import Catalog
from vega_core.search import Objectives, Plan
from vega_core.store.journal import Journal
from vega_core.store.rundir import RunDir

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Output:
    """What a step leaves behind.

    Attributes:
        records: The models that it hands on, best first.
        objectives: What ranked them.
        configuration: The step's whole configuration, on which the records' overlays lie.
        trials: How many trials it made.
        failed: How many evaluations failed.
        notes: What is worth saying of it, a line each.
    """

    records: Sequence[ModelRecord]
    objectives: Objectives
    configuration: Plain
    trials: int = 0
    failed: int = 0
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class StepContext:
    """The run around a step.

    Attributes:
        name: The step's name.
        config: Its configuration as plain data, ``pipe_step`` included.
        own: Dotted names that its block sets itself; they outrank what is handed over.
        seed: Its seed, a function of the run's seed and its name.
        backend_name: Name of the backend.
        backend: Import target of its class; empty where it is not installed.
        backend_options: What its class is given.
        base: Folder of the configuration, to which its paths are relative.
        run: The run directory.
        journal: The run's journal.
        executor: Where attempts run.
        catalog: Component classes.
        settings: How results are treated.
        limits: Limits of every attempt.
        threads: Threads of every attempt.
        progress: Who watches.
        on_stop: Registers what stops the step when the run is interrupted.
        outputs: What the steps before have left, by name, in their order.
    """

    name: str
    config: Plain
    own: frozenset[str]
    seed: int
    backend_name: str
    backend: str
    backend_options: Plain
    base: Path
    run: RunDir
    journal: Journal
    executor: Executor
    catalog: Catalog
    settings: LoopSettings
    limits: Limits
    threads: int
    progress: Progress
    on_stop: Callable[[Callable[[], None]], None]
    outputs: Mapping[str, Output] = field(default_factory=dict)


class Step(ABC):
    """One step of a pipeline.

    A component class takes its own parameters as keyword arguments. The driver calls ``check``
    for every step before anything is written, and ``run`` once, in the pipeline's order; a run
    that is resumed skips steps that have finished and calls ``run`` of the one that has not,
    which finds its events in the journal. ``clean`` follows when the step's output is on the
    disk.
    """

    def check(  # noqa: B027 - may be nothing
        self, config: Plain, catalog: Catalog
    ) -> None:
        """Checks what the configuration alone cannot show; called before training starts.

        Args:
            config: The step's configuration, over that of the step that it builds on.
            catalog: Component classes.

        Raises:
            UserError: The data are missing or damaged, or the model cannot be built.
        """

    def plan(self, context: StepContext) -> Plan | None:  # noqa: ARG002
        """Returns how many trials at which budgets to expect, or None if that cannot be said."""
        return None

    @abstractmethod
    def run(self, context: StepContext) -> Output:
        """Does the step's work and returns what it hands on."""

    def clean(self, context: StepContext) -> None:  # noqa: B027 - may be nothing
        """Removes what nobody needs once the output is kept; may be called again."""
