"""Small pieces of Markdown: tables, code, headings, signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

_WIDTH = 96
_LONGEST_DEFAULT = 60


class _Bare(str):
    """An annotation that is printed without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def signature(function: Callable[..., Any], name: str = "", *, one_line: bool = False) -> str:
    """Returns a call as it is written in the source: ``ask(self) -> Proposal | None``.

    Args:
        function: The function, or a class for its constructor.
        name: The name to print; the function's own by default.
        one_line: Whether to keep a long one on one line.
    """
    found = inspect.signature(function)
    values = [_shown(one) for one in found.parameters.values()]
    result = inspect.Signature.empty if inspect.isclass(function) else found.return_annotation
    name = name or function.__name__
    tail = f" -> {result}" if result is not inspect.Signature.empty else ""
    text = f"{name}({', '.join(_each(values))}){tail}"
    if one_line or len(text) <= _WIDTH:
        return text
    lines = [f"    {item}," for item in _each(values)]
    return "\n".join([f"{name}(", *lines, f"){tail}"])


def _each(values: Sequence[inspect.Parameter]) -> Iterable[str]:
    starred = False
    for one in values:
        if one.kind is one.VAR_POSITIONAL:
            starred = True
        elif one.kind is one.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        yield str(one)


def _shown(one: inspect.Parameter) -> inspect.Parameter:
    default = one.default
    text = "" if default is one.empty else repr(default)
    if len(text) > _LONGEST_DEFAULT or " at 0x" in text:
        default = _Bare("...")
    return one.replace(annotation=_bare(one.annotation), default=default)


def _bare(annotation: Any) -> Any:
    return _Bare(annotation) if isinstance(annotation, str) else annotation


def code(text: str, language: str = "python") -> str:
    """Returns a block of code."""
    fence = "````" if "```" in text else "```"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table; cells may hold Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def literal(value: object) -> str:
    """Returns a value as code; strings with their quotes."""
    text = repr(value)
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def page(*parts: str) -> str:
    """Joins the parts of a page."""
    return "\n\n".join(part for part in parts if part) + "\n"
