"""Classes and functions as sections of a page."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

from vega_core.plugins import load_target
from vega_reference.docstrings import markdown
from vega_reference.markdown import code, page, signature


def target_section(target: str, level: int = 2) -> str:
    """Returns the section of a class or function that ``module:Name`` names."""
    module, _, name = target.partition(":")
    return object_section(load_target(target), f"{module}.{name}", level)


def object_section(value: Any, title: str, level: int = 2) -> str:
    """Returns a section: signature, docstring, and the methods of a class."""
    head = f"{'#' * level} `{title}`"
    if not callable(value) or not hasattr(value, "__name__"):
        return page(head, markdown(type(value).__doc__)).rstrip()
    parts = [head, _call(value), markdown(value.__doc__)]
    if inspect.isclass(value):
        parts += methods(value, level + 1)
    return page(*parts).rstrip()


def _call(value: Any) -> str:
    if not inspect.isclass(value):
        return code(signature(value))
    if inspect.isabstract(value) or getattr(value, "_is_protocol", False):
        return ""
    if not dataclasses.is_dataclass(value) and "__init__" not in vars(value):
        return ""
    try:
        return code(signature(value, value.__name__))
    except (TypeError, ValueError):
        return ""


def methods(cls: type, level: int) -> Iterator[str]:
    """Yields a section for each documented method, those that an author must write first."""
    own = [(name, value) for name, value in vars(cls).items() if _shown(cls, name, value)]
    abstract = [item for item in own if _is_abstract(item[1])]
    for title, group in (
        ("Must be written", abstract),
        ("Inherited" if abstract else "Methods", [item for item in own if item not in abstract]),
    ):
        if group:
            yield f"{'#' * level} {title}"
        for name, value in group:
            yield page(*_member(name, value, level + 1)).rstrip()


def _member(name: str, value: Any, level: int) -> Iterator[str]:
    function = _function(value)
    if isinstance(value, property) or function is None:
        inner = value.fget if isinstance(value, property) else getattr(value, "func", None)
        result = getattr(inner, "__annotations__", {}).get("return", "")
        yield f"{'#' * level} `{name}`" + (f" → `{result}`" if result else "")
        yield markdown(getattr(inner, "__doc__", ""))
        return
    prefix = {classmethod: "@classmethod\n", staticmethod: "@staticmethod\n"}.get(type(value), "")
    yield f"{'#' * level} `{name}`"
    yield code(prefix + signature(function))
    yield markdown(function.__doc__)


def _function(value: Any) -> Any:
    inner = getattr(value, "__func__", value)
    return inner if inspect.isfunction(inner) else None


def _shown(cls: type, name: str, value: Any) -> bool:
    if name.startswith("__") and name not in ("__len__", "__getitem__", "__getitems__", "__call__"):
        return False
    is_member = isinstance(value, property) or _function(value) or hasattr(value, "func")
    if not is_member or (dataclasses.is_dataclass(cls) and name.startswith("_")):
        return False
    return _is_abstract(value) or (not name.startswith("_") or name.startswith("__"))


def _is_abstract(value: Any) -> bool:
    return bool(getattr(value, "__isabstractmethod__", False))
