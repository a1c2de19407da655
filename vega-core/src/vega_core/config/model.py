"""The typed form of a configuration. The descriptions of its keys also feed the JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints

from vega_core.config.bind import CHOICES
from vega_core.config.diagnostics import Diagnostic
from vega_core.config.nodes import Node
from vega_core.plugins.importing import absolute, is_path

Choices = dict[str, dict[str, list[str]]]
"""Keys that each type of a block takes, by the block's name and the type; see `bind.CHOICES`."""
Block = dict[str, Any]
"""A component: its ``type``, and its parameters beside it."""

STEP_NAME = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
StepName = Annotated[str, StringConstraints(pattern=STEP_NAME)]
Select = Annotated[
    str, StringConstraints(pattern=r"^(best|all|first|pareto|(top|spread)-[1-9][0-9]*)$")
]
Direction = Literal["max", "min", "maximize", "minimize", "maximise", "minimise"]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )


class General(_Section):
    """What concerns the whole run: backend, workers, seed, limits and output."""

    backend: str | Block = "torch"
    """The deep-learning framework that trains: its name, or its `type` and options beside it."""
    executor: str = "local"
    """What runs the trials: processes of this machine, or what a plugin provides."""
    workers: Annotated[int, Field(ge=0)] = 1
    """How many trials run at once; 0 runs them one after another inside the driver."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of the run; that of each trial is a function of it and of the trial's number."""
    deterministic: bool = False
    """Apply results in the order of the proposals: any number of workers gives the same trials."""
    look_ahead: Annotated[int, Field(ge=1)] | None = None
    """With `deterministic`: how many proposals may wait for a result; by default one a worker."""
    output: str | None = None
    """The run directory, relative to the working folder; a new one under `runs/` by default."""
    trial_timeout: Seconds | None = None
    """Seconds that one attempt at a trial may take."""
    progress_timeout: Seconds | None = None
    """Seconds that an attempt may go without a sign of life."""
    memory_limit_mb: Annotated[int, Field(ge=1)] | None = None
    """Megabytes that a worker may hold."""
    max_failures: Annotated[int, Field(ge=0)] | None = None
    """With more failed trials than this the run ends with exit code 3; no bound by default."""
    max_retries: Annotated[int, Field(ge=0)] = 1
    """How often an evaluation is tried again after its worker was lost."""

    @property
    def backend_name(self) -> str:
        """Name of the backend."""
        return self.backend if isinstance(self.backend, str) else str(self.backend["type"])

    @property
    def backend_options(self) -> dict[str, Any]:
        """Options of the backend."""
        given = {} if isinstance(self.backend, str) else self.backend
        return {key: value for key, value in given.items() if key != "type"}


class HandOver(_Section):
    """Which models a step takes over from an earlier one."""

    from_: Annotated[StepName, Field(alias="from")]
    """The earlier step."""
    select: Select = "best"
    """Which of its models: `best`, `all`, `first`, `pareto`, `top-3`, `spread-4`."""


class StepConfig(_Section):
    """One step of the pipeline."""

    pipe_step: Block
    """The kind of step, such as `SearchPipeStep` or `TrainPipeStep`, and its parameters."""
    dataset: Block | None = None
    """The data: their type and parameters, and `batch_size` and `transforms`."""
    search_algorithm: Block | None = None
    """What proposes the trials."""
    search_space: Block | None = None
    """What is searched: `hyperparameters`, `condition` and `forbidden`, each bound to names."""
    objectives: str | list[str] | dict[str, Direction] | None = None
    """The metrics to search for and whether they are to be large (`max`) or small (`min`)."""
    constraints: str | list[str] | dict[str, str | list[str]] | None = None
    """Bounds on what is known before training: `{params: "<= 1e6"}`."""
    model: Block | None = None
    """The description of the model."""
    trainer: Block | None = None
    """What trains a model, and how."""
    evaluator: Block | list[Block] | None = None
    """What measures a model beside the trainer."""
    models: HandOver | None = None
    """The models to start from; those of the step before by default."""
    ref: str | None = None
    """Another step, whose sections are the base of this one's."""

    _choices: Choices = PrivateAttr(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Returns the sections that are given, as plain data, and what `bind` needs to know."""
        given = self.model_dump(by_alias=True, exclude_unset=True, exclude={"ref"})
        given[CHOICES] = deepcopy(self._choices) or None
        return {key: value for key, value in given.items() if value is not None}


class RunConfig(_Section):
    """A whole configuration, validated; `vega_core.config.load_config` makes it."""

    general: General = Field(default_factory=General)
    """What concerns the whole run."""
    pipeline: Annotated[list[StepName], Field(min_length=1)]
    """The names of the steps, in the order in which they run."""
    plugins: list[str] = Field(default_factory=list)
    """Local code to load: `./my_search.py` or `my_package.module`."""
    steps: dict[StepName, StepConfig] = Field(default_factory=dict)
    """The steps that the pipeline names."""

    _root: Node | None = PrivateAttr(None)
    _source: str = PrivateAttr("configuration")
    _folder: Path = PrivateAttr(default_factory=Path)
    _notices: tuple[Diagnostic, ...] = PrivateAttr(())

    @property
    def root(self) -> Node | None:
        """The configuration in its modern spelling, with the place of every key."""
        return self._root

    @property
    def source(self) -> str:
        """The file as the user gave it, or ``configuration`` for a mapping."""
        return self._source

    @property
    def folder(self) -> Path:
        """Where relative paths in the configuration start."""
        return self._folder

    @property
    def notices(self) -> tuple[Diagnostic, ...]:
        """Remarks: old spellings and what they are now, keys without effect."""
        return self._notices

    def with_places(
        self, root: Node, source: str, folder: Path, notices: tuple[Diagnostic, ...]
    ) -> RunConfig:
        """Adds what a file says beside its data; for `load_config` alone."""
        self._root, self._source, self._folder, self._notices = root, source, folder, notices
        return self

    def with_choices(self, choices: Mapping[str, Choices]) -> RunConfig:
        """Adds what is known of the types that each step searches; for `load_config` alone."""
        for name, found in choices.items():
            self.steps[name]._choices = found
        return self

    def own(self, step: str) -> frozenset[str]:
        """Returns the dotted names that a step's block sets itself, not through a ``ref``.

        They outrank what an earlier step hands over; what came through a ``ref`` does not.
        """
        node = self._root.get(step) if self._root else None
        return frozenset(_leaves(node)) if node else frozenset()

    def texts(self) -> list[str]:
        """Returns every text that the configuration holds: what its user has written."""
        found = [node.value for _, node in self._root.walk()] if self._root else []
        return [value for value in found if isinstance(value, str)]

    def effective(self) -> dict[str, Any]:
        """Returns the configuration as plain data that loads to an equal one.

        Spellings are the modern ones, paths are absolute, the values of `general` are complete.
        A ``ref`` stands as written.
        """
        data: dict[str, Any] = {
            "general": self.general.model_dump(mode="json"),
            "plugins": [self._located(plugin) for plugin in self.plugins],
            "pipeline": list(self.pipeline),
        }
        for name, node in (self._root.items if self._root else {}).items():
            if name not in data:
                data[name] = node.plain(without=("ref", "default", "models"))
        return data

    def _located(self, plugin: str) -> str:
        return str(absolute(plugin, self._folder)) if is_path(plugin) else plugin


def _leaves(node: Node, prefix: str = "") -> Iterable[str]:
    for key, child in node.items.items():
        name = f"{prefix}.{key}" if prefix else key
        if child.inherited or key == "ref":
            continue
        if isinstance(child.value, dict) and child.value:
            yield from _leaves(child, name)
        else:
            yield name
