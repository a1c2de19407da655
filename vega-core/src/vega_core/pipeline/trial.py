"""What a worker does with an attempt: builds the context, and runs the trainer in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from vega_core.backend import Backend, State
from vega_core.data import Spec, Task
from vega_core.execute import Channel
from vega_core.pipeline.data import Preview
from vega_core.pipeline.defaults import trainer_of
from vega_core.pipeline.evaluators import Evaluators
from vega_core.pipeline.model_io import read_model
from vega_core.plugins import Targets, load_target
from vega_core.store.atomic import read_json
from vega_core.store.tensors import load_state, save_state
from vega_core.train import Context, Model, Trainer, build_model
from vega_core.train.context import Saved

TARGET = f"{__name__}:run_trial"


def run_trial(payload: Mapping[str, Any], channel: Channel) -> Mapping[str, float]:
    """Evaluates one trial at one budget; the target of every attempt of a training step.

    Args:
        payload: ``config`` with the sample applied, and ``sample`` itself; ``trial``, ``seed``,
            ``budget``, ``max_budget``, ``splits`` and ``threads``; ``folder``, the trial's;
            ``base``, the configuration's folder; ``components``, the file that holds the import
            targets; ``backend`` and ``backend_options``, the import target of the backend's class
            and what it is given; ``parameters``, a ``model.json`` to start from, or None.
        channel: The way to the driver.

    Returns:
        The metrics of the trainer and of the step's evaluators at the budget.
    """
    folder = Path(payload["folder"])
    backend, options = payload["backend"], json.dumps(payload["backend_options"], sort_keys=True)
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
        **({"make_backend": lambda: _backend(backend, options)} if backend else {}),
    )
    trainer: Trainer = context.create("trainer", trainer_of(payload["config"]))
    evaluators = Evaluators(context, lambda: _model(context, payload["components"]))
    analytic = evaluators.before_training()
    return evaluators.after_training(analytic, trainer.run(context))


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


def _model(context: Context, components: str) -> Model:
    fields, task = _data_of(json.dumps(context.config["dataset"]), components)
    return build_model(context.config["model"], context.catalog, fields, task)


# A warm worker keeps what does not depend on the trial: its component table, the form of the
# data, and the backend with the programs that it has compiled.


@cache
def _catalog(path: str) -> Targets:
    return Targets.from_json(read_json(Path(path)))


@lru_cache(maxsize=32)
def _data_of(dataset: str, components: str) -> tuple[Spec, Task]:
    return Preview({"dataset": json.loads(dataset)}, _catalog(components)).data


@cache
def _backend(target: str, options: str) -> Backend:
    backend: Backend = load_target(target)(**json.loads(options))
    return backend
