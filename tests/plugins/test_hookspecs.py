"""Every hook is specified on one page, documented, and usable by a plugin of a few lines."""

from __future__ import annotations

import inspect

import pytest

from vega_core.plugins import hookspecs, load_catalog
from vega_core.plugins.kinds import COMMAND, KINDS

HOOKS = {name: value for name, value in vars(hookspecs).items() if name.startswith("vega_")}
EVENTS = {"vega_run_started", "vega_trial_finished", "vega_step_finished", "vega_run_finished"}


def test_each_kind_has_its_hook_and_there_are_no_others():
    assert set(HOOKS) == {kind.hook for kind in (*KINDS, COMMAND)} | EVENTS


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_hook_is_an_empty_documented_function(name):
    hook = HOOKS[name]
    first, _, contract = inspect.getdoc(hook).partition("\n\n")
    assert first.rstrip().endswith(".")
    assert len(contract.split()) >= 15, "who calls it, and when?"
    code = inspect.getsource(hook)
    assert code.rstrip().endswith('"""'), "a specification has no body"
    arguments = list(inspect.signature(hook).parameters)
    assert arguments == ([] if name not in EVENTS else [name.split("_")[1]])


@pytest.mark.parametrize("kind", [*KINDS, COMMAND], ids=lambda kind: kind.name)
def test_a_plugin_provides_a_component_of_each_kind(site, kind):
    record = "Command" if kind is COMMAND else "Provider"
    source = f"@hookimpl\ndef {kind.hook}():\n    yield {record}('made-up', 'nowhere:At')\n"
    site.add("vega-one-kind", source)
    component = load_catalog().find(kind.name, "made-up")
    assert component.qualified == "vega-one-kind:made-up"
