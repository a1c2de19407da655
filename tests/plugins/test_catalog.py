"""Lookups by name, alias and qualified name, and what is said where they fail."""

from __future__ import annotations

import json

import pytest

from vega_core.errors import PluginError
from vega_core.plugins import (
    AmbiguousComponent,
    BrokenPlugin,
    Catalog,
    NotInstalled,
    Plugin,
    Provider,
    Targets,
    UnknownComponent,
)
from vega_core.plugins.kinds import COMMAND, KINDS, kind_of


def plugin(name, *providers, kind="algorithm", **fields):
    return Plugin(name, "1.0", providers={kind: providers}, **fields)


ASHA = Provider("AshaHpo", "pack.asha:Asha", aliases=("asha",))
RANDOM = Provider("RandomSearch", "pack.random:Random")
CATALOG = Catalog([plugin("vega-algos-hpo", RANDOM, ASHA)])


@pytest.mark.parametrize(
    "name",
    ["AshaHpo", "asha", "ASHAHPO", "Asha", "vega-algos-hpo:AshaHpo", "vega_algos.hpo:asha"],
)
def test_find_by_any_spelling(name):
    component = CATALOG.find("algorithm", name)
    assert (component.name, component.qualified) == ("AshaHpo", "vega-algos-hpo:AshaHpo")
    assert component.target == "pack.asha:Asha"


def test_names_are_sorted_and_without_aliases():
    assert CATALOG.names("algorithm") == ["AshaHpo", "RandomSearch"]
    assert CATALOG.spellings("algorithm") == ["AshaHpo", "RandomSearch", "asha"]
    assert CATALOG.names("loss") == []


def test_unknown_with_a_suggestion():
    with pytest.raises(UnknownComponent) as caught:
        CATALOG.find("algorithm", "AshaHop")
    assert str(caught.value) == "unknown algorithm 'AshaHop'; did you mean 'AshaHpo'?"
    assert caught.value.exit_code == 2


def test_unknown_lists_what_there_is():
    with pytest.raises(UnknownComponent, match="unknown algorithm 'Zzz'; there are AshaHpo, Ran"):
        CATALOG.find("algorithm", "Zzz")
    alone = Catalog([plugin("vega-algos-hpo", ASHA)])
    with pytest.raises(UnknownComponent, match=r"unknown algorithm 'Zzz'; there is only AshaHpo$"):
        alone.find("algorithm", "Zzz")
    with pytest.raises(UnknownComponent, match="there is no rewrite in any plugin"):
        CATALOG.find("rewrite", "Zzz")


def test_a_component_of_another_kind():
    with pytest.raises(UnknownComponent, match="a component of kind algorithm"):
        CATALOG.find("loss", "AshaHpo")


def test_unknown_kind():
    with pytest.raises(PluginError, match="unknown kind of component 'algoritm'; did you mean"):
        CATALOG.find("algoritm", "AshaHpo")


def test_known_but_not_installed():
    with pytest.raises(NotInstalled) as caught:
        CATALOG.find("backend", "TensorFlow")
    expected = "it is in vega-backend-tf: pip install vega-backend-tf"
    assert str(caught.value) == f"backend 'TensorFlow' is not installed; {expected}"
    with pytest.raises(NotInstalled, match="pip install vega-backend-tf"):
        CATALOG.find("backend", "vega-backend-tf:tensorflow")


def test_known_but_not_in_the_installed_version():
    with pytest.raises(NotInstalled, match=r"vega-algos-hpo 1.0 has no algorithm 'BohbHpo'.*--upg"):
        CATALOG.find("algorithm", "BohbHpo")


def test_known_but_its_package_is_broken():
    cause = ImportError("no such thing")
    broken = Plugin("vega-algos-hpo", status="broken", stage="import", reason="bad", error=cause)
    with pytest.raises(BrokenPlugin, match="broken at stage 'import': bad") as caught:
        Catalog([broken]).find("algorithm", "AshaHpo")
    assert caught.value.__cause__ is cause


def test_an_alias_can_be_ambiguous_too():
    other = plugin("vega-rival", Provider("Asha", "rival:Asha", aliases=("Halving",)))
    catalog = Catalog([*CATALOG.plugins, other])
    assert catalog.find("algorithm", "Asha").plugin.name == "vega-rival"  # exact before folded
    with pytest.raises(AmbiguousComponent, match="vega-algos-hpo and vega-rival"):
        catalog.find("algorithm", "ASHA")
    assert catalog.ambiguous() == []
    third = plugin("vega-third", Provider("X", "third:X", aliases=("Halving",)))
    catalog = Catalog([other, third])
    assert catalog.ambiguous() == [("algorithm", "Halving", ["vega-rival", "vega-third"])]
    with pytest.raises(AmbiguousComponent, match="'vega-rival:Asha' or 'vega-third:X'"):
        catalog.find("algorithm", "Halving")


def test_targets_are_plain_data_and_load_alike():
    catalog = Catalog([plugin("vega-x", Provider("Digest", "hashlib:sha256"), kind="search_space")])
    sent = json.loads(json.dumps(catalog.targets()))
    assert sent["search_space"] == {"Digest": "hashlib:sha256", "vega-x:Digest": "hashlib:sha256"}
    targets = Targets.from_json(sent)
    assert targets.load("search_space", "digest") is catalog.load("search_space", "vega-x:Digest")
    assert targets.to_json() == sent
    with pytest.raises(UnknownComponent, match="unknown search space 'Digset'; did you mean"):
        targets.load("search_space", "Digset")


def test_kinds_have_hooks_of_one_form():
    assert len({kind.name for kind in KINDS}) == len({kind.hook for kind in KINDS}) == len(KINDS)
    assert [kind.name for kind in KINDS] == sorted(kind.name for kind in KINDS)
    assert kind_of("command") is COMMAND
    assert all(kind.hook.startswith(f"vega_{kind.name[:-1]}") for kind in KINDS)
