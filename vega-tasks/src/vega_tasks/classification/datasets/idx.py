"""A strict reader of the IDX format, in which MNIST is published.

An IDX file is a magic number (two zero bytes, a type code, the number of dimensions), one
big-endian 32-bit size a dimension, and the values. Only unsigned bytes are read here, as MNIST
and its relatives use nothing else.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from contextlib import closing
from pathlib import Path
from typing import IO, cast

import numpy as np
import numpy.typing as npt

from vega_core.errors import DataError

_UNSIGNED_BYTE = 0x08
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 24


def read_idx(path: Path, dimensions: int) -> npt.NDArray[np.uint8]:
    """Reads one file, compressed by gzip or not.

    Args:
        path: The file; whether it is compressed is seen from its first bytes.
        dimensions: Number of dimensions that the array must have.

    Returns:
        An array of the shape that the file states.

    Raises:
        DataError: The file cannot be read, is no IDX file of unsigned bytes, has another number
            of dimensions, or holds fewer or more values than it states.
    """
    try:
        with closing(_open(path)) as file:
            shape = _read_header(file, path, dimensions)
            expected = math.prod(shape)
            payload = _read_up_to(file, expected + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if len(payload) != expected:
        fault = "is truncated" if len(payload) < expected else "has surplus bytes"
        count = len(payload) if len(payload) < expected else f"more than {expected}"
        raise DataError(
            f"{path}: {fault}: its header states {expected} values {list(shape)}, "
            f"but it holds {count}; fetch the file again"
        )
    return np.frombuffer(payload, np.uint8).reshape(shape)


def _read_up_to(file: IO[bytes], count: int) -> bytes:
    """Reads so many bytes or all there are, whatever a damaged header states."""
    chunks: list[bytes] = []
    while count > 0 and (chunk := file.read(min(count, _CHUNK))):
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        compressed = file.read(2) == _GZIP
    return cast("IO[bytes]", gzip.open(path)) if compressed else path.open("rb")


def _read_header(file: IO[bytes], path: Path, dimensions: int) -> tuple[int, ...]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise DataError(f"{path}: is no IDX file: it starts with {magic.hex() or 'nothing'}")
    if magic[2] != _UNSIGNED_BYTE:
        raise DataError(f"{path}: holds values of type 0x{magic[2]:02x}, not unsigned bytes (0x08)")
    if magic[3] != dimensions:
        raise DataError(f"{path}: has {magic[3]} dimensions where {dimensions} are expected")
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise DataError(f"{path}: is truncated within its header; fetch the file again")
    return struct.unpack(f">{dimensions}I", sizes)
