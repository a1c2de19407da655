"""Collects nodes and arrays, as ONNX's messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from vega_core.arrays import Array
from vega_core.exchange.onnx.names import Names
from vega_core.nn.shapes import TensorSpec

BATCH: Final = "N"
"""The symbolic dimension of the batch; a multiple is ``4*N``."""


class Writer:
    """A graph in the making; names are unique in it.

    Args:
        onnx: The module of that name.

    Attributes:
        nodes: The nodes, in an order in which they can run.
        domains: Domains of operators that are not ONNX's own.
    """

    def __init__(self, onnx: Any) -> None:
        self._onnx = onnx
        self._names = Names()
        self.nodes: list[Any] = []
        self._arrays: list[Any] = []
        self.domains: set[str] = set()

    @property
    def arrays(self) -> list[Any]:
        """The initializers, without what no node reads, of which runtimes warn."""
        used = {name for node in self.nodes for name in node.input}
        return [array for array in self._arrays if array.name in used]

    def fresh(self, name: str) -> str:
        """Returns a name that nothing has yet: the given one, or with a number behind it."""
        return self._names.fresh(name)

    def hold(self, name: str, array: Array) -> str:
        """Adds an initializer by a name that is its own, and returns it."""
        self._arrays.append(self.tensor(array, name))
        return name

    def tensor(self, array: Array, name: str = "") -> Any:
        """Returns an array as ONNX's message."""
        return self._onnx.numpy_helper.from_array(np.asarray(array, order="C"), name)

    def type(self, dtype: str) -> int:
        """Returns ONNX's number of an element type."""
        return int(self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def info(self, name: str, spec: TensorSpec) -> Any:
        """Returns ONNX's message of a value's name, element type and shape."""
        sizes = [d if d >= 0 else BATCH if d == -1 else f"{-d}*{BATCH}" for d in spec.shape]
        return self._onnx.helper.make_tensor_value_info(name, self.type(spec.dtype), sizes)

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        name: str,
        domain: str,
        attributes: Mapping[str, Any],
    ) -> None:
        """Adds a node."""
        if domain:
            self.domains.add(domain)
        given = {key: self._plain(value) for key, value in attributes.items() if value is not None}
        self.nodes.append(
            self._onnx.helper.make_node(
                kind, inputs, outputs, name=name, domain=domain or None, **given
            )
        )

    def _plain(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self.tensor(value)
        return int(value) if isinstance(value, bool) else value
