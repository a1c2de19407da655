"""Files that a description names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vega_core.errors import ModelError

MAX_BYTES: Final = 256 * 1024 * 1024
"""The largest file that is read."""


@dataclass(frozen=True)
class Files:
    """Where the files of a description are.

    Attributes:
        folder: The folder from which paths are taken and out of which none may lead. None takes
            paths as they are, from the working folder: for what a user has written.
    """

    folder: Path | None = None

    def __call__(self, text: str) -> Path:
        """Returns the file that a text means.

        Raises:
            ModelError: It leads out of the folder.
        """
        if "\0" in text or not text:
            raise ModelError(f"{text!r} is no name of a file")
        if self.folder is None:
            return Path(text).expanduser().absolute()
        folder = self.folder.resolve()
        path = (folder / text).resolve()
        if not path.is_relative_to(folder):
            raise ModelError(f"{text!r} leads out of {folder}, and only files inside are read")
        return path


def read(path: Path, sha256: str | None, limit: int = MAX_BYTES) -> bytes:
    """Returns the bytes of a file.

    Args:
        path: The file.
        sha256: What its SHA-256 must be; None for anything.
        limit: Most bytes that it may have.

    Raises:
        ModelError: It cannot be read, is too large, or is another file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > limit:
        raise ModelError(f"{path} has more than {limit} bytes")
    if sha256 is not None and digest(data) != sha256.lower():
        raise ModelError(
            f"{path} is damaged or another file: its SHA-256 is {digest(data)}, not {sha256}"
        )
    return data


def digest(data: bytes) -> str:
    """Returns the SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()
