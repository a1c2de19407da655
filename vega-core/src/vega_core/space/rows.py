"""Configurations given as dictionaries: read into columns, and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vega_core.errors import SpaceError, suggest
from vega_core.space.param_type import Codes
from vega_core.space.samples import Samples
from vega_core.space.structure import Structure

_ABSENT = object()


def from_dicts(structure: Structure, rows: Sequence[Any]) -> Samples:
    """Returns configurations as columns.

    Raises:
        SpaceError: An unknown or missing name, an inactive parameter with a value, a value that
            its parameter cannot have, or a forbidden combination. The ``path`` is
            ``(row, name)``.
    """
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise SpaceError(f"a configuration is a mapping {{name: value}}, got {row!r}", (index,))
        _check_names(structure, row, index)
    codes = {name: _column(structure, name, rows) for name in structure.types}
    samples = Samples(structure, codes, len(rows))
    _check_presence(samples, rows)
    _check_forbidden(samples, rows)
    return samples


def _check_names(structure: Structure, row: Mapping[str, Any], index: int) -> None:
    for name in row:
        if name not in structure.types:
            raise SpaceError(
                f"unknown parameter {name!r}{suggest(str(name), structure.types)}", (index, name)
            )


def _column(structure: Structure, name: str, rows: Sequence[Mapping[str, Any]]) -> Codes:
    kind = structure.types[name]
    column = np.repeat(kind.decode(np.full((len(kind.axes), 1), 0.5)), len(rows), axis=0)
    for index, row in enumerate(rows):
        value = row.get(name, _ABSENT)
        if value is _ABSENT:
            continue
        try:
            column[index] = kind.code(value)
        except SpaceError as error:
            raise SpaceError(f"{name}: {error}", (index, name)) from None
    return column


def _check_presence(samples: Samples, rows: Sequence[Mapping[str, Any]]) -> None:
    for name in samples:
        for index, (row, active) in enumerate(
            zip(rows, samples.active[name].tolist(), strict=True)
        ):
            if active and name not in row:
                raise SpaceError(f"{name}: the configuration has no value for it", (index, name))
            if not active and name in row:
                reasons = [
                    f"{c.parent} {c.type} {list(c.range)!r}"
                    for c in samples.structure.conditions
                    if c.child == name
                ]
                raise SpaceError(
                    f"{name}: has a value, but is inactive; it needs {' and '.join(reasons)}",
                    (index, name),
                )


def _check_forbidden(samples: Samples, rows: Sequence[Mapping[str, Any]]) -> None:
    bad = np.flatnonzero(samples.violations())
    if len(bad):
        names = {name for clause in samples.structure.forbidden for name in clause}
        values = {name: value for name, value in rows[bad[0]].items() if name in names}
        raise SpaceError(f"the combination {values!r} is forbidden", (int(bad[0]),))
