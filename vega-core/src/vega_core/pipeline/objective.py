"""Evaluates a user's own function: the target of the attempts of ``vega.tune``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from vega_core.execute import Channel
from vega_core.execute.functions import load_function
from vega_core.pipeline.trial import TrialHost
from vega_core.plugins import Targets
from vega_core.train import Context
from vega_core.train.function import call_objective

TARGET = f"{__name__}:evaluate"
Objective = Callable[..., Any]


def evaluate(payload: Mapping[str, Any], channel: Channel) -> Mapping[str, float]:
    """Calls the function that the payload names.

    Args:
        payload: ``function``, its import target; ``config``, ``budget``, ``trial``, ``seed``;
            ``name``, what a bare number is called.
        channel: The way to the driver.
    """
    return call(_load(payload["function"]), payload, channel)


def call(function: Objective, payload: Mapping[str, Any], channel: Channel) -> Mapping[str, float]:
    """Calls an objective with the configuration, the budget and the report of an attempt."""
    context = Context(
        config={},
        catalog=Targets.from_json({}),
        trial=payload["trial"],
        seed=payload["seed"],
        budget=payload["budget"],
        host=TrialHost(channel, Path()),
    )
    return call_objective(function, payload["config"], context, payload["name"])


@cache
def _load(target: str) -> Objective:
    return load_function(target)
