from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "vega_core.nn.compose",
    "vega_core.nn.module",
    "vega_core.nn.networks",
    "vega_core.nn.rewriting",
    "vega_core.nn.shapes",
    "vega_core.backend.schedules",
    "vega_tasks.classification.networks.mlp",
    "vega_tasks.classification.networks.resnet",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run_as_written(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
