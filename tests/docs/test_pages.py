"""README, CONTRIBUTING and the pages: what they begin with, and where their links lead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("vega-*/README.md"),
    *(path for path in ROOT.glob("docs/**/*.md") if "_build" not in path.parts),
]
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_the_readme_begins_with_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (first,) = re.findall(r"\A# Vega\n\n<!--[^\n]*-->\n```sh\n(.*?)```", text, flags=re.S)
    assert first.splitlines() == [
        "python -m pip install nox && python -m nox -s quickstart",
        "python -m nox -s tests",
    ]


def test_every_session_of_nox_is_explained():
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = re.findall(r"^@nox\.session.*?^def (\w+)", noxfile, flags=re.M | re.S)
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(sessions) > 8
    for name in sessions:
        assert f"| `{name}` |" in text


def test_every_package_has_a_readme_that_names_it():
    for path in ROOT.glob("vega-*/pyproject.toml"):
        text = (path.parent / "README.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {path.parent.name}\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for link in _LINK.findall(text):
        if "://" in link or "_generated" in link or "_generated" in page.parts:
            continue  # of the web, or made by the build, which checks them itself
        assert (page.parent / link).exists(), link
