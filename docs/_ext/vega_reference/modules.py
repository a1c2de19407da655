"""The public names of a package."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import vega_core
from vega_core import nn
from vega_reference.docstrings import markdown, summary
from vega_reference.markdown import page, signature, table
from vega_reference.members import object_section


def python_page() -> str:
    """Returns the page of ``vega_core``."""
    names = [name for name in vega_core.__all__ if not name.startswith("_")]
    return page(
        "# Python",
        "`import vega_core as vega` gives these names. Each is imported when it is first used.",
        table(["name", "meaning"], [(f"[`{one}`](#{_anchor(one)})", _said(one)) for one in names]),
        *(f"({_anchor(one)})=\n\n{_section(one)}" for one in names),
    )


def networks_page() -> str:
    """Returns the page of ``vega_core.nn``."""
    return page(
        "# Networks",
        markdown(nn.__doc__),
        "## Functions",
        table(["function", "meaning"], _functions(nn)),
        "## Primitive operators",
        "A graph's nodes name these. Where ONNX has the operator, its name and meaning are ONNX's.",
        table(["operator", "meaning"], _operators()),
        "## Classes",
        *(object_section(value, name, 3) for name, value in _public(nn, inspect.isclass)),
    )


def _section(name: str) -> str:
    if name in _VALUES:
        return page(f"## `{name}`", _VALUES[name]).rstrip()
    return object_section(getattr(vega_core, name), name)


def _said(name: str) -> str:
    return _VALUES.get(name) or summary(getattr(vega_core, name).__doc__)


_VALUES = {
    "FAILED": "Told instead of metrics where an evaluation gave none.",
    "hookimpl": "Marks a function of a plugin as the implementation of the hook of its name.",
}


def _anchor(name: str) -> str:
    kind = "class" if inspect.isclass(getattr(vega_core, name)) else "value"
    return f"python-{kind}-{name.lower()}"


def _functions(module: ModuleType) -> Iterator[tuple[str, str]]:
    for _, value in _public(module, inspect.isfunction):
        yield f"`{signature(value, one_line=True)}`", summary(value.__doc__)


def _operators() -> Iterator[tuple[str, str]]:
    for name, value in _public(nn.ops, inspect.isclass):
        if issubclass(value, nn.Primitive) and value is not nn.Primitive:
            yield f"`{name}`", summary(value.__doc__)


def _public(module: ModuleType, wanted: Any) -> Iterator[tuple[str, Any]]:
    for name in module.__all__:
        value = getattr(module, name)
        if wanted(value):
            yield name, value
