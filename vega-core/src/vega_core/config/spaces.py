"""Checks the search space of a step: its own rules first, then what its names bind to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vega_core.config.bindings import Bindings
from vega_core.config.components import Components
from vega_core.config.diagnostics import Report
from vega_core.config.messages import shown
from vega_core.config.names import space_names
from vega_core.config.nodes import Node, Path
from vega_core.config.signatures import Signatures
from vega_core.errors import SpaceError, suggest
from vega_core.space import SearchSpace

_LISTS = ("hyperparameters", "condition", "forbidden")
_KEYS = ("type", "ref", *_LISTS)


def check_space(report: Report, signatures: Signatures, components: Components, step: str) -> None:
    """Checks the ``search_space`` of a step.

    Every item is judged by itself before the space as a whole, so that one fault does not hide
    the others.
    """
    path: Path = (step, "search_space")
    node = report.root.get(*path)
    if node is None or not isinstance(node.value, dict):
        return
    signature = components.signature("search_space", path, node)
    bindings = Bindings(report, signatures, step)
    if signature is None:
        return
    if signature.name != "SearchSpace":
        components.check("search_space", path)
        _check_provided(report, bindings, signature.cls, path, node)
        return
    sound, listed = _check_form(report, path, node), node.get("hyperparameters")
    if sound and (listed is None or listed.value is None):
        report.notice(path, f"the search space of '{step}' is empty: it gives no 'hyperparameters'")
    elif not _check_items(report, path, node) and sound:
        _attempt(report, path, _whole(node))
    for found in space_names(report.root, path):
        if found.declares:
            bindings.check(found.path[:-1], found.name)


def _check_form(report: Report, path: Path, node: Node) -> bool:
    sound = True
    for key, block in node.items.items():
        if key not in _KEYS:
            report.error((*path, key), f"unknown key{suggest(key, _KEYS)}")
        elif key in _LISTS and block.value is not None and not isinstance(block.value, list):
            report.error((*path, key), f"expected a list, got {shown(block.plain())}")
        else:
            continue
        sound = False
    return sound


def _whole(node: Node) -> dict[str, Any]:
    lists = ((key, node.items.get(key)) for key in _LISTS)
    return {key: n.plain() for key, n in lists if n is not None and isinstance(n.value, list)}


def _check_items(report: Report, path: Path, node: Node) -> bool:
    """Tries each item alone; tells whether one is at fault."""
    faulty = False
    whole = _whole(node)
    for section, index, alone in _alone(whole):
        try:
            SearchSpace.from_config(alone)
        except SpaceError as error:
            # The faults of names that other items explain come out of the whole.
            place = error.path
            if place[:2] == (section, 0):
                report.error((*path, section, index, *place[2:]), str(error))
                faulty = True
    return faulty


def _alone(whole: Mapping[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    parameters = whole.get("hyperparameters", [])
    for index, item in enumerate(parameters):
        yield "hyperparameters", index, {"hyperparameters": [item]}
    for section in ("condition", "forbidden"):
        for index, item in enumerate(whole.get(section, [])):
            yield section, index, {"hyperparameters": parameters, section: [item]}


def _attempt(report: Report, path: Path, data: Mapping[str, Any]) -> None:
    try:
        SearchSpace.from_config(data)
    except SpaceError as error:
        report.error((*path, *error.path), str(error))


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
