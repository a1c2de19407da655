"""The samples of README and documentation are run, in order, each page in a fresh folder.

A comment before a block says what it is:

    <!-- file: NAME -->             the reader saves it under this name
    <!-- same as: PATH -->          it equals this file of the repository
    <!-- part of: PATH -->          it is part of a configuration: it loads when laid over this one
    <!-- slow -->                   it is run by `nox -s soak` alone
    <!-- interrupt after: TEXT -->  the command gets a Ctrl-C when it has printed this
    <!-- not run: REASON -->        it is not run, for one of `REASONS`
    <!-- needs: MODULE ... -->      the page needs these to be installed
    <!-- where installed: MODULE ... -->  it is run where these are installed, and else left out

Output is compared line by line: `...` alone stands for any lines, and inside a line for any text.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from vega_core.config import load_config

ROOT = Path(__file__).parents[2]
REASONS = {
    *("installs packages", "installs a package", "has mistakes", "a fragment", "long"),
    "run on another page",
}
DIRECTIVES = {"file", "same as", "part of", "slow", "interrupt after", "not run", "needs"}
DIRECTIVES |= {"where installed"}
GENERATED = ("_build", "_generated", "decisions")

PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("vega-*/README.md")),
    *sorted(
        path for path in ROOT.glob("docs/**/*.md") if not set(path.parts).intersection(GENERATED)
    ),
]
_BLOCK = re.compile(
    r"^(?P<comments>(?:<!--[^\n]*-->\n)*)```(?P<language>[a-z]+)\n(?P<text>.*?)^```$", re.M | re.S
)
_COMMENT = re.compile(r"<!-- ([a-z ]+?)(?:: (.*?))? -->")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    said: dict[str, str]

    @property
    def slow(self) -> bool:
        return "slow" in self.said

    @property
    def left_out(self) -> bool:
        wanted = self.said.get("where installed", "").split()
        return "not run" in self.said or not all(map(is_installed, wanted))


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(match["language"], match["text"], dict(_COMMENT.findall(match["comments"])))
        for match in _BLOCK.finditer(text)
    ]


def needs_of(page: Path) -> list[str]:
    said = _COMMENT.findall(page.read_text(encoding="utf-8"))
    return [module for name, value in said if name == "needs" for module in value.split()]


def is_installed(module: str) -> bool:
    """Whether a package is, and not only its sources, which others may have put on the path."""
    try:
        importlib.metadata.distribution(module.replace("_", "-"))
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


class Reader:
    """Does what a reader of one page does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("VEGA_")},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "100",
            "OMP_NUM_THREADS": "1",
        }
        caches = shutil.ignore_patterns(".*", "__pycache__")
        shutil.copytree(ROOT / "examples", folder / "examples", ignore=caches)

    def follow(self, blocks: list[Block], *, slow: bool) -> None:
        output = ""
        for block in blocks:
            if block.left_out or (block.slow and not slow):
                output = ""
                self._save(block)
            elif block.language == "console":
                self._console(block)
            elif block.language == "text" and output:
                compare(block.text, output)
            elif block.language == "python" and "file" not in block.said:
                output = self._python(block)
            else:
                self._save(block)
        for block in blocks:
            if block.language == "yaml" and not block.left_out:
                self._load(block)

    def _save(self, block: Block) -> None:
        if "same as" in block.said:
            assert block.text == (ROOT / block.said["same as"]).read_text(encoding="utf-8")
        if "file" in block.said:
            (self.folder / block.said["file"]).write_text(block.text, encoding="utf-8")
            if block.language == "python":
                compile(block.text, block.said["file"], "exec")

    def _python(self, block: Block) -> str:
        path = self.folder / "sample.py"
        path.write_text(block.text, encoding="utf-8")
        return self._run([sys.executable, str(path)], check=True)

    def _console(self, block: Block) -> None:
        for command, expected in commands_of(block.text):
            if "interrupt after" in block.said:
                output = self._interrupted(command, block.said["interrupt after"])
            else:
                output = self._run(["bash", "-c", command], check=not expected)
            if expected:
                compare(expected, output)

    def _run(self, arguments: list[str], *, check: bool) -> str:
        done = subprocess.run(
            arguments,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert not check or done.returncode == 0, done.stdout
        return done.stdout

    def _interrupted(self, command: str, after: str) -> str:
        with subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            seen = ""
            while after not in seen:
                line = process.stdout.readline()
                assert line, f"{after!r} never came:\n{seen}"
                seen += line
            process.send_signal(signal.SIGINT)
            return seen + process.stdout.read()

    def _load(self, block: Block) -> None:
        if "part of" in block.said:
            whole = self.folder / block.said["part of"]
            data = yaml.safe_load(whole.read_text(encoding="utf-8"))
            load_config(laid_over(yaml.safe_load(block.text), data), check_data=False)
        elif "file" in block.said:
            load_config(self.folder / block.said["file"], check_data=False)


def commands_of(text: str) -> Iterator[tuple[str, str]]:
    """Yields each command of a console session and what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def compare(expected: str, output: str) -> None:
    lines = []
    for line in expected.splitlines():
        anything = line.strip() == "..."
        lines.append(
            r"(?:.*\n)*?" if anything else re.escape(line).replace(r"\.\.\.", ".*?") + "\n"
        )
    got = "".join(f"{line.rstrip()}\n" for line in output.splitlines())
    assert re.fullmatch("".join(lines), got), f"expected\n{expected}\ngot\n{got}"


def laid_over(part: dict, whole: dict) -> dict:
    merged = dict(whole)
    for key, value in part.items():
        below = merged.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = laid_over(value, below) if both else value
    return merged


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture
def reader(request, tmp_path):
    missing = [module for module in needs_of(request.param) if not is_installed(module)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    return Reader(tmp_path)


def of_pages(pages):
    return pytest.mark.parametrize(
        ("reader", "page"),
        [(page, page) for page in pages],
        indirect=["reader"],
        ids=map(name_of, pages),
    )


@of_pages([page for page in PAGES if blocks_of(page)])
def test_samples(reader, page):
    reader.follow(blocks_of(page), slow=False)


@pytest.mark.soak
@of_pages([page for page in PAGES if any(block.slow for block in blocks_of(page))])
def test_slow_samples(reader, page):
    reader.follow(blocks_of(page), slow=True)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_sample_is_run_or_says_why_not(page):
    for block in blocks_of(page):
        assert set(block.said) <= DIRECTIVES, block.said
        assert block.language in {"console", "python", "sh", "text", "toml", "yaml"}, block.text
        assert block.said.get("not run", "long") in REASONS, block.said
        if block.language == "yaml":
            assert {"file", "part of", "same as", "not run"} & set(block.said), block.text
        if block.language == "sh":
            assert "not run" in block.said, block.text


def test_there_are_pages_to_read():
    names = {name_of(page) for page in PAGES}
    assert {"README.md", "docs/tutorial/plugin.md", "vega-core/README.md"} <= names
    assert sum(len(blocks_of(page)) for page in PAGES) > 40


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/**/*.yml")), ids=name_of)
def test_examples_load(path):
    if "backend: torch" in path.read_text() and not is_installed("vega_backend_torch"):
        pytest.skip("needs vega_backend_torch")
    load_config(path)


def test_the_plugin_of_the_tutorial_has_15_lines():
    lines = (ROOT / "examples/plugin/latin.py").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) == 15


def test_the_two_configurations_of_the_original_release_and_now_are_equal(tmp_path):
    if not is_installed("vega_backend_torch"):
        pytest.skip("needs vega_backend_torch")
    for block in blocks_of(ROOT / "docs/coming-from.md"):
        if "file" in block.said:
            (tmp_path / block.said["file"]).write_text(block.text)
    before, now = (load_config(tmp_path / name) for name in ("before.yml", "now.yml"))
    assert before.effective() == now.effective()
    assert before.notices
    assert not now.notices
