"""The page of all hooks."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType

from vega_core.plugins import hookspecs
from vega_reference.docstrings import markdown
from vega_reference.markdown import page, signature
from vega_reference.members import target_section

RECORDS = ("vega_core.plugins:Provider", "vega_core.plugins:Command")
EVENTS = tuple(f"vega_core.plugins.events:{name}Event" for name in ("Run", "Step", "Trial"))


def hooks() -> dict[str, FunctionType]:
    """Returns the specification of every hook by its name, in the order of the module."""
    specifications = vars(hookspecs).items()
    return {name: value for name, value in specifications if hasattr(value, "vega_spec")}


def hooks_page() -> str:
    """Returns the page."""
    return page(
        "# Hooks",
        "A hook is a function that a plugin may write. " + _rules(),
        *_sections(),
        "## Records that hooks yield",
        *(target_section(target, 3) for target in RECORDS),
        "## Records that listeners get",
        *(target_section(target, 3) for target in EVENTS),
    )


def _rules() -> str:
    return markdown(hookspecs.__doc__).partition("\n\n")[2]


def _sections() -> Iterator[str]:
    for name, function in hooks().items():
        yield f"({name})=\n\n## `{signature(function, one_line=True)}`"
        yield markdown(function.__doc__)
