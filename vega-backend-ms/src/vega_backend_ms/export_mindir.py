"""The exporter of MindSpore's graphs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import mindspore as ms
from mindspore import nn

from vega_backend_ms.arrays import Tensor, take, to_numpy
from vega_backend_ms.modules import own_module
from vega_backend_ms.native import GraphCell
from vega_core.errors import ModelError
from vega_core.exchange import Exportable, Exporter
from vega_core.exchange.comparison import DisagreementError
from vega_core.exchange.model import Arrays, Predict
from vega_core.nn import Graph


@final
class MindIRExporter(Exporter):
    """Writes MindIR, one file that MindSpore alone loads and runs, as do MindSpore Lite's tools.

    ``mindspore.nn.GraphCell(mindspore.load(file))`` takes the inputs in the network's order, in
    batches of any size, and gives a tuple of the outputs in the network's order. Of a Cell of a
    user's own that has one output, it gives that.
    """

    suffix = ".mindir"

    def _write(self, model: Exportable, path: Path) -> Mapping[str, Any]:
        graph = model.graph
        own = own_module(graph, model.parameters)
        if own is None:
            cell = GraphCell(graph, model.parameters).compilable()
        else:
            cell = _Named(own, graph)
        shapes = [
            ms.Tensor(shape=[None if d < 0 else d for d in spec.shape], dtype=_type(spec.dtype))
            for spec in graph.inputs.values()
        ]
        try:
            ms.export(cell, *shapes, file_name=str(path), file_format="MINDIR")
        except OSError:
            raise
        except Exception as error:  # of many kinds, none of them public
            first = str(error).strip().partition("\n")[0]
            raise ModelError(f"MindSpore cannot follow the network: {first}") from error
        return {"mindspore": str(ms.__version__)}

    def _load(self, path: Path, graph: Graph) -> Predict:
        try:
            cell = nn.GraphCell(ms.load(str(path)))
        except Exception as error:  # of many kinds, none of them public
            raise DisagreementError(f"MindSpore cannot load the graph: {error}") from error

        def predict(batch: Arrays) -> Arrays:
            given = [take(batch[n].astype(spec.dtype)) for n, spec in graph.inputs.items()]
            try:
                result = cell(*given)
            except Exception as error:
                raise DisagreementError(f"MindSpore cannot run the graph: {error}") from error
            outputs = result if isinstance(result, tuple) else (result,)
            return {n: to_numpy(one) for n, one in zip(graph.outputs, outputs, strict=True)}

        return predict


class _Named(nn.Cell):  # type: ignore[misc]
    """A user's own Cell in evaluation, whose outputs are in the graph's order."""

    def __init__(self, cell: nn.Cell, graph: Graph) -> None:
        super().__init__(auto_prefix=False)
        self.cell = cell
        self.names = tuple(graph.outputs)
        self.set_train(False)

    def construct(self, *inputs: Tensor) -> Any:
        result = self.cell(*inputs)
        if isinstance(result, ms.Tensor):
            return result
        return tuple(result[name] for name in self.names)


def _type(dtype: str) -> Any:
    return getattr(ms, "bool_" if dtype == "bool" else dtype)
