from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from vega_core import nn
from vega_core.plugins import kind_of, load_target, parameters_of
from vega_tasks import plugin

HOOKS = {name: hook for name, hook in vars(plugin).items() if name.startswith("vega_")}
PROVIDERS = [(name, provider) for name, hook in HOOKS.items() for provider in hook()]


@pytest.mark.parametrize(
    ("hook", "provider"), PROVIDERS, ids=lambda value: getattr(value, "name", "")
)
def test_every_component_is_there_and_explains_itself(hook, provider):
    component = load_target(provider.target)
    kind = next(
        kind_of(name)
        for name in ("dataset", "transform", "network", "metric")
        if kind_of(name).hook == hook
    )
    assert issubclass(component, load_target(kind.contract))
    assert inspect.getdoc(component)
    for parameter in parameters_of(component):
        assert parameter.doc, f"{provider.name}.{parameter.name} has no meaning"
        assert not parameter.required


def test_listing_them_imports_nothing_heavy():
    code = (
        "import sys, vega_tasks.plugin; "
        "print([m for m in ('numpy', 'sklearn', 'torch', 'mlxtend') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["ResNet", "MLP"])
def test_networks_take_the_digits(name):
    network = load_target(f"vega_tasks.classification.networks:{name}")
    graph = nn.trace(network(num_classes=10), {"image": nn.batched((1, 8, 8))})
    (output,) = graph.outputs.values()
    assert graph.specs[output].shape == (nn.BATCH, 10)
