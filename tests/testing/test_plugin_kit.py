"""The kit of plugins accepts a right one and finds what is wrong with others."""

from __future__ import annotations

import importlib
import os
import sys
import textwrap

import pytest

from vega_core.testing import PluginConformance

PLUGIN = """
from vega_core import Command, Provider, hookimpl

@hookimpl
def vega_networks():
    yield Provider("Flat", "{parts}:Flat", "One dense layer.", aliases=("flat_net",))
"""
PARTS = '''
from vega_core import nn

class Flat(nn.Network):
    """One dense layer.

    Attributes:
        features: Number of outputs.
    """

    features: int = 3

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(self.features, name="fc")(nn.flatten(x))

class Numbers:
    """No network."""

class Quiet(nn.Network):
    features: int = 3

def nothing():
    """Returns nothing."""
'''


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Makes the kit of a distribution from the source of its plugin and of its parts."""
    monkeypatch.syspath_prepend(tmp_path)
    path = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(tmp_path), path))))
    before = set(sys.modules)

    def make(plugin=PLUGIN, parts=PARTS, **attributes):
        names = {"parts": "some_parts"}
        (tmp_path / "some_plugin.py").write_text(textwrap.dedent(plugin).format(**names))
        (tmp_path / "some_parts.py").write_text(textwrap.dedent(parts))
        info = tmp_path / "some_plugin-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-plugin\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[vega]\nsome = some_plugin\n")
        importlib.invalidate_caches()
        return type("Kit", (PluginConformance,), {"plugin": "some-plugin", **attributes})

    yield make
    for name in set(sys.modules) - before:
        if name.startswith("some_"):
            del sys.modules[name]


def failures(kit):
    failed = set()
    for name, run in kit().runs():
        try:
            run()
        except Exception:
            failed.add(name.removeprefix("test_"))
    return failed


def with_provider(text):
    return PLUGIN.replace(PLUGIN[PLUGIN.index("Provider(") : PLUGIN.rindex(")") + 1], text)


def test_a_right_plugin_passes(made):
    kit = made()
    assert failures(kit) == set()
    assert [str(one) for one in kit().components()] == ["network Flat"]


@pytest.mark.parametrize(
    ("plugin", "expected"),
    [
        ("import nowhere_at_all\n" + PLUGIN, {"it_loads", "it_loads_by_itself"}),
        (
            with_provider('Provider("Flat", "{parts}:Flat", "A layer."); yield 3'),
            {"it_loads", "it_loads_by_itself"},
        ),
        (
            with_provider(
                'Provider("Flat", "{parts}:Flat", "A layer.");'
                ' yield Provider("Flat", "{parts}:Flat", "A layer.")'
            ),
            {"it_loads", "it_loads_by_itself"},
        ),
        ("import numpy\n" + PLUGIN, {"listing_it_imports_no_framework"}),
        ("import {parts}\n" + PLUGIN, {"listing_it_imports_no_component"}),
        (
            with_provider('Provider("ResNet", "{parts}:Flat", "One layer.")'),
            {"names_are_its_own", "it_can_be_described[network ResNet]"},
        ),
        (
            with_provider(
                'Provider("Flat", "{parts}:Flat", "A layer.");'
                ' yield Provider("FLAT", "{parts}:Flat", "A layer.")'
            ),
            {"names_are_its_own"},
        ),
        (
            with_provider('Provider("Flat", "{parts}:Numbers", "One layer.")'),
            {"it_is_of_its_kind[network Flat]", "it_can_be_described[network Flat]"},
        ),
        (
            with_provider('Provider("Flat", "{parts}:Flap", "One layer.")'),
            {"it_is_of_its_kind[network Flat]", "it_is_documented[network Flat]"},
        ),
        (
            with_provider('Provider("Flat", "{parts}:Quiet", "One layer.")'),
            {"it_is_documented[network Flat]"},
        ),
        (
            with_provider('Provider("Flat", "{parts}:Flat")'),
            {"its_summary_is_one_sentence[network Flat]"},
        ),
        (
            with_provider('Provider("Flat", "{parts}:Flat", "One layer")'),
            {"its_summary_is_one_sentence[network Flat]"},
        ),
        (
            with_provider('Provider("Flat", "{parts}:Flat", "One layer. It is dense.")'),
            {"its_summary_is_one_sentence[network Flat]"},
        ),
        (
            PLUGIN
            + '\n@hookimpl\ndef vega_commands():\n    yield Command("c", "{parts}:nothing")\n',
            {"commands"},
        ),
    ],
)
def test_a_wrong_plugin_fails(made, plugin, expected):
    if "ResNet" in plugin:
        pytest.importorskip("vega_tasks")
        expected = expected - {"it_can_be_described[network ResNet]"}
    assert expected <= failures(made(plugin))


def test_a_plugin_that_is_not_there(made):
    made()
    kit = type("Kit", (PluginConformance,), {"plugin": "some-plugging"})
    with pytest.raises(Exception, match="some-plugging"):
        kit().test_it_loads()
    with pytest.raises(AssertionError, match="must say which plugin"):
        type("Empty", (PluginConformance,), {})().test_it_loads()


LOCAL = '''
import numpy
from vega_core import Algorithm, Provider, hookimpl

@hookimpl
def vega_algorithms():
    yield Provider("Mine", f"{__name__}:Mine", "Tries nothing.")

class Mine(Algorithm):
    """Tries nothing."""

    def _ask(self): ...
    def _tell(self, proposal, outcome): ...
    def _done(self):
        return True
'''


def test_a_file_may_hold_its_components(tmp_path):
    path = tmp_path / "some_local.py"
    path.write_text(LOCAL)
    assert failures(type("Kit", (PluginConformance,), {"plugin": str(path)})) == set()


def test_a_file_may_not_import_a_framework(tmp_path):
    path = tmp_path / "some_heavy.py"
    (tmp_path / "paddle.py").write_text("")
    path.write_text("import paddle\n" + LOCAL)
    kit = type("Kit", (PluginConformance,), {"plugin": str(path)})
    assert failures(kit) == {"listing_it_imports_no_framework"}


@pytest.mark.parametrize(
    ("argument", "doc"), [("n=3", "n: How often."), ("n: int = 3", ""), ("n: int = 3", "m: What?")]
)
def test_parameters_need_a_type_and_a_meaning(tmp_path, argument, doc):
    path = tmp_path / "some_local.py"
    made = f"""
    def __init__(self, problem, *, {argument}):
        \"\"\"Makes it.

        Args:
            {doc}
        \"\"\"
        super().__init__(problem)
"""
    path.write_text(LOCAL + made)
    kit = type("Kit", (PluginConformance,), {"plugin": str(path)})
    assert failures(kit) == {"it_is_documented[algorithm Mine]"}
