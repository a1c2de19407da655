"""The text of a graph's function over MindSpore."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

import mindspore as ms
import numpy as np

from vega_backend_ms.foreign import foreign
from vega_backend_ms.lower import LOWERINGS
from vega_backend_ms.lowering.types import element_type
from vega_core.backend.writing import FunctionSource, Lowering
from vega_core.nn import Graph, ops
from vega_core.nn.graph import Node
from vega_core.nn.primitive import Primitive


class _Source(FunctionSource):
    """What both forms share."""

    @property
    def _lowerings(self) -> Mapping[type[Primitive], Lowering]:
        return LOWERINGS

    def _foreign(self, op: Primitive) -> Callable[..., Any]:
        return foreign(op)

    def _fixed(self, value: Any, dtype: str) -> Any:
        return ms.Tensor(np.array(value, dtype))

    def _fixed_tensor(self, name: str) -> str:
        return name

    def _copied(self, parameter: str) -> str:
        return f"{parameter}.value().copy()"


@final
class Source(_Source):
    """Writes a graph's function to run eagerly; see `FunctionSource`."""

    def _tensor(self, number: str, dtype: str) -> str:
        return f"ms.Tensor({number}, {element_type(dtype)})"


@final
class CompiledSource(_Source):
    """Writes a graph's function for graph mode, which knows no ``del``.

    Controls are tensors, and the key is one of a row for each node of `drawing`.
    """

    deletes = False

    def _tensor(self, number: str, dtype: str) -> str:
        control = number.startswith("c")
        return number if control else f"ms.Tensor({number}, {element_type(dtype)})"

    def _key(self, node: Node) -> str:
        names = drawing(self.graph)
        return f"key[{names.index(node.name)}]" if node.name in names else "key"


def drawing(graph: Graph) -> tuple[str, ...]:
    """Returns the nodes of this package's own operators that draw at random."""
    return tuple(
        node.name
        for node in graph.nodes
        if isinstance(node.op, ops.Random)
        or (isinstance(node.op, ops.Dropout) and node.op.mode == "train")
    )


def compilable(graph: Graph) -> bool:
    """Whether graph mode can run a graph: it chooses nothing, and every operator is known here."""
    return all(type(node.op) is ops.Constant or type(node.op) in LOWERINGS for node in graph.nodes)
