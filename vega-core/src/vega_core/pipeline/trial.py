"""What a worker does with an attempt: builds the context, and runs the trainer in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

from vega_core.backend import Backend, State
from vega_core.execute import Channel
from vega_core.pipeline.model_io import read_model
from vega_core.plugins import Targets, load_target
from vega_core.store.atomic import read_json
from vega_core.store.tensors import load_state, save_state
from vega_core.train import Context, Trainer
from vega_core.train.context import Saved

TARGET = f"{__name__}:run_trial"


def run_trial(payload: Mapping[str, Any], channel: Channel) -> Mapping[str, float]:
    """Evaluates one trial at one budget; the target of every attempt of a training step.

    Args:
        payload: ``config`` with the sample applied; ``sample``, ``trial``, ``seed``, ``budget``,
            ``max_budget``, ``splits`` and ``threads``; ``folder``, the trial's; ``base``, the configuration's; ``components``, the file that
            holds the import targets; ``backend``, the import target of the backend's class;
            ``parameters``, a ``model.json`` to start from, or None.
        channel: The way to the driver.

    Returns:
        The trainer's metrics at the budget.
    """
    folder = Path(payload["folder"])
    backend = payload["backend"]
    context = Context(
        config=payload["config"],
        catalog=_catalog(payload["components"]),
        trial=payload["trial"],
        seed=payload["seed"],
        budget=payload["budget"],
        max_budget=payload["max_budget"],
        folder=folder,
        base=Path(payload["base"]),
        threads=payload["threads"],
        sample=payload["sample"],
        splits=tuple(payload["splits"]),
        parameters=_parameters(payload["parameters"]),
        host=TrialHost(channel, folder),
        **({"make_backend": lambda: _backend(backend)} if backend else {}),
    )
    trainer: Trainer = context.create("trainer", payload["config"]["trainer"])
    return trainer.run(context)


class TrialHost:
    """The process around a trial: reports go up the channel, checkpoints into its folder."""

    def __init__(self, channel: Channel, folder: Path) -> None:
        self._channel = channel
        self._folder = folder

    @property
    def should_stop(self) -> bool:
        return self._channel.should_stop

    def report(self, metrics: Mapping[str, float], step: float) -> None:
        self._channel.report(metrics, step)

    def progress(self) -> None:
        self._channel.progress()

    def compiling(self) -> AbstractContextManager[None]:
        return self._channel.compiling()

    def save(self, state: State, position: Mapping[str, Any], name: str) -> None:
        groups = {"parameters": state.parameters, "slots": state.slots}
        save_state(self._folder / name, groups, {"steps": state.position, "trainer": position})

    def restore(self, name: str) -> Saved | None:
        return read_checkpoint(self._folder / name)


def read_checkpoint(folder: Path) -> Saved | None:
    """Returns the newest checkpoint in a folder, or None where there is none.

    Raises:
        StateError: There are checkpoints and none of them is whole.
    """
    found = load_state(folder)
    if found is None:
        return None
    groups, position = found
    state = State(groups.get("parameters", {}), groups.get("slots", {}), position["steps"])
    return state, position["trainer"]


def _parameters(path: str | None) -> Mapping[str, Any] | None:
    return read_model(Path(path))[1] if path else None


# A warm worker keeps what does not depend on the trial: its component table, and the backend
# with the programs that it has compiled.


@cache
def _catalog(path: str) -> Targets:
    return Targets.from_json(read_json(Path(path)))


@cache
def _backend(target: str) -> Backend:
    backend: Backend = load_target(target)()
    return backend
