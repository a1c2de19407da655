"""Metrics as text."""

from __future__ import annotations

from collections.abc import Mapping


def shown(value: float) -> str:
    """Returns a number with four digits, or all of them where it is a count."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.4g}"


def values(metrics: Mapping[str, float], limit: int | None = None) -> str:
    """Returns metrics as ``name=value``, the first ones where there is a limit."""
    return "  ".join(f"{name}={shown(value)}" for name, value in list(metrics.items())[:limit])
