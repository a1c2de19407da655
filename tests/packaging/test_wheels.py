"""What the packages say of themselves, read from their pyproject.toml; nothing is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("vega-*/pyproject.toml"))


def project(package):
    return tomllib.loads((ROOT / package / "pyproject.toml").read_text())["project"]


def requirements(package):
    return [Requirement(text) for text in project(package)["dependencies"]]


def test_the_packages_are_there():
    assert {"vega-core", "vega-tasks", "vega-algos-hpo", "vega-backend-torch"} <= set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_typed_licensed_and_described(package):
    source = ROOT / package / "src" / package.replace("-", "_")
    assert (source / "py.typed").is_file()
    assert (ROOT / package / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert (ROOT / package / "README.md").read_text().strip()
    assert project(package)["license"] == "Apache-2.0"
    assert project(package)["requires-python"] == ">=3.10"
    assert project(package)["name"] == package


@pytest.mark.parametrize("package", PACKAGES)
def test_requirements_are_ranges(package):
    for one in requirements(package):
        operators = {part.operator for part in one.specifier}
        assert ">=" in operators, f"{one} has no lower bound"
        assert not operators & {"==", "===", "~="}, f"{one} is pinned"
        if one.name.startswith("vega-"):
            assert operators == {">=", "<"}, f"{one} is no range"


@pytest.mark.parametrize("package", [name for name in PACKAGES if name != "vega-core"])
def test_a_pack_takes_the_core_that_is_here(package):
    (core,) = [one for one in requirements(package) if one.name == "vega-core"]
    assert core.specifier.contains(project("vega-core")["version"])


def test_only_a_backend_needs_a_framework():
    frameworks = {"torch", "tensorflow", "mindspore"}
    for package in PACKAGES:
        names = {one.name for one in requirements(package)}
        assert bool(names & frameworks) == package.startswith("vega-backend-"), package


@pytest.mark.parametrize("package", PACKAGES)
def test_one_entry_point_names_a_light_module(package):
    (target,) = project(package)["entry-points"]["vega"].values()
    if not any(package == found.name for found in metadata.distributions()):
        pytest.skip(f"needs {package}")
    heavy = ["numpy", "torch", "tensorflow", "mindspore", "sklearn", "pydantic", "yaml", "rich"]
    code = f"import sys, {target}\nprint([name for name in {heavy} if name in sys.modules])\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_versions_agree():
    text = (ROOT / "vega-core/src/vega_core/__init__.py").read_text()
    (version,) = re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    assert project("vega-core")["version"] == version
