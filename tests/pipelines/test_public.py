"""The names of ``vega_core``, whatever is imported before."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("first", ["RunResult", "LoadedModel", "Tuned", "Algorithm"])
def test_names_are_the_same_in_every_order(first):
    code = f"""
import types
import vega_core
vega_core.{first}
import vega_core.pipeline, vega_core.pipeline.entry, vega_core.pipeline.loading
for package in (vega_core, vega_core.pipeline):
    for name in package.__all__:
        value = getattr(package, name)
        assert not isinstance(value, types.ModuleType), (package.__name__, name)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_worker_imports_what_trials_need_and_no_more():
    code = """
import sys
import vega_core.pipeline.trial, vega_core.pipeline.objective
heavy = ["click", "pydantic", "rich", "sqlite3", "torch", "yaml", "vega_core.search"]
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
