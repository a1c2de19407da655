"""Files that an export writes: aside first, and never over what is there unless asked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vega_core.errors import UserError
from vega_core.store.atomic import sync_folder


def writable(path: Path, replace: bool, suffix: str = "") -> Path:
    """Returns a path that may be written.

    Args:
        path: The path.
        replace: Whether a file that is there may be replaced; a folder never is.
        suffix: How its name must end: most readers tell formats by it.

    Raises:
        UserError: It may not.
    """
    path = path.expanduser()
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a file in it, or remove the folder first")
    if not path.name.casefold().endswith(suffix):
        raise UserError(
            f"{path}: a file of this format ends in {suffix}; name it {path.with_suffix(suffix)}"
        )
    if path.exists() and not replace:
        raise UserError(f"{path} is there already; --force (in Python replace=True) replaces it")
    if not path.parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.parent}")
    return path


@contextmanager
def written_aside(path: Path, suffix: str) -> Iterator[Path]:
    """Gives a free path beside a file, and removes what is still there in the end.

    Raises:
        UserError: The file system refused something.
    """
    aside = path.with_name(f".{path.stem}.tmp-{os.getpid()}{suffix}")
    try:
        yield aside
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        remove(aside)


def size_of(path: Path) -> int:
    """Returns the bytes of a file, or of all files of a folder."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)


def move(aside: Path, path: Path) -> None:
    """Makes a file, or all of a folder, durable and gives it its name, durably as well."""
    for one in (aside, *aside.rglob("*")):
        if one.is_file():
            with one.open("rb") as file:
                os.fsync(file.fileno())
        else:
            sync_folder(one)
    aside.replace(path)
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
