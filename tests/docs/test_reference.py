"""The generated reference says everything that there is, as it is in the code."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import vega_core
from vega_core import errors
from vega_core.cli.main import COMMANDS
from vega_core.config.model import General, HandOver, StepConfig
from vega_core.execute import AttemptState
from vega_core.plugins import KINDS, hookspecs, load_catalog, load_target, parameters_of
from vega_core.space import TYPES
from vega_core.store.rundir import RunDir

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages():
    sys.path.insert(0, str(ROOT / "docs" / "_ext"))
    try:
        from vega_reference import pages

        return dict(pages())
    finally:
        sys.path.remove(str(ROOT / "docs" / "_ext"))
        for name in [name for name in sys.modules if name.partition(".")[0] == "vega_reference"]:
            del sys.modules[name]


def specifications():
    tree = ast.parse(Path(hookspecs.__file__).read_text(encoding="utf-8"))
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("hook", specifications(), ids=lambda node: node.name)
def test_every_hook_has_a_heading_with_its_signature(pages, hook):
    signature = f"{hook.name}({ast.unparse(hook.args)}) -> {ast.unparse(hook.returns)}"
    lines = pages["hooks"].splitlines()
    assert f"## `{signature}`" in lines
    first = ast.get_docstring(hook).splitlines()[0]
    assert first in lines


def test_there_is_a_hook_a_kind(pages):
    assert {kind.hook for kind in KINDS} < {node.name for node in specifications()}
    assert {f"kinds/{kind.name}" for kind in KINDS} < set(pages)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_component_is_described_with_its_parameters(pages, kind):
    text = pages[f"kinds/{kind.name}"]
    for component in load_catalog().components(kind.name):
        assert f"\n### `{component.name}`\n" in text
        assert component.provider.summary in text
        assert all(f"`{alias}`" in text for alias in component.provider.aliases)
        if not kind.bare and not component.provider.backends:
            target = load_catalog().load(kind.name, component.qualified)
            for parameter in parameters_of(target):
                assert f"| `{parameter.name}` |" in text


def test_packages_that_are_not_installed_are_described_too(pages):
    assert "### `torch`" in pages["kinds/backend"]
    assert "`vega-backend-torch`" in pages["kinds/backend"]


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.contract], ids=lambda kind: kind.name
)
def test_every_contract_has_what_an_author_must_write(pages, kind):
    text = pages[f"kinds/{kind.name}"]
    contract = load_target(kind.contract)
    assert f"### `{kind.contract.replace(':', '.')}`" in text
    for name in getattr(contract, "__abstractmethods__", ()):
        if name in vars(contract):
            assert f"##### `{name}`" in text


@pytest.mark.parametrize("model", [General, StepConfig, HandOver])
def test_every_key_has_a_meaning(pages, model):
    for name, field in model.model_fields.items():
        assert f"| `{field.alias or name}` |" in pages["configuration"]
        assert " ".join(field.description.split()) in pages["configuration"].replace("\\|", "|")


def test_every_command_has_its_help(pages):
    for name in COMMANDS:
        assert f"## `vega {name}`" in pages["commands"]
        assert f"Usage: vega {name}" in pages["commands"]


def test_every_exit_code_state_and_file_is_listed(pages):
    text = pages["runs"]
    rows = text.splitlines()
    kinds = [item for item in vars(errors).values() if isinstance(item, type)]
    for error in kinds:
        if issubclass(error, errors.VegaError):
            (row,) = [line for line in rows if line.startswith(f"| {error.exit_code} |")]
            assert f"`{error.__name__}`" in row
    for code in (0, 3, 130, 143):
        assert f"\n| {code} |" in text
    for state in AttemptState:
        assert f"| `{state}` |" in text
    for name in ("config.yml", "journal.db", "run.lock", "output.json"):
        assert name in RunDir.__doc__
        assert name in text


def test_every_public_name_and_parameter_type_is_there(pages):
    for name in vega_core.__all__:
        assert name.startswith("_") or f"\n## `{name}`\n" in pages["python"]
    for name, entry in TYPES.items():
        assert f"| `{name}` |" in pages["spaces"]
        assert all(f"`{alias}`" in pages["spaces"] for alias in entry.aliases)


def test_the_pages_do_not_depend_on_the_process(pages):
    for name, text in pages.items():
        assert " at 0x" not in text, name
        assert str(ROOT) not in text, name


def test_unchanged_pages_are_not_touched(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    from vega_reference import generate

    generate(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")}
    generate(tmp_path)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")}
    assert len(before) > len(KINDS)
