"""Parameter types and conditions of search spaces."""

from __future__ import annotations

from functools import partial
from typing import Any

from vega_core.space import TYPES, Condition
from vega_reference.docstrings import markdown
from vega_reference.markdown import page, table
from vega_reference.members import target_section


def spaces_page() -> str:
    """Returns the page."""
    rows = [
        (
            f"`{name}`",
            ", ".join(f"`{key}`" for key in entry.needs) or "nothing",
            ", ".join(f"`{key}`" for key in entry.takes),
            ", ".join(f"`{alias}`" for alias in entry.aliases),
        )
        for name, entry in TYPES.items()
    ]
    return page(
        "# Search spaces",
        "A hyperparameter has a `key`, the name that it binds to, a `type`, and the keys below. "
        "Case and punctuation in the name of a type do not matter.",
        table(["type", "needs", "may have", "also called"], rows),
        *_types(),
        "## Conditions",
        markdown(Condition.__doc__),
        target_section("vega_core.space:SearchSpace"),
    )


def _types() -> list[str]:
    parts: list[str] = []
    named: dict[Any, list[str]] = {}
    for name, entry in TYPES.items():
        named.setdefault(_owner(entry.read), []).append(f"`{name}`")
    for owner, names in named.items():
        parts += [f"## {', '.join(names)}", markdown(owner.__doc__, without=("Attributes",))]
    return parts


def _owner(read: Any) -> Any:
    """Returns the class that a row of the table makes, or the function that chooses one."""
    function = read.func if isinstance(read, partial) else read
    return getattr(function, "__self__", function)
