"""Running a graph node by node: eagerly, or once while TensorFlow traces it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from vega_backend_tf.arrays import inverse, kernel_order
from vega_backend_tf.foreign import foreign
from vega_backend_tf.layout import Layout, aligned, turned
from vega_backend_tf.lower import LOWERINGS, REDUCED
from vega_backend_tf.lowering.site import Site
from vega_core.errors import ModelError
from vega_core.nn import Graph, ops
from vega_core.nn.graph import Node
from vega_core.nn.keys import combined, node_key, step_key

Tensors = Mapping[str, Any]


class Parameters(Protocol):
    """Where a walk reads parameters and moves statistics, with their axes in a store's order."""

    def read(self, name: str) -> Any:
        """Returns a parameter."""

    def move(self, name: str, value: Any) -> None:
        """Gives a statistic a new value."""


@dataclass
class Held:
    """Parameters in variables.

    Attributes:
        variables: Variable by name.
        by_row: Tables that are read as themselves, so that gradients are of single rows.
    """

    variables: Tensors
    by_row: frozenset[str] = frozenset()
    _read: dict[str, Any] = field(default_factory=dict)

    def read(self, name: str) -> Any:
        if name in self.by_row:
            return self.variables[name]
        if name not in self._read:
            self._read[name] = self.variables[name].read_value()
        return self._read[name]

    def move(self, name: str, value: Any) -> None:
        self.variables[name].assign(value)
        self._read[name] = value


@dataclass(frozen=True)
class Walk:
    """How the nodes of a graph run.

    Attributes:
        graph: The graph, its modes fixed.
        layout: How its values are held.
        moving: Statistics that move.
        fused: Whether TensorFlow's large kernels are called, or their parts left to XLA.
        reduced: Whether large products are computed in bfloat16.
        called: Function of each node whose operator another package lowers.
    """

    graph: Graph
    layout: Layout
    moving: frozenset[str] = frozenset()
    fused: bool = True
    reduced: bool = False
    called: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def run(
        self,
        nodes: Iterable[Node],
        values: dict[str, Any],
        params: Parameters,
        batch: Any,
        keys: Tensors,
    ) -> None:
        """Computes nodes.

        Args:
            nodes: In an order in which they can run.
            values: What they read, as it is held; what they give is added.
            params: The parameters.
            batch: The batch size.
            keys: Key of each node that draws.
        """
        other: dict[str, Any] = {}
        for node in nodes:
            try:
                results = self._computed(node, values, other, params, batch, keys)
            except ModelError as error:
                raise ModelError(f"{node.name}: {error}") from error
            for name, result in zip(self.graph.values(node), results, strict=True):
                held, shape = self.layout.values[name], self.graph.specs[name].shape
                same = held == self.layout.given[name]
                values[name] = result if same else turned(result, shape, held)

    def _computed(
        self,
        node: Node,
        values: dict[str, Any],
        other: dict[str, Any],
        params: Parameters,
        batch: Any,
        keys: Tensors,
    ) -> tuple[Any, ...]:
        last = self.layout.nodes[node.name]
        rank = max((len(self.graph.specs[name].shape) for name in node.inputs), default=0)
        inputs = [self._input(name, values, other, last, rank) for name in node.inputs]
        site = Site(
            inputs,
            _Roles(node, params),
            [self.graph.specs[name] for name in node.inputs],
            [self.graph.specs[name] for name in self.graph.values(node)],
            last,
            batch,
            frozenset(role for role, name in node.params.items() if name in self.moving),
            lambda role, value: params.move(node.params[role], value),
            keys.get(node.name),
            self.fused,
        )
        lowering = LOWERINGS.get(type(node.op))
        if lowering is None:
            return _called(self.called[node.name], node, site)
        if self.reduced and isinstance(node.op, REDUCED):
            results = lowering(node.op, _in_bfloat16(site, node))
            return (tf.cast(results, site.results[0].dtype),)
        results = lowering(node.op, site)
        return results if isinstance(results, tuple) else (results,)

    def _input(
        self, name: str, values: dict[str, Any], other: dict[str, Any], last: bool, rank: int
    ) -> Any:
        shape = self.graph.specs[name].shape
        if last and len(shape) < rank:
            return aligned(values[name], shape, rank)
        if len(shape) < 3 or self.layout.values[name] == last:
            return values[name]
        if name not in other:
            other[name] = turned(values[name], shape, last)
        return other[name]

    def plain(self, name: str, values: Tensors) -> Any:
        """Returns a value with the graph's order of axes."""
        x = values[name]
        return turned(x, self.graph.specs[name].shape, False) if self.layout.values[name] else x


class _Roles(Mapping[str, Any]):
    """Parameters of a node by role, read when they are asked for."""

    def __init__(self, node: Node, params: Parameters) -> None:
        self._names, self._params = node.params, params

    def __getitem__(self, role: str) -> Any:
        return self._params.read(self._names[role])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _in_bfloat16(site: Site, node: Node) -> Site:
    return replace(
        site,
        inputs=[tf.cast(x, tf.bfloat16) for x in site.inputs],
        params={role: tf.cast(site.params[role], tf.bfloat16) for role in node.params},
    )


def _called(function: Callable[..., Any], node: Node, site: Site) -> tuple[Any, ...]:
    """Calls the function that an operator's own package gives."""
    params = {role: _ordered(site.params[role], stored=False) for role in node.params}
    results = function(site.inputs, params, site.key)
    results = results if isinstance(results, tuple) else (results,)
    if isinstance(results[-1], Mapping):
        *results, moved = results
        for role, value in moved.items():
            if role in site.moving:
                site.move(role, _ordered(value, stored=True))
    return tuple(results)


def _ordered(value: Any, *, stored: bool) -> Any:
    """Returns a parameter with its axes in a store's order, or in the graph's."""
    order = kernel_order(len(value.shape))
    if len(order) < 3:
        return tf.convert_to_tensor(value)
    return tf.transpose(value, order if stored else inverse(order))


def others(nodes: Iterable[Node]) -> dict[str, Callable[..., Any]]:
    """Returns the function of each node whose operator another package lowers.

    A model of Keras makes its variables then, which nothing that is traced may do.
    """
    return {
        node.name: foreign(node.op)
        for node in nodes
        if type(node.op) not in (ops.Choice, *LOWERINGS)
    }


def drawing(nodes: Iterable[Node]) -> tuple[str, ...]:
    """Returns the names of the nodes that draw at random, or may."""
    return tuple(
        node.name
        for node in nodes
        if isinstance(node.op, ops.Random)
        or (isinstance(node.op, ops.Dropout) and node.op.mode == "train")
        or type(node.op) not in (ops.Choice, *LOWERINGS)
    )


def keys_of(names: Iterable[str], seed: int, step: int) -> Any:
    """Returns the keys of nodes at a step, two int32 each: (nodes, 2)."""
    key = step_key(seed, step)
    drawn = [combined(key, node_key(name)) for name in names]
    return np.asarray(drawn, np.uint64).view(np.int32).reshape(-1, 2)
