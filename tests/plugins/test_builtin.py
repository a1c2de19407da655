"""What the installed packages offer can be imported, is of its kind, and explains itself."""

from __future__ import annotations

import pytest
import yaml

from vega_core.cli.describe import configuration
from vega_core.config.signatures import Signatures
from vega_core.config.values import faults
from vega_core.plugins import KINDS, kind_of, load_catalog, load_target, parameters_of

CATALOG = load_catalog(strict=False)
OURS = [
    component
    for kind in KINDS
    for component in CATALOG.components(kind.name)
    if component.plugin.name == "vega-core"
]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.contract], ids=lambda k: k.name)
def test_contracts_and_kits_exist(kind):
    assert isinstance(load_target(kind.contract), type)
    assert not kind.kit or isinstance(load_target(kind.kit), type)


@pytest.mark.parametrize("component", OURS, ids=lambda one: f"{one.kind}-{one.name}")
def test_the_cores_components(component):
    cls = CATALOG.load(component.kind, component.qualified)
    assert component.provider.summary.endswith(".")
    if kind_of(component.kind).bare or component.provider.example:
        return
    undocumented = [one.name for one in parameters_of(cls) if not one.doc]
    assert undocumented == []


@pytest.mark.parametrize(
    "component",
    [one for one in OURS if kind_of(one.kind).section and not kind_of(one.kind).bare],
    ids=lambda one: f"{one.kind}-{one.name}",
)
def test_the_ready_configuration_is_valid(component):
    kind = kind_of(component.kind)
    known = Signatures(CATALOG).find(component.kind, component.qualified).parameters
    text = configuration(component, tuple(known.values()))
    block = yaml.safe_load(text)
    for key in kind.section.split("."):
        block = block[key]
    block = block[0] if kind.listed else block
    assert block.pop("type") == component.name
    values = block.get("params", {}) if kind.nested else block
    if component.kind == "search_space":
        assert CATALOG.load("search_space", component.name).from_config(values)
        return
    assert set(values) <= set(known)
    assert [faults(known[name], value) for name, value in values.items()] == [[]] * len(values)
    assert {one.name for one in known.values() if one.required} <= set(values)
