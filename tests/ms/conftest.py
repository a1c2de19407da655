from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from vega_backend_ms.backend import MindSporeBackend

pytest.importorskip("mindspore")


@pytest.fixture
def backend() -> MindSporeBackend:
    from vega_backend_ms.backend import MindSporeBackend

    return MindSporeBackend()


@pytest.fixture
def compiling() -> MindSporeBackend:
    from vega_backend_ms.backend import MindSporeBackend

    return MindSporeBackend(compile="graph")
