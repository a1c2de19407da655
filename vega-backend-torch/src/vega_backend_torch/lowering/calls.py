"""Lowerings that are one call."""

from __future__ import annotations

from typing import Any

from vega_core.backend.writing import Lowering, Site, literals


def call(function: str, *attributes: str) -> Lowering:
    """Returns the lowering ``function(inputs, attributes)``.

    Args:
        function: What is called.
        attributes: Names of the operator's attributes, in the function's order.
    """

    def lower(op: Any, site: Site) -> str:
        values = literals(*(getattr(op, name) for name in attributes))
        return f"{function}({', '.join(filter(None, (*site.inputs, values)))})"

    return lower


def infix(symbol: str) -> Lowering:
    """Returns the lowering ``a symbol b``, where one of the two may be a Python number."""
    return lambda _, site: f" {symbol} ".join(site.terms)
