"""From a proposal to the attempt that a worker gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vega_core.errors import SearchError
from vega_core.execute import Attempt, Key
from vega_core.pipeline.recorder import start_data
from vega_core.pipeline.step import StepContext
from vega_core.pipeline.trial import TARGET
from vega_core.search import Continue, Fresh, Proposal, trial_seed
from vega_core.store.atomic import make_folder

Sample = Mapping[str, Any]


@dataclass(frozen=True)
class Recipe:
    """What one trial is made from.

    Attributes:
        config: The step's configuration with everything set.
        sample: The names that were sampled or tuned, and their values.
    """

    config: dict[str, Any]
    sample: dict[str, Any]


MakeRecipe = Callable[[Sample], Recipe]


@dataclass(frozen=True)
class Attempts:
    """Makes the attempts of one step.

    Attributes:
        context: The run around the step.
        recipe: From what is proposed to what the trial is made from.
        max_budget: The largest budget that a trial of the step can get.
        splits: Splits on which finished models are measured besides ``val``.
        parameters: The ``model.json`` to start from, by trial.
    """

    context: StepContext
    recipe: MakeRecipe
    max_budget: float
    splits: tuple[str, ...] = ()
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
        recipe = self.recipe(proposal.config)
        payload = {
            "config": recipe.config,
            "sample": recipe.sample,
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
            "backend_options": dict(context.backend_options),
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
