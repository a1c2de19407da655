"""The framework's own module: the graph's names, and its predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from vega_core import nn
from vega_core.backend import Params
from vega_core.errors import VegaError
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.models import Parts, batch, pictures
from vega_core.testing.compare import check_all_close, check_same_bytes, check_varies, require
from vega_core.testing.refusing import refused


class NativeTests(BackendKit):
    """What `Backend.native` returns, seen through two functions that the author writes."""

    def native_arrays(self, module: Any) -> Params:
        """Returns parameters and statistics of a native module, by the names that it has.

        The author writes this: ``{name: t.numpy() for name, t in module.state_dict().items()}``.
        """
        raise NotImplementedError(f"{type(self).__name__} must define native_arrays(self, module)")

    def native_outputs(self, module: Any, inputs: Params) -> Params:
        """Returns what a native module predicts, in evaluation; ``output`` where it is one array.

        The author writes this, as the framework's users call a module.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define native_outputs(self, module, inputs)"
        )

    def test_native_modules_have_the_graphs_names(self) -> None:
        """And copies of the parameters."""
        graph = _model()
        params = nn.initial_parameters(graph, 3)
        kept = {name: array.copy() for name, array in params.items()}
        module = self.warm.native(graph, params)
        for array in params.values():
            array.fill(7.0)
        check_same_bytes(dict(self.native_arrays(module)), kept, "a native module")

    def test_native_modules_predict_the_same(self) -> None:
        for graph in (_model(), nn.trace(Parts(), {"x": nn.batched((5,))})):
            params = nn.initial_parameters(graph, 3)
            given = batch(graph)
            expected = self.ready(graph, params=params).predict(given)
            outputs = self.native_outputs(self.warm.native(graph, params), given)
            check_all_close(outputs, expected, self.tolerance, "a native module")
            for name, array in outputs.items():
                check_varies(np.asarray(array), f"{name!r} of a native module")

    def test_native_modules_need_every_parameter(self) -> None:
        graph = _model()
        params = nn.initial_parameters(graph, 3)
        fewer = {name: array for name, array in params.items() if name != "fc.bias"}
        what = "a native module without a parameter"
        refused(VegaError, what, self.warm.native, graph, fewer, named="fc.bias")
        require("fc.bias" in params, "there is no such parameter")


def _model() -> nn.Graph:
    """Returns the classifier without its loss."""
    return pictures().restricted(["image"])
