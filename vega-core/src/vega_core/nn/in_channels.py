"""Setting how many channels a module takes, where they are made.

``{"layer1.0.conv2.in_channels": 24}`` means ``out_channels`` of every module that makes channels of
what that module reads: whatever is added to it, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from vega_core.nn.channels import Group, channel_groups
from vega_core.nn.frames import dotted
from vega_core.nn.graph import Graph, Node
from vega_core.nn.overrides import MAKING, OverrideError, Overrides, Taking

if TYPE_CHECKING:
    from vega_core.nn.module import Module
    from vega_core.nn.primitive import Primitive


def settings_for(
    graph: Graph, modules: Mapping[str, Module | Primitive], overrides: Overrides
) -> dict[str, tuple[str, int]]:
    """Returns the fields to set, so that modules take the channels that overrides want.

    Args:
        graph: The network as it is without them.
        modules: Every module by its dotted name.
        overrides: As they have been applied to the graph.

    Returns:
        Override and value, by key such as ``layer1.0.conv1.conv.out_channels``.

    Raises:
        OverrideError: The channels cannot be set, or two overrides contradict each other; it
            names both.
    """
    groups = channel_groups(graph)
    wanted: dict[int, tuple[Taking, Group]] = {}
    for taking in overrides.taken:
        group = group_of(graph, groups, taking)
        first, _ = wanted.setdefault(id(group), (taking, group))
        if first.channels != taking.channels:
            raise OverrideError(
                f"overrides contradict each other: {_shown(first)} and {_shown(taking)}, and what "
                "these two take has the same channels",
                taking.override,
            )
    settings: dict[str, tuple[str, int]] = {}
    for taking, group in wanted.values():
        if group.channels == taking.channels:
            continue
        if group.fixed:
            raise OverrideError(
                f"override {taking.override!r} cannot give {taking.module!r} {taking.channels} "
                f"channels: its {group.channels} {'; they also '.join(group.fixed)}",
                taking.override,
            )
        for node in group.makers:
            key = _field(node, modules, taking)
            _agree(graph, group, key, taking, overrides)
            settings[key] = (taking.override, taking.channels)
    return settings


def check_taken(graph: Graph, takings: Iterable[Taking], settings: Iterable[str]) -> None:
    """Checks that modules take as many channels as overrides want.

    Args:
        graph: The network with the fields set.
        takings: What overrides want.
        settings: The fields that were set, for the message.

    Raises:
        OverrideError: One does not.
    """
    groups = channel_groups(graph)
    for taking in takings:
        found = group_of(graph, groups, taking).channels
        if found != taking.channels:
            raise OverrideError(
                f"override {taking.override!r} wants {taking.channels} channels for "
                f"{taking.module!r}, which takes {found} although {', '.join(settings)} has been "
                "set to it",
                taking.override,
            )


def group_of(graph: Graph, groups: Mapping[str, Group], taking: Taking) -> Group:
    """Returns the group of what a module reads.

    Raises:
        OverrideError: It reads nothing that has channels, or values of several groups.
    """
    inside = f"{taking.module}." if taking.module else ""
    nodes = [n for n in graph.nodes if n.module == taking.module or n.module.startswith(inside)]
    made = {value for node in nodes for value in graph.values(node)}
    read = [name for node in nodes for name in node.inputs if name not in made and name in groups]
    found = {id(groups[name]): name for name in read if name not in graph.controls}
    if not found:
        fault = f"override {taking.override!r}: {taking.module!r} reads no channels"
        raise OverrideError(fault, taking.override)
    if len(found) > 1:
        raise OverrideError(
            f"override {taking.override!r}: {taking.module!r} reads {', '.join(found.values())}, "
            "which have channels of their own each; name a module inside",
            taking.override,
        )
    return groups[next(iter(found.values()))]


def _field(node: Node, modules: Mapping[str, Module | Primitive], taking: Taking) -> str:
    """Returns the key of the field that says how many channels a node makes."""
    record = modules.get(node.module)
    name = next((name for name in MAKING if hasattr(record, name)), None)
    if name is None:
        raise OverrideError(
            f"override {taking.override!r} cannot give {taking.module!r} {taking.channels} "
            f"channels: they are made by {node.name!r}, whose module {node.module!r} has no "
            f"{MAKING[0]}",
            taking.override,
        )
    return dotted(node.module, name)


def _agree(graph: Graph, group: Group, key: str, taking: Taking, overrides: Overrides) -> None:
    """Checks that no override says another number for a maker, or a block that it ends."""
    path = key
    while path:
        path = path.rpartition(".")[0]
        if f"{path}." != key[: key.rfind(".") + 1] and not _gives(graph, group, path):
            continue
        for name in MAKING:
            given = overrides.given(dotted(path, name))
            if given is not None and given[1] != taking.channels:
                raise OverrideError(
                    f"overrides contradict each other: {_shown(taking)}, which {key!r} makes, and "
                    f"{given[0]!r} gives {given[1]!r}",
                    taking.override,
                )


def _gives(graph: Graph, group: Group, path: str) -> bool:
    """Tells whether a module gives a value of a group to others."""
    inside = f"{path}." if path else ""
    made: set[str] = set()
    read = set(graph.outputs.values())
    for node in graph.nodes:
        if node.module == path or node.module.startswith(inside):
            made.update(graph.values(node))
        else:
            read.update(node.inputs)
    return not made.isdisjoint(read.intersection(group.values))


def _shown(taking: Taking) -> str:
    return f"{taking.override!r} wants {taking.channels} channels for {taking.module!r}"
