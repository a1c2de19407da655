"""Distributions made on the spot: a module, its metadata and its entry point in a folder."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vega_core.plugins import Catalog, load_catalog

HEAD = "from vega_core import Command, Provider, hookimpl\n"


class Site:
    """A folder of distributions that is on the path of this process and of children."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: list[str] = []

    def module(self, name: str, source: str) -> None:
        path = self.folder.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        self.modules.append(name)

    def add(
        self,
        name: str,
        source: str,
        *,
        version: str = "1.0",
        requires: tuple[str, ...] = (),
        entry: str | None = None,
        module: str | None = None,
        metadata: str | None = None,
    ) -> str:
        """Installs a distribution of one module; returns the module's name."""
        module = module or name.replace("-", "_")
        self.module(module, HEAD + textwrap.dedent(source))
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        if metadata is None:
            lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
            lines += [f"Requires-Dist: {one}" for one in requires]
            metadata = "\n".join(lines) + "\n\nA description.\nName: not-this\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        entry = f"{name} = {module}" if entry is None else entry
        (info / "entry_points.txt").write_text(f"[console_scripts]\n[vega]\n{entry}\n")
        importlib.invalidate_caches()
        return module

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs ``vega`` in a child process that sees this folder."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("VEGA_")}
        return subprocess.run(
            [sys.executable, "-m", "vega_core.cli.main", *arguments],
            env=clean | {"PYTHONPATH": str(self.folder)} | environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def algorithm(self, name: str, target: str = "nowhere_at_all:Class", **fields: Any) -> str:
        """The source of a hook that yields one algorithm."""
        extra = "".join(f", {key}={value!r}" for key, value in fields.items())
        return f"""
@hookimpl
def vega_algorithms():
    yield Provider({name!r}, {target!r}{extra})
"""

    def state(self, name: str, catalog: Catalog | None = None) -> tuple[str, str, str]:
        """Status, stage and reason of a plugin."""
        plugin = (catalog or load_catalog()).plugin(name)
        assert plugin is not None, name
        return plugin.status, plugin.stage, plugin.reason

    def json(self, *arguments: str, **environment: str) -> Any:
        return json.loads(self.run(*arguments, "--json", **environment).stdout)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for switch in ("VEGA_PLUGINS", "VEGA_DISABLE_PLUGINS", "VEGA_STRICT_PLUGINS"):
        monkeypatch.delenv(switch, raising=False)
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    site = Site(folder)
    yield site
    for name in set(sys.modules) - before:
        if name.startswith("_vega_local_") or name.partition(".")[0] in {
            module.partition(".")[0] for module in site.modules
        }:
            del sys.modules[name]
