"""The three backends lie side by side: a reader who knows one finds his way in the others."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BACKENDS = {
    name: ROOT / f"vega-backend-{name}/src/vega_backend_{name}" for name in ("torch", "tf", "ms")
}
SHARED = {
    "arrays", "backend", "devices", "engine", "executable", "foreign", "lower", "modules", "native",
    "optim", "outline", "plugin", "rules", "store",
}  # fmt: skip


def modules(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py")}


@pytest.mark.parametrize("backend", BACKENDS)
def test_files_have_the_same_names(backend: str) -> None:
    assert modules(BACKENDS[backend]) >= SHARED


@pytest.mark.parametrize("backend", ["tf", "ms"])
def test_operators_are_lowered_family_by_family(backend: str) -> None:
    families = modules(BACKENDS["torch"] / "lowering") - {"types"}
    assert families <= modules(BACKENDS[backend] / "lowering") | {"counting"}


def options(backend: str) -> dict[str, str]:
    """Returns the options of a backend's constructor with their annotations, unevaluated."""
    tree = ast.parse((BACKENDS[backend] / "backend.py").read_text(encoding="utf-8"))
    made = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )
    return {one.arg: ast.unparse(one.annotation) for one in made.args.kwonlyargs if one.annotation}


@pytest.mark.parametrize("backend", BACKENDS)
def test_options_that_all_have_are_of_one_type(backend: str) -> None:
    found = options(backend)
    assert found["device"] == "str | None"
    assert found["threads"] == "int | None"
    assert "'auto'" in found["compile"]
