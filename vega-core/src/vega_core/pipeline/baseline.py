"""What a search has gained over the first configuration that it tried."""

from __future__ import annotations

from collections.abc import Sequence

from vega_core.pipeline.records import ModelRecord
from vega_core.search import Objectives

MARK = " (baseline)"
"""Ends the name of the record from which a baseline is trained."""


def describe_gain(
    records: Sequence[ModelRecord], first: str, objectives: Objectives, splits: Sequence[str]
) -> list[str]:
    """Compares the best tuned model with the baseline, by the first objective.

    Args:
        records: The trained models, best first; their provenance names the ``source``.
        first: The source of the baseline: the first record of the search.
        objectives: What ranked them.
        splits: Held-out splits; the first on which the objective was measured decides.

    Returns:
        One line; none where the baseline could not be trained.
    """
    baseline = next((one for one in records if _source(one).removesuffix(MARK) == first), None)
    tuned = next((one for one in records if one is not baseline), None)
    if baseline is None:
        return []
    if tuned is None:
        return [f"the first configuration of the search ({first}) is the best: nothing was gained"]
    name, direction = objectives.directions[0]
    held_out = (f"{split}_{name}" for split in splits)
    metric = next((one for one in held_out if one in tuned.metrics), name)
    ours, theirs = tuned.metrics[metric], baseline.metrics[metric]
    margin = ours - theirs if direction == "max" else theirs - ours
    what = f"the first configuration of the search ({first})"
    values = f"{ours:.4f} against {theirs:.4f}"
    if margin > 0:
        return [f"{tuned.id} beats {what} by {margin:.4f} {metric} ({values})"]
    return [f"{tuned.id} does not beat {what}: {values} {metric}"]


def _source(record: ModelRecord) -> str:
    return str(record.provenance.get("source", ""))
