"""The exporter of MindSpore's graphs."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, final

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

_LOGS: Final = "MS_OM_PATH"


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
        about = json.dumps({"description": model.description, **model.about})

        def note(content: Any) -> None:
            content.user_info["vega"] = about

        options = {"file_name": str(path), "file_format": "MINDIR", "custom_func": note}
        try:
            with _settings_kept():
                ms.export(cell, *shapes, **options)
        except OSError:
            raise
        except Exception as error:  # of many kinds, none of them public
            first = str(error).strip().partition("\n")[0]
            raise ModelError(f"MindSpore cannot follow the network: {first}") from error
        if not path.is_file():
            raise ModelError("MindSpore writes networks of more than 1 GB to several files")
        path.chmod(0o644)  # MindSpore lets nobody write
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
    """A user's own Cell in evaluation, whose inputs and outputs are in the graph's order."""

    def __init__(self, cell: nn.Cell, graph: Graph) -> None:
        super().__init__(auto_prefix=False)
        self.cell = cell
        self.names = tuple(graph.outputs)
        self.places, self.others = _arguments(cell, tuple(graph.inputs))
        self.set_train(False)

    def construct(self, *inputs: Tensor) -> Any:
        given: tuple[Any, ...] = ()
        for place, other in zip(self.places, self.others):  # noqa: B905 - unknown in graph mode
            given = (*given, inputs[place]) if place >= 0 else (*given, other)
        result = self.cell(*given)
        if isinstance(result, ms.Tensor):
            return result
        return tuple(result[name] for name in self.names)


def _arguments(cell: nn.Cell, names: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """Returns for each argument of a Cell the number of its input, or -1, and its default."""
    if len(names) == 1:
        return (0,), (None,)
    known = inspect.signature(cell.construct).parameters
    last = max(place for place, name in enumerate(known) if name in names)
    taken = list(known)[: last + 1]
    places = tuple([names.index(name) if name in names else -1 for name in taken])
    return places, tuple([known[n].default if n not in names else None for n in taken])


@contextmanager
def _settings_kept() -> Iterator[None]:
    """Keeps settings that an export changes, and what it leaves where it fails in a folder."""
    level, logs = ms.get_context("jit_syntax_level"), os.environ.get(_LOGS)
    with TemporaryDirectory(prefix="vega-") as folder:
        os.environ[_LOGS] = folder
        try:
            yield
        finally:
            ms.set_context(jit_syntax_level=level)
            os.environ.pop(_LOGS)
            if logs is not None:
                os.environ[_LOGS] = logs


def _type(dtype: str) -> Any:
    return getattr(ms, "bool_" if dtype == "bool" else dtype)
