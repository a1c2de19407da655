"""Finds plugins by their metadata and imports nothing of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from vega_core import __version__
from vega_core.plugins.importing import absolute, is_path
from vega_core.plugins.plugin import CORE
from vega_core.plugins.switches import normalize

if TYPE_CHECKING:
    import importlib_metadata

GROUP = "vega"
_BUILTIN = "vega_core.plugins.builtin"


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin that has been found and not been touched.

    Attributes:
        name: The distribution's name, or the text by which a configuration names local code.
        version: The distribution's version; empty for local code.
        modules: The modules that its entry points name, or the path of local code.
        requires: The ``Requires-Dist`` lines of its metadata.
        problem: What is wrong with its metadata, if anything.
        local: The path of local code; None for a distribution.
    """

    name: str
    version: str = ""
    modules: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    problem: str = ""
    local: Path | None = None


def discover() -> list[Found]:
    """Returns every installed plugin: the core first, the others by name.

    The order is never that of the file system. Where a distribution lies twice on the path, the
    first counts, as it does for imports. The core is there even where it is not installed.
    """
    import importlib_metadata  # here and nowhere else: its first scan of the path takes a while

    found: dict[str, Found] = {}
    for distribution in importlib_metadata.distributions():
        if _has_plugin(distribution):
            plugin = _read(distribution)
            found.setdefault(normalize(plugin.name), plugin)
    core = found.pop(CORE, None) or Found(CORE, __version__, (_BUILTIN,))
    return [core, *(found[name] for name in sorted(found))]


def local_plugin(text: str, base: Path | None = None) -> Found:
    """Returns the plugin that a configuration names by a path or a module name.

    Args:
        text: ``./my_search.py`` or ``my_package.module``.
        base: The configuration's folder, from which both are looked up.
    """
    folder = (base or Path.cwd()).resolve()
    path = absolute(text, folder) if is_path(text) else folder / text
    return Found(text, modules=(str(path),), local=path)


class _Distribution(Protocol):
    """What is needed of a distribution of any release of importlib_metadata."""

    @property
    def entry_points(self) -> importlib_metadata.EntryPoints: ...

    def read_text(self, filename: str) -> str | None: ...

    def locate_file(self, path: str) -> Any: ...


def _has_plugin(distribution: _Distribution) -> bool:
    try:
        text = distribution.read_text("entry_points.txt") or ""
    except (OSError, ValueError):
        return False  # nobody can tell whose it is
    return f"[{GROUP}]" in text


def _read(distribution: _Distribution) -> Found:
    try:
        entries = distribution.entry_points.select(group=GROUP)
        modules = tuple(sorted({entry.value for entry in entries}))
        fields = _fields(distribution.read_text("METADATA") or "")
    except Exception as error:
        place = str(distribution.locate_file(""))
        return Found(place, problem=f"its metadata cannot be read: {error}")
    return Found(
        name=(fields["Name"] or list(modules))[0],
        version=(fields["Version"] or [""])[0],
        modules=modules,
        requires=tuple(fields["Requires-Dist"]),
        problem="" if fields["Name"] else "its metadata has no Name",
    )


def _fields(metadata: str) -> dict[str, list[str]]:
    """Returns the three fields that matter; parsing the whole message costs 15 ms at start-up."""
    found: dict[str, list[str]] = {"Name": [], "Version": [], "Requires-Dist": []}
    for line in metadata.splitlines():
        if not line:
            break  # the end of the header
        key, _, value = line.partition(":")
        if key in found:
            found[key].append(value.strip())
    return found
