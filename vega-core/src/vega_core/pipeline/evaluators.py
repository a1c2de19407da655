"""Runs a step's evaluators before and after the training of a trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, final

from vega_core.errors import ConfigError, RunFailed
from vega_core.train import BEST, LAST, Context, Evaluator, Model
from vega_core.train.evaluator import Statistics

_TRAINER = "the trainer"


@final
class Evaluators:
    """The evaluators of one trial.

    Analytic ones run before training, the others after it, with the trained parameters. Each
    metric has one provider. Parameters and multiply-adds of a model are always counted, unless
    something else reports them.

    Args:
        context: The trial.
        build: Makes the trial's model, without parameters; called once, and only if needed.

    Raises:
        ConfigError: An evaluator is described wrongly.
    """

    def __init__(self, context: Context, build: Callable[[], Model]) -> None:
        self._context = context
        self._build = build
        self._evaluators: list[tuple[str, Evaluator]] = [
            (str(item["type"]), context.create("evaluator", item)) for item in _listed(context)
        ]
        self._providers: dict[str, str] = {}

    def before_training(self) -> dict[str, float]:
        """Runs the analytic evaluators.

        Returns:
            Their metrics, and what is counted of every model.

        Raises:
            ConfigError: Two evaluators give the same metric.
        """
        metrics: dict[str, float] = {}
        for name, evaluator in self._evaluators:
            if evaluator.analytic:
                metrics |= self._claimed(name, evaluator.evaluate(self._model, self._context))
        if self._context.config.get("model") and self._context.config.get("dataset"):
            metrics = {**Statistics().evaluate(self._model, self._context), **metrics}
        return metrics

    def after_training(
        self, analytic: Mapping[str, float], trained: Mapping[str, float]
    ) -> dict[str, float]:
        """Runs the other evaluators, unless the trial was asked to stop.

        Args:
            analytic: What ``before_training`` returned.
            trained: What the trainer measured.

        Returns:
            All metrics, the trainer's first.

        Raises:
            ConfigError: Two providers give the same metric.
            RunFailed: The trainer saved no parameters to evaluate.
        """
        metrics = self._claimed(_TRAINER, trained)
        later = [item for item in self._evaluators if not item[1].analytic]
        if later and not self._context.should_stop:
            model = self._trained(later[0][0])
            for name, evaluator in later:
                metrics |= self._claimed(name, evaluator.evaluate(model, self._context))
        return metrics | {name: analytic[name] for name in analytic if name not in metrics}

    def _claimed(self, provider: str, metrics: Mapping[str, float]) -> dict[str, float]:
        """Returns metrics that nobody else has given."""
        for name in metrics:
            if name in self._providers:
                raise ConfigError(
                    f"evaluator: the metric '{name}' comes from {self._providers[name]} and from "
                    f"{provider}; each metric has one provider: leave one of them out"
                )
            self._providers[name] = provider
        return dict(metrics)

    @cached_property
    def _model(self) -> Model:
        return self._build()

    def _trained(self, evaluator: str) -> Model:
        saved = self._context.restore(BEST) or self._context.restore(LAST)
        if saved is None:
            raise RunFailed(f"{evaluator} evaluates trained parameters, but the trainer saved none")
        wanted = self._model.graph.parameters
        return replace(self._model, parameters={k: saved[0].parameters[k] for k in wanted})


def _listed(context: Context) -> list[Mapping[str, Any]]:
    given = context.config.get("evaluator") or []
    return [given] if isinstance(given, Mapping) else list(given)
