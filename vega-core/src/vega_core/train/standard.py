"""The standard trainer: one network, one loss, epoch after epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import TypedDict

from vega_core.backend import State
from vega_core.backend.training import Precision
from vega_core.errors import ConfigError, NotFiniteError
from vega_core.train.callbacks import Callback, CallbackList
from vega_core.train.context import Context
from vega_core.train.early_stop import EarlyStop
from vega_core.train.evaluation import evaluate
from vega_core.train.labels import with_checks
from vega_core.train.loaders import make_loader
from vega_core.train.metrics import LOSS
from vega_core.train.progress import MeanLoss, Progress
from vega_core.train.setup import Rules, Setup, set_up
from vega_core.train.trainer import Trainer

_NO_GUARD = nullcontext()


class EarlyStopOptions(TypedDict, total=False):
    """Keys of ``early_stop``; meanings and defaults are those of the callback ``EarlyStop``."""

    metric: str
    patience: int
    min_delta: float


@dataclass(kw_only=True, eq=False)
class StandardTrainer(Trainer):
    """Trains the network of the step's ``model`` block on its ``dataset``.

    After each epoch it measures the ``val`` split and reports the loss as ``loss``, the
    metrics under their names and the mean training loss as ``train_loss``, at the number of
    epochs done. The learning rate is a function of the step over ``epochs``, however small the
    budget of an evaluation: a promoted trial continues the schedule that it began. A trial that
    resumes from a checkpoint ends with the same bytes as an undisturbed one.

    Attributes:
        epochs: Length of the learning-rate schedule, and of the training where the step gives
            no budget. None takes the step's largest budget.
        optimizer: Its type and parameters.
        lr_scheduler: Type and parameters of the learning rate's schedule.
        loss: Type and parameters of the loss; None takes the usual one of the data's task.
        metrics: Types, or types and parameters; None takes the usual ones of the data's task.
        callbacks: Types, or types and parameters, of callbacks.
        grad_clip: Largest norm of the gradient; None for no limit.
        early_stop: Stop where a metric no longer improves: its name, patience and min_delta.
        report_every: Steps after which the training loss is read back and checked.
        valid_interval: Epochs from one validation to the next; 0 validates at the end alone.
        checkpoint_every: Epochs from one checkpoint to the next; 0 saves at the end alone.
        precision: Arithmetic of the training step; parameters stay in float32.
    """

    epochs: int | None = None
    optimizer: Mapping[str, Any] = field(default_factory=lambda: {"type": "Adam"})
    lr_scheduler: Mapping[str, Any] = field(default_factory=lambda: {"type": "Constant"})
    loss: Mapping[str, Any] | None = None
    metrics: Sequence[str | Mapping[str, Any]] | None = None
    callbacks: Sequence[str | Mapping[str, Any]] = ()
    grad_clip: float | None = None
    early_stop: EarlyStopOptions | None = None
    report_every: int = 10
    valid_interval: int = 1
    checkpoint_every: int = 1
    precision: Precision = "float32"

    setup: Setup = field(init=False, repr=False)
    progress: Progress = field(init=False, repr=False)
    _callbacks: CallbackList = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("report_every", 1), ("valid_interval", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConfigError(f"trainer.{name} must be at least {least}, not {value}")

    def build(self, context: Context) -> None:
        epochs, budget = self._lengths(context)
        rules = Rules(
            epochs=epochs,
            optimizer=self.optimizer,
            schedule=self.lr_scheduler,
            loss=self.loss,
            metrics=self.metrics,
            clip_norm=self.grad_clip,
            precision=self.precision,
        )
        self.setup = set_up(context, rules)
        steps = len(self.setup.train)
        self.progress = Progress(
            context=context,
            store=self.setup.store,
            executable=self.setup.executable,
            steps_per_epoch=steps,
            last_step=max(1, round(budget * steps)),
            directions=self.setup.directions,
        )
        self._callbacks = CallbackList(self._make_callbacks(context))

    def train_process(self, context: Context) -> Mapping[str, float]:
        progress, callbacks = self.progress, self._callbacks
        callbacks.emit("before_train", progress)
        while not self._finished() and not context.should_stop:
            self._run_epoch()
        if not self._finished():
            context.save(*self.state())
            return progress.metrics
        callbacks.emit("after_train", progress)
        return {**progress.metrics, **self._measure_splits(context)}

    def state(self) -> tuple[State, dict[str, Any]]:
        position = self.progress.position()
        return self.setup.store.export(), {**position, "callbacks": self._callbacks.state()}

    def load_state(self, state: State, position: Mapping[str, Any]) -> None:
        self.setup.store.load(state)
        self.progress.load_position(position)
        self._callbacks.load_state(position["callbacks"])

    def _lengths(self, context: Context) -> tuple[float, float]:
        """Returns the epochs of the schedule and of this evaluation."""
        epochs = self.epochs or context.max_budget or context.budget or 1
        budget = context.budget or epochs
        if budget > epochs:
            raise ConfigError(
                f"trainer.epochs is {epochs}, but the search gives budgets up to {budget:g}; "
                f"set trainer.epochs to at least that, or leave it out"
            )
        return epochs, budget

    def _make_callbacks(self, context: Context) -> list[Callback]:
        made = [context.create("callback", item) for item in self.callbacks]
        return made if self.early_stop is None else [*made, EarlyStop(**self.early_stop)]

    def _finished(self) -> bool:
        return bool(self.progress.stopped) or self.progress.step >= self.progress.last_step

    def _run_epoch(self) -> None:
        """Trains to the end of the epoch or of the budget, or until asked to stop."""
        progress, context = self.progress, self.progress.context
        epoch, first = divmod(progress.step, progress.steps_per_epoch)
        end = min((epoch + 1) * progress.steps_per_epoch, progress.last_step)
        self._callbacks.emit("before_epoch", progress)
        self._run_steps(epoch, first, end)
        measured = {"train_loss": progress.loss.read(progress.step)}
        progress.metrics |= measured
        if progress.step < end:
            return
        if self._every(self.valid_interval, epoch):
            measured |= self._validate()
        if progress.step % progress.steps_per_epoch == 0:
            progress.loss = MeanLoss()
        context.report(measured, progress.epoch)
        self._callbacks.emit("after_epoch", progress)
        if self._every(self.checkpoint_every, epoch):
            context.save(*self.state())

    def _run_steps(self, epoch: int, first: int, end: int) -> None:
        progress, context, setup = self.progress, self.progress.context, self.setup
        listening = self._callbacks.listens("after_step")
        for batch in setup.train.epoch(epoch, start=first):
            controls = {"seed": context.seed, **setup.rates(progress.step)}
            with context.compiling() if progress.cold else _NO_GUARD:
                result = setup.executable.train_step(batch, controls)
            progress.cold = False
            progress.step += 1
            progress.loss.add(result.loss)
            if listening:
                self._callbacks.emit("after_step", progress, result)
            context.progress()
            if progress.step % self.report_every == 0:
                progress.loss.read(progress.step)
            if progress.step == end or context.should_stop:
                return

    def _every(self, interval: int, epoch: int) -> bool:
        """Whether something that happens each so many epochs, and at the end, is due."""
        return self._finished() or (interval > 0 and (epoch + 1) % interval == 0)

    def _validate(self) -> dict[str, float]:
        progress, setup = self.progress, self.setup
        self._callbacks.emit("before_valid", progress)
        alive = progress.context.progress
        measured = evaluate(setup.executable, setup.val, setup.metrics, after_batch=alive)
        if not math.isfinite(measured[LOSS]):
            raise NotFiniteError(
                f"the validation loss is {measured[LOSS]} after epoch {progress.epoch:g}"
            )
        progress.metrics |= measured
        self._callbacks.emit("after_valid", progress)
        return measured

    def _measure_splits(self, context: Context) -> dict[str, float]:
        setup = self.setup
        values: dict[str, float] = {}
        for split in context.splits:
            loader = make_loader(context, split, training=False)
            loader = with_checks(loader, setup.executable.graph)
            measured = evaluate(
                setup.executable, loader, setup.metrics, after_batch=context.progress
            )
            values |= {f"{split}_{name}": value for name, value in measured.items()}
        return values
