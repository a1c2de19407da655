"""Files that are there whole or not at all: written aside, synced, renamed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from vega_core.store.encoding import dumps, loads

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def make_folder(path: Path) -> Path:
    """Makes a folder and its missing parents, for the owner alone; an existing one is left."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    return path


def sync_folder(path: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_with(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Writes a file through a callback; whatever happens, ``path`` is the old file or the new one.

    Args:
        path: The file; its folder must exist.
        write: Called once with the open temporary file beside it.

    Raises:
        OSError: The file cannot be written (disk full, no permission); the temporary file is gone.
    """
    aside = path.with_name(f"{path.name}.tmp-{os.getpid()}-{threading.get_ident()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return path


def write_bytes(path: Path, data: bytes) -> Path:
    """Writes bytes atomically and durably."""
    return write_with(path, lambda file: file.write(data))


def write_text(path: Path, text: str) -> Path:
    """Writes text atomically and durably, in UTF-8."""
    return write_bytes(path, text.encode("utf-8", "surrogateescape"))


def write_json(path: Path, value: Any, *, indent: int | None = 2) -> Path:
    """Writes plain data as JSON atomically and durably; see ``encoding`` for NaN and infinity."""
    return write_bytes(path, (dumps(value, indent=indent) + "\n").encode())


def read_json(path: Path) -> Any:
    """Reads what ``write_json`` wrote.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not JSON.
    """
    return loads(path.read_text(encoding="utf-8"))
