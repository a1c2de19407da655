"""The conformance kit on MindSpore."""

from __future__ import annotations

import pytest

from vega_core.testing import BackendConformance

ms = pytest.importorskip("mindspore")
pytest.importorskip("vega_backend_ms")


class TestMindSpore(BackendConformance):
    """Run eagerly, which is the default."""

    float64 = True
    compile = "auto"

    def backend(self):
        from vega_backend_ms.backend import MindSporeBackend

        return MindSporeBackend(compile=self.compile)

    def native_arrays(self, module):
        return {parameter.name: parameter.asnumpy() for parameter in module.get_parameters()}

    def native_outputs(self, module, inputs):
        module.set_train(False)
        result = module(*(ms.Tensor(array) for array in inputs.values()))
        outputs = result if isinstance(result, dict) else {"output": result}
        return {name: tensor.asnumpy() for name, tensor in outputs.items()}


@pytest.mark.soak
class TestMindSporeCompiled(TestMindSpore):
    """In graph mode; of each operator one case, since one takes seconds to compile."""

    compile = "graph"
    cases_each = 1
