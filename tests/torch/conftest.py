from __future__ import annotations

import numpy as np
import pytest
import torch

from vega_backend_torch.backend import TorchBackend

# Two threads that wait for each other are slower than one where other tests run beside.
torch.set_num_threads(1)


@pytest.fixture
def backend() -> TorchBackend:
    return TorchBackend()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
