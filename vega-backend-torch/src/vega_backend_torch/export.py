"""The exporter of PyTorch programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import torch

from vega_backend_torch.native import GraphModule
from vega_core.errors import ModelError
from vega_core.exchange import Exportable, Exporter
from vega_core.exchange.comparison import DisagreementError
from vega_core.exchange.model import Arrays, Predict
from vega_core.nn.graph import Graph

_ABOUT = "vega.json"


@final
class TorchExporter(Exporter):
    """Writes a program of `torch.export`, which PyTorch alone loads and runs.

    ``torch.export.load(file).module()`` takes the inputs in the network's order, in batches of any
    size, and gives the output, or outputs by name where there are several. Its ``state_dict`` has
    the graph's names. A bare ``state_dict`` would need the network's code, and so Vega, to run.
    """

    suffix = ".pt2"

    def _write(self, model: Exportable, path: Path) -> Mapping[str, Any]:
        module = GraphModule(model.graph, model.parameters).eval()
        batch = torch.export.Dim("N", min=1)
        shapes = tuple(
            {axis: _times(batch, -size) for axis, size in enumerate(spec.shape) if size < 0}
            for spec in model.graph.inputs.values()
        )
        try:
            program = torch.export.export(
                module,
                _tensors(model.graph, model.sample),
                dynamic_shapes=(shapes,),
                strict=False,
            )
        except Exception as error:  # of many kinds, none of them public
            raise ModelError(f"torch.export cannot follow the network: {error}") from error
        about = {"description": model.description, **model.about}
        torch.export.save(program, path, extra_files={_ABOUT: json.dumps(about)})
        return {"torch": str(torch.__version__)}

    def _load(self, path: Path, graph: Graph) -> Predict:
        try:
            module = torch.export.load(path).module()
        except Exception as error:  # of many kinds, none of them public
            raise DisagreementError(f"PyTorch cannot load the program: {error}") from error

        def predict(batch: Arrays) -> Arrays:
            with torch.no_grad():
                result = module(*_tensors(graph, batch))
            outputs = result if isinstance(result, dict) else dict.fromkeys(graph.outputs, result)
            return {name: tensor.numpy() for name, tensor in outputs.items()}

        return predict


def _tensors(graph: Graph, batch: Arrays) -> tuple[torch.Tensor, ...]:
    arrays = [batch[name].astype(spec.dtype) for name, spec in graph.inputs.items()]
    return tuple(map(torch.from_numpy, arrays))


def _times(batch: Any, count: int) -> Any:
    return batch if count == 1 else count * batch
