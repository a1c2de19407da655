"""Google docstrings to Markdown."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator

from vega_reference.markdown import code, table

_SECTION = re.compile(r"(Args|Attributes|Returns|Yields|Raises|Example|Examples)::?\s*")
_ENTRY = re.compile(r"(\*{0,2}[\w.]+): +(.*)", re.DOTALL)
_NAMED = ("Args", "Attributes", "Raises")


def markdown(docstring: str | None, *, without: Iterable[str] = ()) -> str:
    """Returns a docstring as Markdown.

    Args:
        docstring: In Google's style.
        without: Sections to leave out.
    """
    left_out = set(without)
    parts = []
    for section, lines in _sections(inspect.cleandoc(docstring or "").splitlines()):
        if section in left_out:
            continue
        parts.append(_body(lines) if not section else _section(section, lines))
    return "\n\n".join(part for part in parts if part)


def summary(docstring: str | None) -> str:
    """Returns the first paragraph on one line."""
    return " ".join(inspect.cleandoc(docstring or "").split("\n\n", 1)[0].split())


def entries(docstring: str | None, section: str) -> dict[str, str]:
    """Returns name to meaning of one section."""
    for found, lines in _sections(inspect.cleandoc(docstring or "").splitlines()):
        if found == section:
            return dict(_entries(lines))
    return {}


def _sections(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    name, inside = "", []
    for line in lines:
        match = _SECTION.fullmatch(line)
        if match:
            yield name, inside
            name, inside = match[1], []
        elif name and line and not line[0].isspace():
            yield name, inside
            name, inside = "", [line]
        else:
            inside.append(line)
    yield name, inside


def _section(name: str, lines: list[str]) -> str:
    text = textwrap.dedent("\n".join(lines)).strip("\n")
    if name in ("Example", "Examples"):
        return f"**Example**\n\n{text if text.startswith('```') else code(text)}"
    found = dict(_entries(lines)) if name in _NAMED else {}
    if not found:
        return f"**{name}:** {_body(text.splitlines())}"
    rows = "\n".join(f"- `{entry}`: {meaning}" for entry, meaning in found.items())
    return f"**{name}**\n\n{rows}"


def _entries(lines: list[str]) -> Iterator[tuple[str, str]]:
    text = textwrap.dedent("\n".join(lines)).strip()
    for block in re.split(r"\n(?=\S)", text):
        match = _ENTRY.match(block)
        if match:
            yield match[1], " ".join(match[2].split())


def _body(lines: list[str]) -> str:
    """Returns paragraphs; tables, indented blocks and doctests become code."""
    blocks = re.split(r"\n\s*\n", "\n".join(lines).strip("\n"))
    return "\n\n".join(_block(block) for block in _whole_fences(blocks))


def _block(block: str) -> str:
    first = block.lstrip("\n")
    if first.startswith("```"):
        return block
    if first.startswith("===="):
        return _grid(first.splitlines())
    if first.startswith(("    ", ">>>")):
        return code(textwrap.dedent(block), "python" if ">>>" in first else "text")
    return block


def _grid(lines: list[str]) -> str:
    """Returns a simple table of reStructuredText as one of Markdown."""
    spans = [match.span() for match in re.finditer("=+", lines[0])]
    ends = [start for start, _ in spans[1:]] + [None]
    rows = [
        [line[start:end] for (start, _), end in zip(spans, ends, strict=True)]
        for line in lines
        if not line.startswith("=")
    ]
    return table(rows[0], rows[1:])


def _whole_fences(blocks: list[str]) -> Iterator[str]:
    """Joins blocks that a fenced block with blank lines was split into."""
    pending = ""
    for block in blocks:
        pending = f"{pending}\n\n{block}" if pending else block
        if pending.count("```") % 2 == 0:
            yield pending
            pending = ""
    if pending:
        yield pending
