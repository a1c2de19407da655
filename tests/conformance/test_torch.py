"""The conformance kit on PyTorch."""

from __future__ import annotations

import pytest

from vega_core.testing import BackendConformance

torch = pytest.importorskip("torch")
pytest.importorskip("vega_backend_torch")

# Two threads that wait for each other are slower than one where other tests run beside.
torch.set_num_threads(1)


class TestTorch(BackendConformance):
    float64 = True

    def backend(self):
        from vega_backend_torch.backend import TorchBackend

        return TorchBackend()

    def native_arrays(self, module):
        return {name: tensor.numpy() for name, tensor in module.state_dict().items()}

    def native_outputs(self, module, inputs):
        with torch.no_grad():
            result = module.eval()(**{name: torch.tensor(a) for name, a in inputs.items()})
        outputs = result if isinstance(result, dict) else {"output": result}
        return {name: tensor.numpy() for name, tensor in outputs.items()}
