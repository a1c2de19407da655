"""Choices among branches: what a branch has for itself, and graphs of chosen branches alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from vega_core.errors import ModelError, suggest
from vega_core.nn.graph import Graph, Node
from vega_core.nn.ops.control import Choice

Branch: TypeAlias = tuple[tuple[str, int], ...]
"""The place of a node among branches: (choice node, number of the candidate), outermost first."""


def candidates(graph: Graph) -> dict[str, int]:
    """Returns the number of candidates by the control that chooses among them.

    Of a control that chooses in several places, it is the number that all of them have.
    """
    found: dict[str, int] = {}
    for node in _choices(graph):
        control, *chosen = node.inputs
        found[control] = min(len(chosen), found.get(control, len(chosen)))
    return found


def specialised(graph: Graph, chosen: Mapping[str, int]) -> Graph:
    """Returns the graph with the chosen branches alone, over the same parameter names.

    Args:
        graph: A graph with choices.
        chosen: Number of the candidate by control; controls that are left out stay choices.

    Raises:
        ModelError: There is no such choice, or no such candidate.
    """
    known = candidates(graph)
    for control, number in chosen.items():
        if control not in known:
            raise ModelError(f"the graph has no choice {control!r}{suggest(control, known)}")
        if not 0 <= number < known[control]:
            raise ModelError(
                f"choice {control!r} has the candidates 0 to {known[control] - 1}, and got {number}"
            )
    return graph.redirected(
        {
            node.name: node.inputs[1 + chosen[node.inputs[0]]]
            for node in _choices(graph)
            if node.inputs[0] in chosen
        }
    )


def branches(graph: Graph) -> dict[str, Branch]:
    """Returns the innermost branch that alone needs a node, by node name; () for the trunk.

    A node that two branches of one choice need belongs to the branch around that choice.
    """
    found: dict[str, Branch] = {}
    needed: dict[str, Branch] = dict.fromkeys(graph.outputs.values(), ())
    for node in reversed(graph.nodes):
        places = [needed[value] for value in graph.values(node) if value in needed]
        own = _common(places) if places else ()
        found[node.name] = own
        for place, value in enumerate(node.inputs):
            inside = place > 0 and isinstance(node.op, Choice)
            reader = (*own, (node.name, place - 1)) if inside else own
            needed[value] = _common([needed[value], reader]) if value in needed else reader
    return found


def _choices(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if isinstance(node.op, Choice)]


def _common(places: list[Branch]) -> Branch:
    first, *others = places
    length = len(first)
    for other in others:
        same = 0
        while same < min(length, len(other)) and first[same] == other[same]:
            same += 1
        length = same
    return first[:length]
