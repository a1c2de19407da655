"""A space as a table for people."""

from __future__ import annotations

from typing import Any

from vega_core.space.structure import Structure

_WIDEST = 48


def describe(structure: Structure) -> str:
    """Returns a table of names, types, ranges and conditions, one line a parameter."""
    lines = [("name", "type", "range", "active when")]
    for name, kind in structure.types.items():
        item = kind.to_config()
        about = ", ".join(
            [
                _short(item.pop("range")),
                *(f"{key}={value}" for key, value in item.items() if key != "type"),
            ]
        )
        lines.append((name, item["type"], about, _when(structure, name)))
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    table = [
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]]
        )
        for line in lines
    ]
    clauses = [
        "forbidden: " + " and ".join(f"{name} = {value!r}" for name, value in clause.items())
        for clause in structure.forbidden
    ]
    return "\n".join(line.rstrip() for line in [*table, *clauses])


def _when(structure: Structure, name: str) -> str:
    return " and ".join(
        f"{c.parent} {c.type} {_short(list(c.range))}"
        for c in structure.conditions
        if c.child == name
    )


def _short(values: Any) -> str:
    text = repr(values)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 4]} ..."
