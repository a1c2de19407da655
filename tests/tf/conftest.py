from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from vega_backend_tf.backend import TensorFlowBackend

pytest.importorskip("tensorflow")


@pytest.fixture
def backend() -> TensorFlowBackend:
    from vega_backend_tf.backend import TensorFlowBackend

    return TensorFlowBackend()


@pytest.fixture
def eager() -> TensorFlowBackend:
    from vega_backend_tf.backend import TensorFlowBackend

    return TensorFlowBackend(compile="eager")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
