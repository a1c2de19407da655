"""What the tests across frameworks share: every backend whose framework is installed, kept warm."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping

import pytest

from vega_core.backend import Backend
from vega_core.plugins.importing import load_target

# Two threads that wait for each other are slower than one where other tests run beside. TensorFlow
# and MindSpore take their number once in a process, and so not from the option of a backend.
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(variable, "1")

MAKERS = {
    "torch": ("torch", "vega_backend_torch.backend:TorchBackend"),
    "tf": ("tensorflow", "vega_backend_tf.backend:TensorFlowBackend"),
    "ms": ("mindspore", "vega_backend_ms.backend:MindSporeBackend"),
}


@pytest.fixture(scope="session")
def backends() -> Mapping[str, Backend]:
    """Backend by name; a comparison needs two."""
    found = {
        name: load_target(target)()
        for name, (framework, target) in MAKERS.items()
        if importlib.util.find_spec(framework)
    }
    if len(found) < 2:
        pytest.skip("one framework alone has nothing to agree with")
    return found
