"""Evaluates a user's own function: the target of the attempts of ``vega.tune``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, final

from vega_core.execute import Channel
from vega_core.execute.functions import load_function
from vega_core.pipeline.trial import TrialHost
from vega_core.plugins import Targets
from vega_core.train import Context
from vega_core.train.function import Objective

TARGET = f"{__name__}:evaluate"
_NO_COMPONENTS = Targets.from_json({})


def evaluate(payload: Mapping[str, Any], channel: Channel) -> Mapping[str, float]:
    """Calls the function that the payload names.

    Args:
        payload: ``function``, its import target; ``config``, ``budget``, ``trial``, ``seed``;
            ``name``, what a bare number is called.
        channel: The way to the driver.
    """
    return call(_load(payload["function"]), payload, channel)


def call(objective: Objective, payload: Mapping[str, Any], channel: Channel) -> Mapping[str, float]:
    """Calls an objective with the configuration, the budget and the report of an attempt."""
    context = Context(
        config={},
        catalog=_NO_COMPONENTS,
        trial=payload["trial"],
        seed=payload["seed"],
        budget=payload["budget"],
        host=TrialHost(channel, Path()),
    )
    return objective(payload["config"], context, payload["name"])


@final
class Kept:
    """Calls an objective in this process, and keeps its last exception for who must explain it.

    Attributes:
        last: The exception that a call raised last, or None.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self.last: Exception | None = None

    def __call__(self, payload: Mapping[str, Any], channel: Channel) -> Mapping[str, float]:
        """Calls the objective."""
        try:
            return call(self._objective, payload, channel)
        except Exception as error:
            self.last = error
            raise


@cache
def _load(target: str) -> Objective:
    return Objective(load_function(target))
