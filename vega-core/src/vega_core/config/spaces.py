"""Checks the search space of a step: its own rules first, then what its names bind to."""

from __future__ import annotations

from typing import Any

from vega_core.config.bindings import Bindings
from vega_core.config.components import Components
from vega_core.config.diagnostics import Report
from vega_core.config.model import Choices
from vega_core.config.names import space_names
from vega_core.config.nodes import Node, Path
from vega_core.config.signatures import Signatures
from vega_core.errors import SpaceError, suggest
from vega_core.space import find_faults

_LISTS = ("hyperparameters", "condition", "forbidden")
_KEYS = ("type", "ref", *_LISTS)


def check_space(
    report: Report, signatures: Signatures, components: Components, step: str
) -> Choices:
    """Checks the ``search_space`` of a step.

    Returns:
        What the types that it searches take.
    """
    path: Path = (step, "search_space")
    node = report.root.get(*path)
    if node is None or not isinstance(node.value, dict):
        return {}
    signature = components.signature("search_space", path, node)
    if signature is None:
        return {}
    bindings = Bindings(report, signatures, components, step)
    bindings.locate()
    if signature.name == "SearchSpace":
        _check_listed(report, path, node)
        for found in space_names(report.root, path):
            if found.declares:
                bindings.check(found.path[:-1], found.name)
    else:
        components.check("search_space", path)
        _check_provided(report, bindings, signature.cls, path, node)
    return bindings.choices


def _check_listed(report: Report, path: Path, node: Node) -> None:
    for key in node.items:
        if key not in _KEYS:
            report.error((*path, key), f"unknown key{suggest(key, _KEYS)}")
    data = {key: node.items[key].plain() for key in _LISTS if key in node.items}
    if data.get("hyperparameters") is None:
        if node.items.keys() <= set(_KEYS):
            report.notice(path, f"the search space of '{path[0]}' is empty: it gives no "
                          "'hyperparameters'")  # fmt: skip
        return
    for fault in find_faults(data):
        report.error((*path, *fault.path), str(fault))


def _check_provided(
    report: Report, bindings: Bindings, cls: type[Any] | None, path: Path, node: Node
) -> None:
    """Makes the space of a plugin, to see what it binds."""
    if cls is None or report.root.get(*path) is None:
        return
    try:
        space = cls.from_config({key: value for key, value in node.plain().items() if key != "ref"})
    except SpaceError as error:
        report.error((*path, *error.path), str(error))
        return
    for name in space.names:
        bindings.check((*path, "type"), name)
