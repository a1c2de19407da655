"""Writes the reference pages from the code: hooks, kinds, contracts, configuration, commands.

A Sphinx extension that runs before every build. Without Sphinx,
``python docs/_ext/vega_reference FOLDER`` writes the same pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vega_core.plugins import KINDS
from vega_reference.catalog import whole_catalog
from vega_reference.commands import commands_page
from vega_reference.configuration import configuration_page
from vega_reference.hooks import hooks_page
from vega_reference.kinds import kind_page, kinds_page
from vega_reference.modules import networks_page, python_page
from vega_reference.runs import runs_page
from vega_reference.spaces import spaces_page
from vega_reference.spellings import spellings_page

GENERATED = Path(__file__).parents[2] / "reference" / "_generated"


def pages() -> Iterator[tuple[str, str]]:
    """Yields the name of each page, without its ending, and its Markdown."""
    catalog = whole_catalog()
    yield "hooks", hooks_page()
    yield "kinds", kinds_page(catalog)
    for kind in KINDS:
        yield f"kinds/{kind.name}", kind_page(kind, catalog)
    yield "configuration", configuration_page()
    yield "spaces", spaces_page()
    yield "commands", commands_page()
    yield "runs", runs_page()
    yield "python", python_page()
    yield "networks", networks_page()
    yield "spellings", spellings_page()


def generate(folder: Path) -> None:
    """Writes every page into a folder; a page that has not changed is not touched."""
    for name, text in pages():
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Registers the extension with Sphinx."""
    app.connect("builder-inited", lambda _: generate(GENERATED))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
