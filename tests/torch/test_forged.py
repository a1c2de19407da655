"""No attribute of any operator becomes code, whatever is put in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from vega_backend_torch import source
from vega_backend_torch.lower import LOWERINGS
from vega_backend_torch.source import Source
from vega_core import nn
from vega_core.backend.writing import Site
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.testing.operators import CASES, OperatorCase

MARK = "FORGED()"


class Text(str):
    """A text that writes itself as code; equal to what it stands for."""

    def __repr__(self) -> str:
        return MARK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MARK


class Number(float):
    """A number that writes itself as code."""

    def __repr__(self) -> str:
        return MARK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MARK


class Whole(int):
    """A whole number that writes itself as code."""

    def __repr__(self) -> str:
        return MARK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MARK


def forged(value: Any) -> list[Any]:
    """Returns values that look like this one and write themselves as code."""
    if isinstance(value, tuple):
        options = [forged(item) for item in value]
        return [tuple(option[0] for option in options)] if options else []
    if isinstance(value, str):
        return [Text(value)]
    number = 1 if value is None else value
    return [Whole(number) if isinstance(number, int) else Number(number), Text(value)]


def forgeries(op: Any) -> Iterator[Any]:
    """Yields an operator with one attribute forged."""
    for field in fields(op):
        for value in forged(getattr(op, field.name)):
            yield replace(op, **{field.name: value})


def texts(case: OperatorCase) -> Iterator[str | None]:
    """Yields the source of a case's graph for each forgery, or None where it is refused."""
    graph = case.graph().in_mode(case.mode)
    (node,) = graph.nodes
    for op in forgeries(node.op):
        try:
            yield Source(replace(graph, nodes=(replace(node, op=op),)), frozenset()).text
        except (ModelError, TypeError, ValueError):
            yield None


FORGED = {name: case for name, case in CASES.items() if any(forgeries(case.op))}


@pytest.mark.parametrize("case", FORGED.values(), ids=FORGED)
def test_no_attribute_becomes_code(case: OperatorCase) -> None:
    found = list(texts(case))
    assert found
    for text in found:
        assert text is None or MARK not in text


@pytest.mark.parametrize("value", [Number(2.0), (1.0, Number(2.0))])
def test_no_constant_becomes_code(value: Any) -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.maximum(x + nn.constant(1.0), 2.0)

    graph = nn.trace(Net(), {"x": nn.batched((2,))})
    op = ops.Constant(value)
    nodes = tuple(replace(n, op=op) if isinstance(n.op, ops.Constant) else n for n in graph.nodes)
    try:
        text = Source(replace(graph, nodes=nodes), frozenset()).text
    except ModelError:
        return
    assert MARK not in text


def test_the_check_finds_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(op: ops.Softmax, site: Site) -> str:
        return f"torch.softmax({site.inputs[0]}, {op.axis})"

    table: dict[Any, Any] = {**LOWERINGS, ops.Softmax: careless}
    monkeypatch.setattr(source, "LOWERINGS", table)
    with pytest.raises(AssertionError, match="FORGED"):
        test_no_attribute_becomes_code(CASES["softmax"])
