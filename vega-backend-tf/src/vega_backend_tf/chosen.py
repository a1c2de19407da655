"""What runs for one set of choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vega_backend_tf.program import Lowered
from vega_backend_tf.segments import Segment, Segments
from vega_core.backend.flows import reached


@dataclass(frozen=True)
class Chosen:
    """What runs for one set of choices.

    Attributes:
        segments: The segments that have something to do, in order.
        outputs: The value that each output of the graph is.
        actual: The value that each result of a choice is.
        params: Parameters that have a gradient.
        backward: Whether gradients reach each of the segments.
    """

    segments: Sequence[Segment]
    outputs: Mapping[str, str]
    actual: Mapping[str, str]
    params: frozenset[str]
    backward: Sequence[bool]


def chosen(lowered: Lowered, cut: Segments, numbers: Mapping[str, int]) -> Chosen:
    """Returns what runs.

    Args:
        lowered: The graph.
        cut: Its segments.
        numbers: Number of the candidate by control.
    """
    graph, spec = lowered.graph, lowered.spec
    actual = {name: cut.resolved(name, numbers) for name in cut.choices}
    outputs = {name: actual.get(value, value) for name, value in graph.outputs.items()}
    segments = cut.live(numbers)
    values, params = frozenset[str](), frozenset[str]()
    if spec is not None:
        nodes = [node for segment in segments for node in segment.nodes]
        losses = [outputs[name] for name in spec.losses]
        values, params = reached(graph, losses, nodes, actual)
    return Chosen(
        segments,
        outputs,
        actual,
        params.intersection(lowered.trained),
        [not values.isdisjoint(segment.outputs) for segment in segments],
    )
