"""Tables of which a step changes only the rows that its batch looks up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vega_core.arrays import Array
from vega_core.backend.optimizer import Optimizer, Rates, Result
from vega_core.backend.slots import like_parameter
from vega_core.nn.graph import Graph
from vega_core.nn.ops import Embedding


def looked_up(graph: Graph) -> frozenset[str]:
    """Returns the parameters that are updated row by row.

    They are of kind ``embedding``, and nothing but lookups reads them: a table that is also
    multiplied with, as one shared with the layer that puts out scores, is updated whole.
    """
    dense = {
        name
        for node in graph.nodes
        if not isinstance(node.op, Embedding)
        for name in node.params.values()
    }
    return frozenset(
        name
        for name, spec in graph.parameters.items()
        if spec.kind == "embedding" and name not in dense
    )


def update_rows(
    optimizer: Optimizer,
    parameter: Array,
    gradient: Array,
    slots: Mapping[str, Array],
    rates: Rates,
    rows: Array,
) -> Result:
    """Returns a table and its slots after a step that changes some of its rows.

    The others keep their bytes, and those of their slots: no decay, no momentum. Slots that are
    one number belong to the whole table: a count rises once a step.

    Args:
        optimizer: The rule.
        parameter: The table, (rows, ...).
        gradient: Its gradient, of the table's shape.
        slots: Its slots.
        rates: The rates.
        rows: The rows that the batch looked up, each any number of times.
    """
    touched = np.unique(rows)
    own = {slot: _part(optimizer, slot, array, touched) for slot, array in slots.items()}
    changed, after = optimizer.update(parameter[touched], gradient[touched], own, rates)
    table, kept = parameter.copy(), {}
    table[touched] = changed
    for slot, array in after.items():
        kept[slot] = array
        if like_parameter(optimizer.slots[slot]):
            kept[slot] = slots[slot].copy()
            kept[slot][touched] = array
    return table, kept


def _part(optimizer: Optimizer, slot: str, array: Array, rows: Array) -> Array:
    return array[rows] if like_parameter(optimizer.slots[slot]) else array
