"""What is found, in which order, and what the switches do to it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from vega_core.plugins import NotInstalled, UnknownComponent, load_catalog
from vega_core.plugins.discovery import discover
from vega_core.plugins.switches import Switches, normalize


def test_core_first_then_by_name_whatever_the_folder_order(site):
    for name in ("vega-zeta", "vega-alpha", "Vega_Mid"):
        site.add(name, site.algorithm(name))
    names = [found.name for found in discover()]
    assert names[0] == "vega-core"
    assert [normalize(name) for name in names[1:]] == sorted(map(normalize, names[1:]))
    assert {"vega-zeta", "vega-alpha", "Vega_Mid"} <= set(names)


def test_name_version_and_requirements_come_from_the_header(site):
    site.add("vega-found", site.algorithm("F"), version="2.5", requires=("vega-core>=0.1",))
    (found,) = [one for one in discover() if one.name == "vega-found"]
    assert (found.version, found.modules) == ("2.5", ("vega_found",))
    assert found.requires == ("vega-core>=0.1",)
    assert "vega_found" not in sys.modules


def test_the_first_of_two_on_the_path_counts(site, tmp_path, monkeypatch):
    site.add("vega-twice", site.algorithm("Old"), version="1.0")
    other = type(site)(tmp_path / "other")
    other.folder.mkdir()
    other.add("vega-twice", site.algorithm("New"), version="2.0", module="vega_twice_new")
    monkeypatch.syspath_prepend(other.folder)
    site.modules += other.modules
    catalog = load_catalog()
    assert [one.version for one in catalog.plugins if one.name == "vega-twice"] == ["2.0"]
    assert "New" in catalog.names("algorithm")
    assert "Old" not in catalog.names("algorithm")


def test_one_entry_point_given_twice_is_one_plugin(site):
    site.add("vega-two", site.algorithm("Two"), entry="a = vega_two\nb = vega_two")
    assert load_catalog().names("algorithm").count("Two") == 1
    assert site.state("vega-two")[0] == "ok"


def test_several_modules_of_one_distribution(site):
    site.module(
        "second_half", "from vega_core import hookimpl\n@hookimpl\ndef vega_losses():\n    return\n"
    )
    site.add("vega-halves", site.algorithm("First"), entry="a = vega_halves\nb = second_half")
    assert site.state("vega-halves") == ("ok", "", "")


def test_names_given_twice_across_modules_of_one_distribution(site):
    site.module(
        "second_half", "from vega_core import Provider, hookimpl\n" + site.algorithm("First")
    )
    site.add("vega-halves", site.algorithm("First"), entry="a = vega_halves\nb = second_half")
    assert site.state("vega-halves")[:2] == ("broken", "call")


def test_same_entry_point_name_in_two_distributions(site):
    site.add("vega-one", site.algorithm("One"), entry="algos = vega_one")
    site.add("vega-other", site.algorithm("Other"), entry="algos = vega_other")
    assert {"One", "Other"} <= set(load_catalog().names("algorithm"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"entry": "x = vega_named:thing"}, "which is no module"),
        ({"entry": "x = vega_core.plugins.builtin"}, "which belongs to vega-core"),
        ({"metadata": "Metadata-Version: 2.1\nName: has space\n\n"}, "no name of a distribution"),
        ({"metadata": "Metadata-Version: 2.1\n\nName: body\n"}, "its metadata has no Name"),
    ],
)
def test_stage_name(site, options, reason):
    site.add("vega-named", site.algorithm("N"), **options)
    broken = [one for one in load_catalog().plugins if one.stage == "name"]
    assert len(broken) == 1
    assert reason in broken[0].reason


def test_unreadable_entry_points_are_reported(site):
    site.add("vega-torn", site.algorithm("T"))
    file = site.folder / "vega_torn-1.0.dist-info" / "entry_points.txt"
    file.write_text("[vega]\nno equals sign\n")
    broken = [one for one in load_catalog().plugins if one.status == "broken"]
    assert any("cannot be read" in one.reason for one in broken)
    file.write_bytes(b"\xff\xfe[vega]")
    assert load_catalog().plugin("vega-torn") is None


def test_select(site, monkeypatch):
    site.add("vega-one", site.algorithm("One"))
    site.add("vega-two", site.algorithm("Two"))
    monkeypatch.setenv("VEGA_PLUGINS", "Vega_One")
    catalog = load_catalog()
    assert catalog.names("algorithm") == ["One"]
    assert catalog.names("step")  # the core is always there
    assert site.state("vega-two") == ("off", "", "not selected by VEGA_PLUGINS")
    assert "vega_two" not in sys.modules
    with pytest.raises(NotInstalled, match="not selected by VEGA_PLUGINS"):
        catalog.find("algorithm", "vega-two:Two")


def test_selecting_what_is_not_there_is_listed_as_broken(site, monkeypatch):
    monkeypatch.setenv("VEGA_PLUGINS", "vega-nowhere")
    assert site.state("vega-nowhere")[:2] == ("broken", "name")
    assert site.run("--help", VEGA_PLUGINS="vega-nowhere").returncode == 0
    done = site.run("doctor", "--json", VEGA_PLUGINS="vega-nowhere")
    assert done.returncode == 1
    assert "VEGA_PLUGINS names vega-nowhere" in done.stdout


@pytest.mark.parametrize("value", ["vega-one", "x,Vega.One", "*", "all"])
def test_disable(site, monkeypatch, value):
    site.add("vega-one", "raise RuntimeError\n")
    monkeypatch.setenv("VEGA_DISABLE_PLUGINS", value)
    assert site.state("vega-one") == ("off", "", "switched off by VEGA_DISABLE_PLUGINS")
    assert load_catalog().names("step")


def test_a_known_component_of_a_disabled_package(site, monkeypatch):
    site.add("vega-algos-nas", site.algorithm("CARS"))
    monkeypatch.setenv("VEGA_DISABLE_PLUGINS", "vega-algos-nas")
    with pytest.raises(NotInstalled, match="'CARS' is in vega-algos-nas, which is switched off"):
        load_catalog().find("algorithm", "CARS")


def test_switches_from_an_environment():
    switches = Switches.from_environment(
        {"VEGA_PLUGINS": " a-b , C_d", "VEGA_STRICT_PLUGINS": "yes"}
    )
    assert switches.selected == {"a-b", "c-d"}
    assert switches.strict
    assert (
        Switches.from_environment({"VEGA_PLUGINS": " ", "VEGA_STRICT_PLUGINS": "0"}) == Switches()
    )


def test_the_core_is_there_without_its_metadata(monkeypatch):
    import importlib_metadata

    monkeypatch.setattr(importlib_metadata, "distributions", list)
    catalog = load_catalog()
    assert [plugin.name for plugin in catalog.plugins] == ["vega-core"]
    assert "SearchPipeStep" in catalog.names("step")


def test_listing_imports_no_target_and_nothing_heavy(site):
    site.module("the_target", "raise RuntimeError('imported')\n")
    site.add("vega-lazy", site.algorithm("Lazy", "the_target:Lazy"))
    code = (
        "import json, sys\n"
        "from vega_core.cli.main import execute\n"
        "assert execute(['plugins']) == 0\n"
        "json.dump(sorted(sys.modules), sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(site.folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Lazy" in done.stdout
    loaded = {name.partition(".")[0] for name in json.loads(done.stderr)}
    heavy = {"torch", "tensorflow", "mindspore", "numpy", "pydantic", "yaml", "rich", "the_target"}
    assert not loaded & heavy
    assert "importlib_metadata" in loaded


def test_importing_the_package_reads_no_metadata():
    code = "import vega_core.plugins, sys; print('importlib_metadata' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_unknown_plugin_in_a_qualified_name(site):
    with pytest.raises(UnknownComponent, match=r"no plugin 'vega-cor'.*did you mean 'vega-core'"):
        load_catalog().find("step", "vega-cor:SearchPipeStep")
