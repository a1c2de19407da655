"""What listeners hear of a run, and how it reaches them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from vega_core.plugins.catalog import Catalog
from vega_core.plugins.plugin import Implementation

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunEvent:
    """A run that starts or has ended.

    Attributes:
        folder: The run directory, or None where nothing is written.
        config: The effective configuration as plain data.
        state: ``running``, ``ok``, ``partial``, ``failed`` or ``interrupted``.
        seconds: Wall time of this driver so far.
        resumed: Whether an earlier driver had begun the run.
    """

    folder: Path | None
    config: Mapping[str, Any]
    state: str
    seconds: float = 0.0
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class StepEvent:
    """A step of the pipeline that has ended.

    Attributes:
        folder: The step's folder, or None where nothing is written.
        step: The step's name in the configuration.
        state: ``ok``, ``partial``, ``failed`` or ``interrupted``.
        trials: How many trials it has.
        failed: How many of them failed.
        seconds: Wall time of the step.
        models: What it hands on, best first, as in ``output.json``.
    """

    folder: Path | None
    step: str
    state: str
    trials: int = 0
    failed: int = 0
    seconds: float = 0.0
    models: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class TrialEvent:
    """An evaluation of a trial that has ended.

    Attributes:
        step: The step's name in the configuration.
        trial: The trial's number in its step.
        budget: Epochs in total (cumulative) at which the trial was evaluated.
        state: How it ended: ``ok``, ``pruned``, ``failed``, ``nan``, ``timed_out``, ``oom``,
            ``lost`` or ``cancelled``.
        config: The names that were sampled and their values.
        metrics: What was measured; empty where it failed.
        reason: Why it failed; empty where it did not.
        seconds: Wall time of its last attempt.
        attempt: Number of its last attempt, from 1.
    """

    step: str
    trial: int
    budget: float
    state: str
    config: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    seconds: float = 0.0
    attempt: int = 1


@final
class Events:
    """Calls the implementations of event hooks, each guarded.

    A listener that raises is logged once with its traceback, and called again at the next event:
    it never fails a trial, and a fault of the moment does not silence it.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._complained: set[tuple[str, str]] = set()

    def emit(self, hook: str, **arguments: Any) -> None:
        """Calls every implementation of an event hook, by plugin.

        Args:
            hook: The hook's name, such as ``vega_trial_finished``.
            arguments: The hook's arguments; an implementation gets those that it takes.
        """
        for plugin, listener in self._catalog.listeners(hook):
            try:
                listener.function(**{name: arguments[name] for name in listener.arguments})
            except (Exception, SystemExit):
                self._complain(plugin.label, listener)

    def _complain(self, plugin: str, listener: Implementation) -> None:
        if (plugin, listener.hook) in self._complained:
            return
        self._complained.add((plugin, listener.hook))
        _LOG.warning("%s of plugin %s failed", listener.hook, plugin, exc_info=True)
