"""Imports a target: a name in an installed module, or in a file of the user's own.

A target is ``package.module:Name``, ``path/to/file.py:Name``, or ``path/to/package.module:Name``
where the folder before the last slash is the one that holds ``package``. A relative path is taken
from ``base``. Files come under a module name that is a function of their place alone, so that
every process that loads one calls it the same.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from vega_core.errors import PluginError, suggest


def load_target(target: str, base: Path | None = None) -> Any:
    """Imports the object that a target names.

    Args:
        target: ``package.module:Name`` or ``./file.py:Name``; dots in the name walk attributes.
        base: Folder from which a relative path is taken; the working folder by default.

    Raises:
        PluginError: The target is malformed, its file does not exist, or its module has no such
            name. What the module itself raises while it is imported passes through.
    """
    place, separator, name = target.rpartition(":")
    if not separator or not place or not all(part.isidentifier() for part in name.split(".")):
        raise PluginError(
            f"'{target}' names no object; write 'package.module:Name' or './file.py:Name'"
        )
    module = load_module(place, base)
    value: Any = module
    for part in name.split("."):
        try:
            value = getattr(value, part)
        except AttributeError as error:
            hint = suggest(part, (known for known in dir(value) if not known.startswith("_")))
            raise PluginError(f"{place} has no '{name}'{hint}") from error
    return value


def load_module(place: str, base: Path | None = None) -> ModuleType:
    """Imports a module by its dotted name, or from a path.

    What it prints goes to standard error, because standard output may be somebody's JSON.
    """
    with prints_to_stderr():
        if not is_path(place):
            return importlib.import_module(place)
        path = absolute(place, base)
        if path.suffix == ".py":
            return _load_file(path)
        _search_last(path.parent)
        return importlib.import_module(path.name)


def is_path(place: str) -> bool:
    """Tells a path (``./search.py``, ``lib/pack.module``) from a dotted module name."""
    return "/" in place or place.endswith(".py")


def absolute(place: str, base: Path | None = None) -> Path:
    """Returns the absolute path of a place, taken from ``base`` where it is relative."""
    return Path(base or Path.cwd(), Path(place).expanduser()).resolve()


def module_name(path: Path) -> str:
    """Returns the module name of a file: its stem, and a digest of where it is."""
    import hashlib  # not at start-up: only local files need it

    digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    stem = "".join(char if char.isalnum() else "_" for char in path.stem)
    return f"_vega_local_{stem}_{digest}"


@contextlib.contextmanager
def prints_to_stderr() -> Iterator[None]:
    """Sends what is printed inside to standard error."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def _load_file(path: Path) -> ModuleType:
    name = module_name(path)
    if name in sys.modules:
        return sys.modules[name]
    if not path.is_file():
        raise PluginError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _search_last(path.parent)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _search_last(folder: Path) -> None:
    """Makes a user's folder importable, after everything installed, which it must not shadow."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
