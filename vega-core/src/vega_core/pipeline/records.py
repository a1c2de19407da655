"""What a step hands on: an ordered list of models, best first, in ``output.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vega_core.errors import StateError
from vega_core.search import Objectives, crowding_distance, pareto_ranks
from vega_core.store.atomic import read_json, write_json

FORMAT = 1


@dataclass(frozen=True)
class ModelRecord:
    """One model, or one tuned configuration, that leaves a step.

    Attributes:
        id: Name of the record within the run, ``<step>-<trial>``.
        description: The model's description, or None where the step trained no network.
        overlay: The sampled ``{name: value}`` that a later step binds to its configuration.
        parameters: Path of the trained parameters, relative to the run directory.
        sha256: Checksum of that file.
        metrics: The trial's last metrics.
        provenance: Step, trial, budget and seed that made it.
        artifacts: Further files by name, relative to the run directory.
    """

    id: str
    description: Mapping[str, Any] | None
    overlay: Mapping[str, Any]
    parameters: str | None
    sha256: str | None
    metrics: Mapping[str, float]
    provenance: Mapping[str, Any]
    artifacts: Mapping[str, str] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Returns the record as plain data."""
        return asdict(self)


def write_records(path: Path, records: Sequence[ModelRecord], objectives: Objectives) -> None:
    """Writes a step's output in one piece."""
    write_json(
        path,
        {
            "format": FORMAT,
            "objectives": objectives.to_config(),
            "records": [record.plain() for record in records],
        },
    )


def read_records(path: Path) -> tuple[list[ModelRecord], Objectives]:
    """Reads a step's output.

    Raises:
        StateError: The file is missing, damaged, or of a newer format.
    """
    try:
        data = read_json(path)
        if data["format"] > FORMAT:
            raise StateError(f"{path}: made by a newer Vega (format {data['format']})")
        records = [ModelRecord(**record) for record in data["records"]]
        return records, Objectives.parse(data["objectives"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"{path}: cannot read the step's output: {error}") from error


def select_records(
    records: Sequence[ModelRecord], select: str, objectives: Objectives | None = None
) -> list[ModelRecord]:
    """Returns the records that ``select`` names.

    Args:
        records: A step's output, best first.
        select: ``best``, ``all``, ``pareto``, ``top-N``, ``spread-N`` (N of the Pareto front,
            the most isolated first) or ``first`` (the lowest trial number).
        objectives: The objectives that ranked them; needed for ``pareto`` and ``spread-N``.

    Raises:
        StateError: There is nothing to select from.
    """
    if not records:
        raise StateError("the step before has no model to hand on: none of its trials succeeded")
    rule, _, count = select.partition("-")
    if rule == "all":
        return list(records)
    if rule == "first":
        return [min(records, key=lambda record: int(record.provenance["trial"]))]
    if rule == "top":
        return list(records[: int(count)])
    if rule in ("pareto", "spread") and objectives is not None:
        values = [objectives.values(record.metrics) or () for record in records]
        ranks = pareto_ranks(values)
        front = [index for index, rank in enumerate(ranks) if rank == 0]
        if rule == "pareto":
            return [records[index] for index in front]
        distance = crowding_distance([values[index] for index in front])
        order = sorted(range(len(front)), key=lambda item: -distance[item])
        return [records[front[item]] for item in order[: int(count)]]
    return list(records[:1])
