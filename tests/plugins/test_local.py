"""Local code named by a configuration, and targets in files."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

from vega_core.errors import PluginError
from vega_core.plugins import BrokenPlugin, UnknownComponent, load_catalog, load_target

LOCAL = """
from vega_core import Provider, hookimpl
import helper_beside

@hookimpl
def vega_search_spaces():
    yield Provider("Own", f"{__name__}:Own")
    yield Provider("ByFile", "my_losses:Own")
    yield Provider("Beside", "helper_beside:Beside")
    yield Provider("Path", "./helper_beside.py:Beside")

class Own:
    value = helper_beside.VALUE
"""


@pytest.fixture
def folder(site, tmp_path):
    folder = tmp_path / "a user's project"
    folder.mkdir()
    (folder / "my_losses.py").write_text(LOCAL)
    (folder / "helper_beside.py").write_text("VALUE = 7\nclass Beside: ...\n")
    yield folder
    sys.path[:] = [place for place in sys.path if place != str(folder)]
    sys.modules.pop("helper_beside", None)
    for name in [name for name in sys.modules if name.startswith("local_pack")]:
        del sys.modules[name]


def test_a_file_next_to_the_configuration(folder):
    catalog = load_catalog(["./my_losses.py"], folder)
    assert catalog.find("search_space", "Own").qualified == "./my_losses.py:Own"
    assert catalog.load("search_space", "./my_losses.py:Own").value == 7
    assert catalog.load("search_space", "ByFile") is catalog.load("search_space", "Own")
    assert catalog.load("search_space", "Beside").__name__ == "Beside"
    assert catalog.load("search_space", "Path").__name__ == "Beside"


def test_another_process_loads_the_same_from_targets(folder, tmp_path):
    targets = load_catalog(["my_losses.py"], folder).targets()
    code = """
        import json, sys
        from vega_core.plugins import Targets
        targets = Targets.from_json(json.load(sys.stdin))
        for name in ("Own", "ByFile", "Beside", "Path"):
            print(targets.load("search_space", name).__module__)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        input=json.dumps(targets),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    own, by_file, beside, _ = done.stdout.split()
    here = load_catalog(["./my_losses.py"], folder).load("search_space", "Own")
    assert own == by_file == here.__module__
    assert beside == "helper_beside"


def test_a_module_below_the_configurations_folder(folder):
    package = folder / "local_pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text("class Part: ...\n")
    (package / "plugin.py").write_text(
        "from vega_core import Provider, hookimpl\n"
        "@hookimpl\ndef vega_search_spaces():\n"
        "    yield Provider('Part', 'local_pack.parts:Part')\n"
    )
    catalog = load_catalog(["local_pack.plugin"], folder)
    component = catalog.find("search_space", "local_pack.plugin:Part")
    assert component.target == f"{folder}/local_pack.parts:Part"
    assert catalog.load("search_space", "Part").__module__ == "local_pack.parts"


def test_one_file_named_twice_is_one_plugin(folder):
    catalog = load_catalog(["./my_losses.py", str(folder / "my_losses.py")], folder)
    assert [one.name for one in catalog.plugins if "my_losses" in one.name] == [
        str(folder / "my_losses.py")
    ]


def test_code_that_is_installed_by_now_is_not_loaded_again(site):
    module = site.add("vega-done", site.algorithm("Done"))
    catalog = load_catalog([module])
    assert catalog.find("algorithm", "Done").qualified == "vega-done:Done"


def test_broken_local_code_is_an_error_at_once(folder):
    (folder / "bad.py").write_text("import nothing_of_that_name\n")
    before = set(sys.modules)
    with pytest.raises(
        BrokenPlugin, match=r"plugin \./bad\.py is broken at stage 'import'"
    ) as error:
        load_catalog(["./bad.py"], folder, strict=False)
    assert "bad.py:1" in str(error.value)
    assert isinstance(error.value.__cause__, ModuleNotFoundError)
    with pytest.raises(BrokenPlugin, match=r"there is no file .*gone.py"):
        load_catalog(["./gone.py"], folder)
    new = sys.modules.keys() - before
    assert not [name for name in new if name.startswith("_vega_local")]


def test_local_code_can_clash_and_be_qualified(folder, site):
    site.add("vega-own", "@hookimpl\ndef vega_search_spaces():\n    yield Provider('Own', 'a:B')\n")
    catalog = load_catalog(["./my_losses.py"], folder)
    with pytest.raises(PluginError, match=r"write 'vega-own:Own' or '\./my_losses\.py:Own'"):
        catalog.find("search_space", "Own")


def test_a_module_belongs_to_a_framework_with_a_backend(site):
    site.add("vega-torhc", "@hookimpl\ndef vega_backends():\n    yield Provider('torhc', 'a:B')\n")
    own = ["Torhc:my_package.MyNet", "torhc:my_package.MyNet"]
    catalog = load_catalog(own)
    assert all(map(catalog.is_module, own))
    assert not any(map(catalog.is_module, ["tohrc:my_package.MyNet", "my_package.MyNet", "torhc"]))
    assert sorted(catalog.targets()["module"]) == ["torhc:my_package.MyNet"]
    with pytest.raises(UnknownComponent, match="unknown backend 'tohrc'; did you mean 'torhc'"):
        load_catalog(["tohrc:my_package.MyNet"])


def test_load_target_of_a_module():
    import collections

    assert load_target("collections:OrderedDict") is collections.OrderedDict
    assert load_target("collections:OrderedDict.fromkeys") == collections.OrderedDict.fromkeys


def test_load_target_of_a_file(folder):
    first = load_target("./my_losses.py:Own", folder)
    assert first is load_target(f"{folder}/my_losses.py:Own")
    assert sys.modules[first.__module__].Own is first


@pytest.mark.parametrize("target", ["collections", "collections:", ":Name", "a:b c", "a:1"])
def test_a_malformed_target(target):
    with pytest.raises(PluginError, match="names no object"):
        load_target(target)


def test_a_name_that_a_module_lacks():
    with pytest.raises(PluginError, match="collections has no 'OrderedDic'; did you mean 'Ordered"):
        load_target("collections:OrderedDic")
