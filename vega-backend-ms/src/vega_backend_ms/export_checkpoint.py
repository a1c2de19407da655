"""The exporter of MindSpore's checkpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import mindspore as ms

from vega_backend_ms.arrays import take, to_numpy
from vega_backend_ms.modules import outputs_of, own_module
from vega_backend_ms.native import GraphCell
from vega_core.exchange import Exportable, Exporter
from vega_core.exchange.comparison import DisagreementError
from vega_core.exchange.model import Arrays, Predict
from vega_core.nn import Graph


@final
class CheckpointExporter(Exporter):
    """Writes a checkpoint: the parameters of what `Backend.native` returns, and no network.

    ``mindspore.load_checkpoint(file)`` gives them under the graph's names, and
    ``mindspore.load_param_into_net`` puts them into a Cell that has these names. Whoever has no
    such Cell takes ``mindir``, which is a network too.
    """

    suffix = ".ckpt"

    def _write(self, model: Exportable, path: Path) -> Mapping[str, Any]:
        parameters = [
            {"name": name, "data": take(model.parameters[name])} for name in model.graph.parameters
        ]
        about = json.dumps({"description": model.description, **model.about})
        ms.save_checkpoint(parameters, str(path), append_dict={"vega": about})
        return {"mindspore": str(ms.__version__)}

    def _load(self, path: Path, graph: Graph) -> Predict:
        try:
            loaded = ms.load_checkpoint(str(path))
        except Exception as error:  # of many kinds, none of them public
            raise DisagreementError(f"MindSpore cannot load the checkpoint: {error}") from error
        params = {name: to_numpy(loaded[name]) for name in graph.parameters}
        own = own_module(graph, params)
        cell = GraphCell(graph, params) if own is None else own
        cell.set_train(False)

        def predict(batch: Arrays) -> Arrays:
            given = [take(batch[n].astype(spec.dtype)) for n, spec in graph.inputs.items()]
            outputs = outputs_of("the network", cell(*given))
            if len(graph.outputs) == 1:  # which alone has no name of its own
                outputs = dict(zip(graph.outputs, outputs.values(), strict=True))
            return {name: to_numpy(outputs[name]) for name in graph.outputs}

        return predict
