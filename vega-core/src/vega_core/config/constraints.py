"""Checks that constraints bound what is known of a model before it is trained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from vega_core.config.diagnostics import Report
from vega_core.config.nodes import Node, Path
from vega_core.config.signatures import Signatures
from vega_core.config.steps import taken_over
from vega_core.errors import suggest

COUNTED = ("flops", "macs", "params")
"""What is counted of every model."""

_NAMED = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(?:[<>]|in\b)")


def check_constraints(report: Report, signatures: Signatures, steps: Sequence[str]) -> None:
    """Checks the metrics that the ``constraints`` of each searching step name.

    A step whose own evaluators measure graphs may name what they report, which only they know.
    """
    for step in steps:
        block = report.root.get(step, "constraints")
        if block is None or report.root.get(step, "search_algorithm") is None:
            continue
        path = (step, "constraints")
        lacking = [key for key in ("model", "dataset") if not taken_over(report, steps, step, key)]
        if lacking and block.value:
            message = f"they bound what is counted of a model, and the step has no '{lacking[0]}'"
            report.error(path, message)
        elif not _measures_graphs(signatures, taken_over(report, steps, step, "evaluator")):
            for place, name in _named(block, path):
                if name not in COUNTED:
                    near = suggest(name, COUNTED) or f"; known are: {', '.join(COUNTED)}"
                    report.error(place, f"'{name}' is not known before training{near}")


def _named(block: Node, path: Path) -> Iterator[tuple[Path, str]]:
    """Yields the metrics that constraints name, in any of their forms, with their places."""
    for name in block.items:
        yield (*path, name), name
    for below, node in block.walk() if not block.items else ():
        for part in re.split(r"\s+and\s+", node.value) if isinstance(node.value, str) else ():
            match = _NAMED.match(part)
            if match:
                yield (*path, *below), match[1]


def _measures_graphs(signatures: Signatures, block: Node | None) -> bool:
    """Tells whether an evaluator other than the core's own count is analytic."""
    for item in [] if block is None else block.value if isinstance(block.value, list) else [block]:
        given = item.items.get("type") if item.items else item
        signature = signatures.get("evaluator", given.value if given else None)
        measures = bool(getattr(signature.cls, "analytic", False)) if signature else False
        if signature and measures and signature.name != "Statistics":
            return True
    return False
