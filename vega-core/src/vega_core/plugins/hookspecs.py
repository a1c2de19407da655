"""Every hook of Vega, on one page.

A plugin is a light module, named by an entry point in group ``vega``, with functions marked
``@hookimpl`` and called as below. An implementation may leave out arguments that it does not
need. Three rules hold for all hooks:

* Each implementation is called by itself. One that raises marks its own plugin as broken (or,
  for an event, is logged once) and disturbs nobody else.
* *Component hooks* (``vega_algorithms`` to ``vega_transforms``) and ``vega_commands`` are called
  once, whenever plugins are listed or looked up: at the start of every command that needs them.
  They yield records and import nothing but ``vega_core``; a record's target is imported when the
  component is first used, in the driver or in a worker.
* *Event hooks* (``vega_*_started``, ``vega_*_finished``) are called by the driver alone, in its
  main thread, between other work; they should return at once. Their argument is a frozen record,
  so that a listener cannot alter a run. What they return is ignored.
"""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from vega_core.plugins.records import Command, Provider

if TYPE_CHECKING:
    from vega_core.plugins.events import RunEvent, StepEvent, TrialEvent

hookspec = pluggy.HookspecMarker("vega")
hookimpl = pluggy.HookimplMarker("vega")


@hookspec
def vega_algorithms() -> Iterable[Provider]:
    """Yields search algorithms: subclasses of `vega_core.search.Algorithm`.

    A search step constructs one as ``cls(problem, **parameters)`` in the driver, once a step, and
    asks and tells it from one thread. Parameters are keyword-only. It imports no framework.
    """


@hookspec
def vega_backends() -> Iterable[Provider]:
    """Yields backends: subclasses of `vega_core.backend.Backend`.

    A worker constructs the one that ``general.backend`` names as ``cls(**options)``, once a
    process, after its threads are set; `vega doctor` does so too, without options. The framework is
    imported when one is constructed: neither by the plugin module nor by the target's, since
    options are checked against the class where no framework is to be imported.
    """


@hookspec
def vega_callbacks() -> Iterable[Provider]:
    """Yields training callbacks: subclasses of `vega_core.train.Callback`.

    A trainer constructs those listed in ``trainer.callbacks`` as ``cls(**parameters)`` in the
    worker, once an attempt, and calls them in the order of their list.
    """


@hookspec
def vega_datasets() -> Iterable[Provider]:
    """Yields datasets: subclasses of `vega_core.data.Dataset`.

    A worker constructs one as ``cls(split, **parameters)`` for each split that it needs; a check
    of the configuration constructs none. Items are NumPy arrays.
    """


@hookspec
def vega_evaluators() -> Iterable[Provider]:
    """Yields evaluators: subclasses of `vega_core.train.Evaluator`.

    A step constructs those that it lists as ``cls(**parameters)`` in the worker, once an attempt,
    and calls them before, after or instead of training. Each metric has one provider.
    """


@hookspec
def vega_executors() -> Iterable[Provider]:
    """Yields executors: subclasses of `vega_core.execute.Executor`.

    The driver makes the one that ``general.executor`` names, once a run, as
    ``cls.create(workers, folder of the logs)``, hands it attempts and closes it at the end, also
    after an error.
    """


@hookspec
def vega_exporters() -> Iterable[Provider]:
    """Yields exporters to foreign formats: subclasses of `vega_core.exchange.Exporter`.

    Whoever exports a model (``vega export``, `vega_core.LoadedModel.export`) constructs one as
    ``cls(**parameters)`` and calls `export`. One of a framework's format lives in the package of
    that framework's backend, and its provider says ``backends=(...)``.
    """


@hookspec
def vega_losses() -> Iterable[Provider]:
    """Yields losses, which add nodes to a graph.

    A trainer constructs the one that ``trainer.loss`` names as ``cls(**parameters)`` in the
    worker, once an attempt, and traces it with the network's outputs and the batch's targets.
    """


@hookspec
def vega_metrics() -> Iterable[Provider]:
    """Yields metrics: subclasses of `vega_core.train.Metric`.

    A trainer or evaluator constructs those listed as ``cls(**parameters)`` in the worker, feeds
    them batch by batch and resets them before every evaluation. A metric is named by its provider
    or a configuration; its direction says which values are better.
    """


@hookspec
def vega_networks() -> Iterable[Provider]:
    """Yields networks: subclasses of `vega_core.nn.Network`.

    A model description is constructed as ``cls(**parameters)`` and traced, in the driver for a
    check or an analytic constraint and in a worker to train it. It imports no framework. One that
    has its graph from elsewhere, such as a file, is a `vega_core.nn.GraphSource`.
    """


@hookspec
def vega_operators() -> Iterable[Provider]:
    """Yields primitive operators, which a graph's nodes name.

    Looked up when a graph is read back or lowered. Each backend brings its own lowering; a graph
    that uses an operator without one is refused before training.
    """


@hookspec
def vega_optimizers() -> Iterable[Provider]:
    """Yields optimizers: a specification with a NumPy reference of its update rule.

    A trainer constructs the one that ``trainer.optimizer`` names as ``cls(**params)`` in the
    worker, once an attempt; the backend runs its own implementation of that rule.
    """


@hookspec
def vega_rewrites() -> Iterable[Provider]:
    """Yields rewrites: subclasses of `vega_core.nn.Rewrite`, described by plain data.

    A model description's ``rewrites`` are constructed as ``cls(**parameters)`` and applied in
    their order after tracing, wherever the model is built.
    """


@hookspec
def vega_schedules() -> Iterable[Provider]:
    """Yields schedules: functions of the training step that give the learning rate.

    A trainer constructs the one that ``trainer.lr_scheduler`` names as ``cls(**params)`` in the
    worker, once an attempt, and calls it before every training step.
    """


@hookspec
def vega_search_spaces() -> Iterable[Provider]:
    """Yields search spaces, which give typed parameters bound to names.

    A search step constructs the one that ``search_space.type`` names, in the driver, once a step,
    and whenever a configuration is checked. It imports no framework.
    """


@hookspec
def vega_steps() -> Iterable[Provider]:
    """Yields steps of a pipeline.

    The driver constructs the one that a step's ``pipe_step.type`` names when its turn comes, and
    runs it to its end before the next.
    """


@hookspec
def vega_trainers() -> Iterable[Provider]:
    """Yields trainers: subclasses of `vega_core.train.Trainer`.

    A worker constructs the one that ``trainer.type`` names as ``cls(**parameters)``, once an
    attempt, then calls ``build(context)`` and ``train_process(context)``.
    """


@hookspec
def vega_transforms() -> Iterable[Provider]:
    """Yields transforms of whole batches: subclasses of `vega_core.data.Transform`.

    A worker constructs those listed in ``dataset.transforms`` as ``cls(**parameters)``, once an
    attempt, and applies them in their order: random ones in training only.
    """


@hookspec
def vega_commands() -> Iterable[Command]:
    """Yields subcommands of ``vega``: targets that are a ``click.Command``.

    Called when ``vega`` prints its help, or is given a word that is no command of its own. A
    command's code is imported when it is run. It may return its exit code. The names of Vega's
    own commands are taken.
    """


@hookspec
def vega_run_started(run: RunEvent) -> None:
    """Hears that a run starts, or starts again with ``--resume``.

    Called once a driver, after the configuration is checked and its lock is held, and before the
    first step.
    """


@hookspec
def vega_trial_finished(trial: TrialEvent) -> None:
    """Hears that an evaluation of a trial has ended, well or not.

    Called once an evaluation, after it is in the journal. A trial that is promoted ends once a
    budget. Evaluations that an earlier driver had recorded are not told again.
    """


@hookspec
def vega_step_finished(step: StepEvent) -> None:
    """Hears that a step of the pipeline has ended.

    Called once a step, after its output is written; also where it failed or was interrupted.
    """


@hookspec
def vega_run_finished(run: RunEvent) -> None:
    """Hears that a run has ended.

    Called once a driver that called `vega_run_started`, as its last act, also after a failure or
    an interruption; not where the process is killed.
    """
