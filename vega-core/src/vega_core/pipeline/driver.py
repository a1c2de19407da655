"""A run: every step of a configuration, in order, in one directory."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vega_core.config import RunConfig
from vega_core.errors import UserError
from vega_core.nn.forms import types_of
from vega_core.pipeline.checking import check_steps, make_step
from vega_core.pipeline.loop import Interrupted, LoopSettings
from vega_core.pipeline.progress import Progress
from vega_core.pipeline.records import ModelRecord, read_records, write_records
from vega_core.pipeline.resume import prepare, seed_of_step
from vega_core.pipeline.runlog import run_log
from vega_core.pipeline.signals import StopSignals
from vega_core.pipeline.step import Output, Step, StepContext
from vega_core.pipeline.watchers import Listeners, Watchers
from vega_core.pipeline.workers import limits_of, make_executor, threads_of
from vega_core.plugins import Catalog, NotInstalled
from vega_core.plugins.events import Events, RunEvent, StepEvent
from vega_core.store.atomic import make_folder
from vega_core.store.journal import Journal
from vega_core.store.lock import RunLock
from vega_core.store.records import StepFinished, StepStarted
from vega_core.store.rundir import RunDir

OK, FAILED, PARTIAL = 0, 1, 3
_INTERRUPTIONS = (Interrupted, KeyboardInterrupt)


@dataclass(frozen=True)
class RunResult:
    """What a run leaves.

    Attributes:
        folder: The run directory.
        steps: The records that each step has handed on, best first.
        failed: Evaluations that failed, over all steps.
        exit_code: 0, or 3 where more trials failed than ``general.max_failures`` allows.
        seconds: Wall time of this driver.
        notes: What is worth saying of its steps, a line each.
        plugins: What `vega_core.load` must be told of to load the best model: the run's local
            code, and the user's own modules that the model is made of.
    """

    folder: Path
    steps: Mapping[str, list[ModelRecord]]
    failed: int
    exit_code: int
    seconds: float
    notes: Sequence[str] = ()
    plugins: Sequence[str] = ()

    def plain(self) -> dict[str, Any]:
        """Returns the result as plain data."""
        steps = {name: [one.plain() for one in records] for name, records in self.steps.items()}
        return {
            "folder": str(self.folder),
            "steps": steps,
            "failed": self.failed,
            "exit_code": self.exit_code,
            "seconds": self.seconds,
            "notes": list(self.notes),
            "plugins": list(self.plugins),
        }

    @property
    def best(self) -> ModelRecord | None:
        """The best model of the last step, or None where no trial succeeded."""
        last = list(self.steps.values())[-1]
        return last[0] if last else None


class Run:
    """Drives one run.

    Args:
        config: The validated configuration.
        catalog: Component classes.
        folder: The run directory.
        base: Folder of the configuration, to which its paths are relative; the working folder
            by default.
        resume: Whether to go on with what is in it.
        progress: Who watches.
    """

    def __init__(
        self,
        config: RunConfig,
        catalog: Catalog,
        folder: Path,
        *,
        base: Path | None = None,
        resume: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self._config = config
        self._catalog = catalog
        self._folder = folder
        self._base = base or Path.cwd()
        self._resume = resume
        self._events = Events(catalog)
        self._progress = Watchers(progress or Progress(), Listeners(self._events))
        self._outputs: dict[str, Output] = {}
        self._settings = LoopSettings()
        self._local: list[str] = []
        self._started = time.monotonic()

    def check(self) -> None:
        """Checks data and models of every step; nothing is written.

        Raises:
            InvalidConfigError: Something cannot work; each fault has its place.
        """
        check_steps(self._config, self._catalog)

    def execute(self) -> RunResult:
        """Runs every step that has not finished yet.

        Raises:
            UserError: A mistake in the configuration or the data; nothing was written.
            LockedError: Another driver holds the run.
            RunFailed: A step could not finish.
            Interrupted: It was stopped by a signal and can be resumed.
        """
        self.check()
        run = _make_folder(self._folder)
        with RunLock(run.lock), StopSignals() as signals:
            effective, resumed = prepare(run, self._config, self._catalog, self._base, self._resume)
            self._settings = _settings(effective["general"])
            self._local = effective["plugins"]
            self._emit_run("vega_run_started", "running", effective, resumed)
            begins = "; there is no run in it yet" if self._resume and not resumed else ""
            self._progress.message(f"run directory: {run.root}{begins}")
            state = "failed"
            try:
                with run_log(run.log), Journal.open(run.journal) as journal:
                    self._run_steps(run, journal, signals)
                state = "partial" if self._partial else "ok"
            except Interrupted as error:
                state = "interrupted"
                raise Interrupted(
                    f"stopped; resume {run.root} to go on from here", signals.received
                ) from error
            except KeyboardInterrupt:
                state = "interrupted"
                raise
            finally:
                self._emit_run("vega_run_finished", state, effective, resumed)
        return self._result()

    def _run_steps(self, run: RunDir, journal: Journal, signals: StopSignals) -> None:
        general = self._config.general
        names = self._config.pipeline
        with make_executor(general, self._catalog, run.workers) as executor:
            for index, name in enumerate(names, start=1):
                section = self._config.steps[name]
                context = StepContext(
                    name=name,
                    config=section.plain(),
                    own=self._config.own(name),
                    seed=seed_of_step(general.seed, name),
                    backend_name=general.backend_name,
                    backend=_backend_target(self._catalog, general.backend_name),
                    backend_options=general.backend_options,
                    base=self._base,
                    run=run,
                    journal=journal,
                    executor=executor,
                    catalog=self._catalog,
                    settings=self._settings,
                    limits=limits_of(general),
                    threads=threads_of(general),
                    progress=self._progress,
                    outputs=dict(self._outputs),
                    on_stop=signals.on_stop,
                )
                self._outputs[name] = self._run_step(context, index, len(names))

    def _run_step(self, context: StepContext, index: int, count: int) -> Output:
        name, started = context.name, time.monotonic()
        step = make_step(self._config, self._catalog, name)
        finished = _finished(context)
        if finished is not None:
            output = _finished_output(context, finished)
        else:
            context.journal.append(StepStarted(step=name, data={"seed": context.seed}))
            self._progress.step_started(name, index, count, step.plan(context))
            try:
                output = _run_to_its_end(step, context)
            except BaseException as error:
                state = "interrupted" if isinstance(error, _INTERRUPTIONS) else "failed"
                self._emit_step(context, state, time.monotonic() - started)
                raise
        step.clean(context)
        seconds = time.monotonic() - started
        self._progress.step_finished(name, output.records, seconds)
        for note in output.notes:
            self._progress.message(note)
        if finished is None:
            state = "partial" if output.failed else "ok"
            self._emit_step(context, state, seconds, output)
        return output

    def _emit_run(self, hook: str, state: str, config: Mapping[str, Any], resumed: bool) -> None:
        seconds = time.monotonic() - self._started
        event = RunEvent(self._folder, config, state, seconds, resumed)
        self._events.emit(hook, run=event)

    def _emit_step(
        self, context: StepContext, state: str, seconds: float, output: Output | None = None
    ) -> None:
        event = StepEvent(
            folder=context.run.step(context.name),
            step=context.name,
            state=state,
            trials=output.trials if output else 0,
            failed=output.failed if output else 0,
            seconds=seconds,
            models=tuple(record.plain() for record in output.records) if output else (),
        )
        self._events.emit("vega_step_finished", step=event)

    @property
    def _failed(self) -> int:
        return sum(output.failed for output in self._outputs.values())

    @property
    def _partial(self) -> bool:
        allowed = self._config.general.max_failures
        return allowed is not None and self._failed > allowed

    def _result(self) -> RunResult:
        result = RunResult(
            folder=self._folder,
            steps={name: list(output.records) for name, output in self._outputs.items()},
            failed=self._failed,
            exit_code=PARTIAL if self._partial else OK,
            seconds=time.monotonic() - self._started,
            notes=[note for output in self._outputs.values() for note in output.notes],
        )
        kinds = types_of((result.best and result.best.description) or {})
        modules = [kind for kind in kinds if self._catalog.is_module(kind)]
        return replace(result, plugins=list(dict.fromkeys([*self._local, *modules])))


def _make_folder(folder: Path) -> RunDir:
    try:
        return RunDir.create(folder)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be made: {error.strerror}; choose another output directory"
        ) from error


def _settings(general: Mapping[str, Any]) -> LoopSettings:
    look_ahead = general["look_ahead"] if general["deterministic"] else None
    return LoopSettings(look_ahead=look_ahead, max_retries=general["max_retries"])


def _run_to_its_end(step: Step, context: StepContext) -> Output:
    """Runs a step and keeps what it leaves."""
    output = step.run(context)
    make_folder(context.run.step(context.name))
    write_records(context.run.output(context.name), output.records, output.objectives)
    data = {
        "trials": output.trials,
        "failed": output.failed,
        "configuration": output.configuration,
        "notes": list(output.notes),
    }
    context.journal.append(StepFinished(step=context.name, data=data))
    return output


def _finished(context: StepContext) -> Mapping[str, Any] | None:
    """Returns what the journal keeps of the step's end, or None where it has not ended."""
    for entry in context.journal.events(step=context.name, kinds=(StepFinished.kind,)):
        assert isinstance(entry.event, StepFinished)  # noqa: S101 - by the query
        return entry.event.data
    return None


def _finished_output(context: StepContext, data: Mapping[str, Any]) -> Output:
    records, objectives = read_records(context.run.output(context.name))
    return Output(
        records,
        objectives,
        data["configuration"],
        data["trials"],
        data["failed"],
        data["notes"],
    )


def _backend_target(catalog: Catalog, name: str) -> str:
    """Returns the import target of a backend; empty where it is not installed and not needed."""
    try:
        return catalog.find("backend", name).target
    except NotInstalled:
        return ""
