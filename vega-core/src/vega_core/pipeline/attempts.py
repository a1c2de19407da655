"""From a proposal to the attempt that a worker gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vega_core.config.bind import bind
from vega_core.errors import SearchError
from vega_core.execute import Attempt, Key
from vega_core.pipeline.recorder import start_data
from vega_core.pipeline.step import StepContext
from vega_core.pipeline.trial import TARGET
from vega_core.search import Continue, Fresh, Proposal, trial_seed
from vega_core.store.atomic import make_folder

Sample = Mapping[str, Any]


@dataclass(frozen=True)
class Attempts:
    """Makes the attempts of one step.

    Attributes:
        context: The run around the step.
        config: The step's configuration, on which samples are bound.
        max_budget: The largest budget that a trial of the step can get.
        splits: Splits on which finished models are measured besides ``val``.
        sample: From what is proposed to the names and values to bind.
        parameters: The ``model.json`` to start from, by trial.
    """

    context: StepContext
    config: Mapping[str, Any]
    max_budget: float
    splits: tuple[str, ...] = ()
    sample: Callable[[Sample], Sample] = dict
    parameters: Mapping[int, Path] | None = None

    def __call__(self, proposal: Proposal, number: int) -> Attempt:
        """Returns attempt ``number`` of a proposal.

        Raises:
            SearchError: The proposal starts from what this step does not have.
        """
        context, trial, budget = self.context, proposal.trial, float(proposal.budget)
        self._check_start(proposal)
        folder = context.run.attempt(context.name, trial, budget, number)
        make_folder(folder)
        start = (self.parameters or {}).get(trial)
        sample = self.sample(proposal.config)
        payload = {
            "config": bind(self.config, sample),
            "sample": sample,
            "trial": trial,
            "seed": trial_seed(context.seed, trial),
            "budget": proposal.budget,
            "max_budget": self.max_budget,
            "splits": list(self.splits),
            "threads": context.threads,
            "folder": str(context.run.trial(context.name, trial)),
            "base": str(context.base),
            "components": str(context.run.components),
            "backend": context.backend,
            "parameters": str(start) if start else None,
        }
        key = Key(context.name, trial, budget, number)
        return Attempt(key, TARGET, payload, folder, context.limits)

    def _check_start(self, proposal: Proposal) -> None:
        start = proposal.start
        if isinstance(start, Fresh) or start == Continue(proposal.trial):
            return
        raise SearchError(
            f"step '{self.context.name}' cannot start trial {proposal.trial} from "
            f"{start_data(start)}: its trials start afresh or continue themselves"
        )
