"""The conformance kit on our own packages and the example."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

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


if installed("vega-tasks"):  # a skipped class would still list its components

    class TestTasks(PluginConformance):
        plugin = "vega-tasks"


if installed("vega-algos-hpo"):  # a skipped class would still list its components

    class TestHpo(PluginConformance):
        plugin = "vega-algos-hpo"


if installed("vega-backend-torch"):  # a skipped class would still list its components

    class TestTorch(PluginConformance):
        plugin = "vega-backend-torch"


class TestExample(PluginConformance):
    plugin = str(EXAMPLE)
    expected_failures = {  # noqa: RUF012
        "test_it_is_documented[algorithm Latin]": "fifteen lines hold no docstrings"
    }
