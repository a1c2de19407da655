"""The form of a segment: what it computes, whatever its nodes and parameters are called."""

from __future__ import annotations

from collections.abc import Hashable

from vega_backend_tf.program import Lowered
from vega_backend_tf.segment_program import Slopes
from vega_backend_tf.segments import Segment


def form_of(lowered: Lowered, segment: Segment, slopes: Slopes) -> tuple[Hashable, ...]:
    """Returns what decides the functions of a segment; segments of one form can share them."""
    graph, layout = lowered.graph, lowered.layout
    numbers = {value: place for place, value in enumerate(segment.inputs)}
    roles = {name: place for place, name in enumerate(segment.params)}
    nodes = []
    for node in segment.nodes:
        results = graph.values(node)
        nodes.append(
            (
                node.op,
                tuple(numbers[value] for value in node.inputs),
                tuple((role, roles[name]) for role, name in node.params.items()),
                layout.nodes[node.name],
                tuple((layout.given[v], layout.values[v], str(graph.specs[v])) for v in results),
            )
        )
        numbers.update({value: len(numbers) + place for place, value in enumerate(results)})
    inputs = tuple((str(graph.specs[v]), layout.values[v]) for v in segment.inputs)
    params = tuple(
        (
            graph.parameters[name].shape,
            graph.parameters[name].dtype,
            name in lowered.moving,
            name in lowered.by_row,
        )
        for name in segment.params
    )
    outputs = tuple(numbers[value] for value in segment.outputs)
    precision = lowered.spec.precision if lowered.spec else None
    return ("segment", tuple(nodes), inputs, params, outputs, slopes, precision)
