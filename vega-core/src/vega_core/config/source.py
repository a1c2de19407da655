"""Where a configuration comes from: a YAML or JSON file, text, or a mapping."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from vega_core.config.compose import compose
from vega_core.config.diagnostics import Diagnostic, InvalidConfigError
from vega_core.config.nodes import Mark, Node, Path, to_node
from vega_core.errors import ConfigError, suggest

MAX_BYTES = 1_000_000
_SUFFIXES = {".yml", ".yaml", ".json"}


@dataclass(frozen=True)
class Source:
    """What was read, with the place of each key and value.

    Attributes:
        name: What it is called in messages: the file as the user gave it.
        root: The tree of the configuration, as written.
        folder: Relative paths in the configuration start here.
        text: The file's text, or None for a mapping.
        faults: What is wrong with single keys and values: duplicates, tags.
    """

    name: str
    root: Node
    folder: FilePath
    text: str | None = None
    faults: tuple[Diagnostic, ...] = ()

    @property
    def data(self) -> Any:
        """The configuration as plain data."""
        return self.root.plain()

    def position(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Returns line and column of the value at a path, or of its key.

        A path that is not there gives the place of the deepest part that is.
        """
        node = self.root.nearest(path)
        mark = node.place if key else node.mark
        return mark.line, mark.column


def load_source(origin: str | os.PathLike[str] | Mapping[str, Any]) -> Source:
    """Reads a file, or takes a mapping as it is.

    Raises:
        ConfigError: There is no such file, or it cannot be read.
        InvalidConfigError: It is not one YAML or JSON document, or too large or deep a one.
    """
    if isinstance(origin, Mapping):
        return from_mapping(origin)
    path = FilePath(origin)
    text = _decode(_read(path), str(path))
    return from_text(text, name=str(path), folder=path.absolute().parent)


def from_text(text: str, *, name: str = "<text>", folder: FilePath | None = None) -> Source:
    """Returns the source of a YAML or JSON text."""
    root, faults = compose(text, name)
    if not isinstance(root.value, dict):
        message = "a configuration is a mapping with the keys 'pipeline' and one a step"
        raise InvalidConfigError([Diagnostic((), message, root.mark)])
    return Source(name, root, folder or FilePath.cwd(), text, faults)


def from_mapping(data: Mapping[str, Any], *, name: str = "configuration") -> Source:
    """Returns the source of a Python mapping; messages then carry paths and no lines."""
    try:
        return Source(name, to_node(data, Mark(name)), FilePath.cwd())
    except TypeError as error:
        raise ConfigError(f"{name}: {error}") from None


def _read(path: FilePath) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file{_similar(path)}") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; give a configuration file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES:,} bytes; no configuration is")
    return raw


def _similar(path: FilePath) -> str:
    try:
        names = [item.name for item in path.parent.iterdir() if item.suffix in _SUFFIXES]
    except OSError:
        return f"; there is no folder '{path.parent}'"
    return suggest(path.name, sorted(names))


def _decode(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig", "replace")) + 1
        message = f"not UTF-8 text (byte 0x{raw[error.start]:02x}); save the file as UTF-8"
        raise InvalidConfigError([Diagnostic((), message, Mark(name, line, column))]) from None
