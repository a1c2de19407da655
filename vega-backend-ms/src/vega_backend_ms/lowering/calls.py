"""Lowerings that are one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from vega_backend_ms.lowering.types import BESIDE_NUMBERS, element_type
from vega_core.backend.writing import Lowering, Site, literals

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def call(function: str, *attributes: str, through: Mapping[str, str] = _NONE) -> Lowering:
    """Returns the lowering ``function(inputs, attributes)``.

    Args:
        function: What is called.
        attributes: Names of the operator's attributes, in the function's order.
        through: Of element types without a kernel, the one to compute in.
    """

    def lower(op: Any, site: Site) -> str:
        dtype = site.specs[0].dtype
        values = literals(*(getattr(op, name) for name in attributes))
        inputs = site.inputs
        if dtype in through:
            inputs = [f"ops.cast({x}, {element_type(through[dtype])})" for x in inputs]
        text = f"{function}({', '.join(filter(None, (*inputs, values)))})"
        return f"ops.cast({text}, {element_type(dtype)})" if dtype in through else text

    return lower


def kernel(name: str, *attributes: str) -> Lowering:
    """Returns the lowering ``name(attributes)(inputs)``, of a kernel with fixed attributes."""

    def lower(op: Any, site: Site) -> str:
        values = literals(*(getattr(op, attribute) for attribute in attributes))
        return f"{name}({values})({', '.join(site.inputs)})"

    return lower


def infix(symbol: str) -> Lowering:
    """Returns the lowering ``a symbol b``, where one of the two may be a Python number."""
    return lambda _, site: f" {symbol} ".join(terms(site))


def terms(site: Site) -> Sequence[str]:
    """Returns the inputs of an infix operator, as Python numbers where that loses nothing."""
    exact = all(spec.dtype in BESIDE_NUMBERS for spec in site.specs)
    return site.terms if exact else site.inputs
