"""Moving, merging and dropping keys of a configuration, with a notice for each."""

from __future__ import annotations

from vega_core.config.diagnostics import Report, within
from vega_core.config.nodes import Node, Path, dotted


def move(report: Report, base: Path, old: str, new: str) -> None:
    """Moves a value to its modern key, merging mappings, with a notice.

    A value from the command line wins over one of the file; two of the file are an error.

    Args:
        report: Holds the tree, which is changed.
        base: Where the two dotted keys start.
        old: The key as written.
        new: The modern key.
    """
    path, target = (*base, *old.split(".")), (*base, *new.split("."))
    node = take(report.root, path)
    if node is None:
        return
    report.renamed(dotted(within(path)), dotted(within(target)), node.place)
    parent = report.root
    for depth, key in enumerate(target[:-1]):
        below = parent.get(key)
        if below is None and isinstance(parent.value, dict):
            below = parent.value.setdefault(str(key), Node({}, node.mark, node.place))
        if below is None:
            report.error(target[:depth], "expected a mapping", parent.place)
            return
        parent = below
    put(report, parent, str(target[-1]), node, target)


def put(report: Report, parent: Node, key: str, node: Node, path: Path) -> None:
    """Sets a key of a mapping, merging two mappings."""
    if not isinstance(parent.value, dict):
        report.error(path[:-1], "expected a mapping", parent.place)
        return
    present = parent.value.get(key)
    if present is None:
        parent.value[key] = node
    elif isinstance(present.value, dict) and isinstance(node.value, dict):
        for name, child in node.value.items():
            put(report, present, name, child, (*path, name))
    elif _is_override(node):
        parent.value[key] = node
    elif not _is_override(present):
        report.error(path, f"given twice; also at line {present.place.line}", node.place)


def take(root: Node, path: Path) -> Node | None:
    """Removes a key and returns its value; a block that it leaves empty goes with it."""
    parent, last = root.get(*path[:-1]), path[-1]
    if parent is None or not isinstance(parent.value, dict) or not isinstance(last, str):
        return None
    node = parent.value.pop(last, None)
    if node is not None and not parent.value and len(path) > 2:
        take(root, path[:-1])
    return node


def drop(report: Report, path: Path, reason: str) -> None:
    """Removes a key that has no effect, with a notice that says so."""
    node = take(report.root, path)
    if node is not None:
        report.dropped(dotted(within(path)), reason, node.place)


def rename_value(report: Report, path: Path, new: str) -> None:
    """Exchanges a scalar for its modern spelling, with a notice."""
    node = report.root.get(*path)
    if node is not None:
        report.renamed(str(node.value), new, node.place)
        node.value = new


def _is_override(node: Node) -> bool:
    return node.place.origin.startswith("--set ")
