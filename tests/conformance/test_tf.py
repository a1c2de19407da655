"""The conformance kit on TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

from vega_core.testing import BackendConformance

pytest.importorskip("tensorflow")
pytest.importorskip("vega_backend_tf")


class TestTensorFlow(BackendConformance):
    """Traced, which is the default."""

    float64 = True
    compile = "auto"

    def backend(self):
        from vega_backend_tf.backend import TensorFlowBackend

        return TensorFlowBackend(compile=self.compile)

    def native_arrays(self, module):
        return {weight.name: weight.numpy() for weight in module.weights}

    def native_outputs(self, module, inputs):
        result = module(inputs, training=False)
        outputs = result if isinstance(result, dict) else {"output": result}
        return {name: np.asarray(tensor) for name, tensor in outputs.items()}


class TestTensorFlowEagerly(TestTensorFlow):
    """Operator by operator; fewer cases, since the functions that compute are the same."""

    compile = "eager"
    cases_each = 1
