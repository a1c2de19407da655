"""The names that a search space binds to, wherever its configuration writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vega_core.config import aliases
from vega_core.config.diagnostics import Report
from vega_core.config.nodes import Node, Path


@dataclass(frozen=True)
class SpaceName:
    """One place of a search space that names a key of the step.

    Attributes:
        path: Where it stands: a ``key``, a ``child``, a ``parent``, or a key of ``forbidden``.
        node: The value there; for ``forbidden`` the forbidden value.
        name: The name.
        declares: Whether it is the ``key`` of a hyperparameter.
    """

    path: Path
    node: Node
    name: str
    declares: bool = False


def space_names(root: Node, space: Path) -> list[SpaceName]:
    """Returns the names that the search space at a path writes."""
    found = []
    for section, fields in (("hyperparameters", ("key",)), ("condition", ("child", "parent"))):
        for index, item in enumerate(_listed(root, (*space, section))):
            for field in fields:
                node = item.get(field)
                if node is not None and isinstance(node.value, str):
                    path = (*space, section, index, field)
                    found.append(SpaceName(path, node, node.value, field == "key"))
    for index, item in enumerate(_listed(root, (*space, "forbidden"))):
        for name, node in item.items.items():
            found.append(SpaceName((*space, "forbidden", index, name), node, name))
    return found


def space_values(root: Node, space: Path) -> Iterator[tuple[str, Path, Node]]:
    """Yields each value that a space lists for a name: the name, and where the value stands."""
    for found in space_names(root, space):
        field = found.path[-1]
        if field == found.name:
            yield found.name, found.path, found.node
        elif field in ("key", "parent"):
            path = (*found.path[:-1], "range")
            for index, node in enumerate(_listed(root, path)):
                yield found.name, (*path, index), node


def searched_names(root: Node) -> set[str]:
    """Returns the names that any step searches, which that step or a later one need not give."""
    names = set()
    for step in root.items:
        for found in space_names(root, (step, "search_space")):
            head, _, last = found.name.rpartition(".")
            names |= {found.name, f"{head}.params.{last}"}
    return names


def rename_names(report: Report, space: Path, names: Mapping[str, str]) -> None:
    """Exchanges the beginnings of names, as a table says; one notice for each hyperparameter."""
    for found in space_names(report.root, space):
        new = renamed(found.name, names)
        if new == found.name:
            continue
        if found.declares:
            report.renamed(found.name, new, found.node.place)
            found.node.value = new
        elif found.path[-1] == found.name:
            item = report.root.get(*found.path[:-1])
            if item is not None:
                item.value = {new if key == found.name else key: n for key, n in item.items.items()}
        else:
            found.node.value = new


def renamed(name: str, names: Mapping[str, str]) -> str:
    """Returns a dotted name with its longest beginning that stands in a table exchanged."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        new = names.get(".".join(parts[:count]))
        if new is not None:
            return ".".join([new, *parts[count:]])
    return name


def modern_roots(model: Node | None) -> dict[str, str]:
    """Returns beginnings of names and what they are now, given the model of the step.

    The name of each part of a model is a root of names; that of an only part is the model itself.
    """
    roots = dict(aliases.NAME_ROOTS)
    modules = model.items.get("modules") if model else None
    parts = modules.value if modules and isinstance(modules.value, list) else []
    for part in parts:
        new = "model" if len(parts) == 1 else f"model.{part.value}"
        for old in (f"{part.value}", f"network.{part.value}", f"model.{part.value}"):
            roots[old] = new
    return roots


def _listed(root: Node, path: Path) -> list[Node]:
    node = root.get(*path)
    return node.value if node is not None and isinstance(node.value, list) else []
