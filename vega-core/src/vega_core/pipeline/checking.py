"""Checks the steps of a configuration before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vega_core.config import Diagnostic, InvalidConfigError, RunConfig
from vega_core.config.locate import located
from vega_core.errors import UserError
from vega_core.pipeline.handover import inherited
from vega_core.pipeline.step import Step
from vega_core.plugins import Catalog


def make_step(config: RunConfig, catalog: Catalog, name: str) -> Step:
    """Makes a step as the configuration describes it."""
    described = dict(config.steps[name].pipe_step)
    step: Step = catalog.load("step", described.pop("type"))(**described)
    return step


def whole_configurations(config: RunConfig) -> dict[str, dict[str, Any]]:
    """Returns each step's configuration as the step will see it, with what it takes over."""
    whole: dict[str, dict[str, Any]] = {}
    for name in config.pipeline:
        whole[name] = inherited(config.steps[name].plain(), whole)
    return whole


class Faults:
    """What keeps the steps of a configuration from working, each with its place in the file."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._found: dict[Diagnostic, None] = {}

    @contextmanager
    def noting(self, step: str) -> Iterator[None]:
        """Notes a user's mistake that is found inside the block."""
        try:
            yield
        except UserError as error:
            for found in located(self._config, step, error).diagnostics:
                if not self._is_taken_over(found):
                    self._found[found] = None

    def _is_taken_over(self, found: Diagnostic) -> bool:
        """Whether a fault lies in what another step has written, where it is noted already."""
        root = self._config.root
        written = root is None or root.get(*found.path[:2]) is not None
        return not written and any(found.message == other.message for other in self._found)

    def raise_any(self) -> None:
        """Raises what was noted as one error.

        Raises:
            InvalidConfigError: Something was noted.
        """
        if self._found:
            raise InvalidConfigError(self._found)


def note_faults(faults: Faults, config: RunConfig, catalog: Catalog) -> None:
    """Checks data, models and algorithms of every step, and notes what is wrong."""
    for name, whole in whole_configurations(config).items():
        with faults.noting(name):
            make_step(config, catalog, name).check(whole, catalog)


def check_steps(config: RunConfig, catalog: Catalog) -> None:
    """Checks data, models and algorithms of every step; nothing is written.

    Raises:
        InvalidConfigError: Steps cannot work as configured; each fault has its place.
    """
    faults = Faults(config)
    note_faults(faults, config, catalog)
    faults.raise_any()
