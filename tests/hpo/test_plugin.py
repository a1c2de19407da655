"""The package's algorithms are found by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

import vega_core as vega
from vega_algos_hpo import plugin
from vega_core.plugins.importing import load_target
from vega_core.plugins.parameters import parameters_of
from vega_core.search import Algorithm

PROVIDERS = list(plugin.vega_algorithms())


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_targets_are_documented_algorithms(provider):
    cls = load_target(provider.target)
    assert issubclass(cls, Algorithm)
    assert all(parameter.doc for parameter in parameters_of(cls))


@pytest.mark.parametrize("name", [name for one in PROVIDERS for name in (one.name, *one.aliases)])
def test_the_python_door(name):
    search = vega.algorithm(name, space={"x": (0.0, 1.0)}, objectives={"loss": "min"}, seed=0)
    proposal = search.ask()
    search.tell(proposal.id, {"loss": 0.31})
    assert search.best().values == {"loss": 0.31}


def test_listing_imports_no_algorithm():
    code = (
        "import sys; from vega_algos_hpo import plugin; list(plugin.vega_algorithms());"
        "bad = {'numpy', 'vega_algos_hpo.asha', 'vega_core.search'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
