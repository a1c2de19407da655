"""Rewrites one after another: a graph and its parameters, or a description and its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vega_core.arrays import Array
from vega_core.errors import DescriptionError
from vega_core.nn.description import build_graph, rewrites_of
from vega_core.nn.forms import canonical
from vega_core.nn.graph import Graph
from vega_core.nn.records import at
from vega_core.nn.rewriting import Rewrite
from vega_core.nn.shapes import TensorSpec
from vega_core.nn.sources import Loader


def applied(
    rewrites: Iterable[Rewrite], graph: Graph, params: Mapping[str, Array], seed: int = 0
) -> tuple[Graph, dict[str, Array]]:
    """Returns a graph after some rewrites, and its parameters.

    Args:
        rewrites: Applied in order.
        graph: The graph before.
        params: Its parameters.
        seed: For parameters that begin anew.

    Raises:
        ModelError: A rewrite cannot be applied, or the parameters do not fit.
    """
    arrays = dict(params)
    for rewrite in rewrites:
        arrays = rewrite.carry(graph, arrays, seed)
        graph = rewrite(graph)
    return graph, arrays


def with_rewrites(
    description: Mapping[str, Any],
    rewrites: Sequence[Mapping[str, Any]],
    params: Mapping[str, Array],
    catalog: Loader,
    inputs: Mapping[str, TensorSpec | Sequence[int]],
    *,
    folder: Path | None = None,
    seed: int = 0,
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns a model's description with more rewrites, and the parameters that fit it.

    Args:
        description: Of the model as it is.
        rewrites: Descriptions of rewrites, such as ``{"type": "FoldBatchNorm"}``.
        params: The model's parameters.
        catalog: Finds networks and rewrites by name.
        inputs: As for `vega_core.nn.build_graph`.
        folder: As for `vega_core.nn.build_graph`.
        seed: For parameters that begin anew.

    Raises:
        ModelError: A description is malformed, a rewrite cannot be applied, or the parameters do
            not fit.
    """
    before = canonical(description)
    graph = build_graph(before, catalog, inputs, folder=folder)
    known = list(before.get("rewrites", ()))
    after = canonical({**before, "rewrites": [*known, *rewrites]})
    arrays = dict(params)
    made = rewrites_of(after, catalog, folder=folder)
    for place, rewrite in list(enumerate(made))[len(known) :]:
        with at(("rewrites", place)):
            if not isinstance(rewrite, Rewrite):
                fault = (
                    f"{after['rewrites'][place]['type']} cannot carry parameters: it is no Rewrite"
                )
                raise DescriptionError(fault, ("rewrites", place))
            graph, arrays = applied([rewrite], graph, arrays, seed)
    return after, arrays
