"""The conformance kit on our own packages and the example."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from vega_core.testing import PluginConformance

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin" / "latin.py"


def installed(name):
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


class TestCore(PluginConformance):
    plugin = "vega-core"


@pytest.mark.skipif(not installed("vega-tasks"), reason="needs vega-tasks")
class TestTasks(PluginConformance):
    plugin = "vega-tasks"


@pytest.mark.skipif(not installed("vega-algos-hpo"), reason="needs vega-algos-hpo")
class TestHpo(PluginConformance):
    plugin = "vega-algos-hpo"


@pytest.mark.skipif(not installed("vega-backend-torch"), reason="needs vega-backend-torch")
class TestTorch(PluginConformance):
    plugin = "vega-backend-torch"


class TestExample(PluginConformance):
    plugin = str(EXAMPLE)
    expected_failures = {  # noqa: RUF012
        "test_it_is_documented[algorithm Latin]": "fifteen lines hold no docstrings"
    }
