"""Reads the ``Args:`` and ``Attributes:`` sections of Google docstrings."""

from __future__ import annotations

import inspect
import re

_SECTION = re.compile(r"(Args|Arguments|Attributes|Parameters|Keyword Args|Other Parameters):\s*$")
_ENTRY = re.compile(r"\*{0,2}([A-Za-z_]\w*)(?:\s*\([^)]*\))?:\s*(.*)")


def meanings(docstring: str | None) -> dict[str, str]:
    """Returns name to description for each documented parameter, on one line each."""
    found: dict[str, list[str]] = {}
    inside, entry_indent, name = False, 0, ""
    for line in inspect.cleandoc(docstring or "").splitlines():
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent == 0:
            inside, entry_indent, name = bool(_SECTION.match(line)), 0, ""
            continue
        if not inside or not line.strip():
            continue
        entry_indent = entry_indent or indent
        match = _ENTRY.match(line.strip()) if indent == entry_indent else None
        if match:
            name = match.group(1)
            found[name] = [match.group(2)]
        elif name:
            found[name].append(line.strip())
    return {name: " ".join(part for part in parts if part) for name, parts in found.items()}


def summary(docstring: str | None) -> str:
    """Returns a docstring's first paragraph on one line."""
    text = inspect.cleandoc(docstring or "")
    return " ".join(text.split("\n\n", 1)[0].split())
