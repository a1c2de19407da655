"""Arrays of an ONNX file: of bounded size, and from nowhere but the model's folder."""

from __future__ import annotations

import hashlib
import math
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.ops.checks import ANY
from vega_core.nn.shapes import TensorSpec

MAX_BYTES: Final = 2**31
"""The largest array."""
_EXTERNAL: Final = 1
_MOST_AXES: Final = 16
_FIELDS: Final = {
    "float32": "float_data",
    "float64": "double_data",
    "int64": "int64_data",
    "uint32": "uint64_data",
    "uint64": "uint64_data",
}
"""Where numbers stand that are not raw bytes; all others stand in ``int32_data``."""


@dataclass(frozen=True)
class Stored:
    """An array of a file, which is read when it is needed.

    Attributes:
        spec: Its shape and element type.
        load: Reads it; raises ModelError where the data are not there.
    """

    spec: TensorSpec
    load: Callable[[], Array]


def stored(onnx: Any, tensor: Any, folder: Path) -> Stored:
    """Returns the array of a message.

    Args:
        onnx: The module of that name.
        tensor: ONNX's TensorProto.
        folder: The model's folder, out of which no data are read.

    Raises:
        ModelError: It is of an element type that graphs do not have, larger than it says or than
            may be, or its data lie elsewhere.
    """
    shape = tuple(tensor.dims)
    if len(shape) > _MOST_AXES or min(shape, default=0) < 0:
        raise ModelError(f"an array of shape {shape[:_MOST_AXES]}")
    dtype = element_type(onnx, tensor.data_type)
    count = math.prod(shape)
    size = count * np.dtype(dtype).itemsize
    if size > MAX_BYTES:
        raise ModelError(f"an array of shape {shape} and {size} bytes; {MAX_BYTES} are read")
    spec = TensorSpec(shape, dtype)
    if tensor.data_location == _EXTERNAL:
        return Stored(spec, _external(tensor, spec, size, folder))
    if tensor.HasField("raw_data"):
        if len(tensor.raw_data) != size:
            raise ModelError(f"an array of {size} bytes has {len(tensor.raw_data)}")
        return Stored(spec, lambda: _from_bytes(tensor.raw_data, spec))
    numbers = getattr(tensor, _FIELDS.get(dtype, "int32_data"))
    if len(numbers) != count:
        raise ModelError(f"an array of {count} elements has {len(numbers)}")
    return Stored(spec, lambda: _from_numbers(numbers, spec))


def element_type(onnx: Any, number: int) -> str:
    """Returns NumPy's name of an element type.

    Raises:
        ModelError: Graphs have no such.
    """
    try:
        name = str(np.dtype(onnx.helper.tensor_dtype_to_np_dtype(number)).name)
    except (KeyError, TypeError, ValueError):
        name = ""
    if number in (onnx.TensorProto.STRING, onnx.TensorProto.UNDEFINED) or name not in ANY:
        kinds = onnx.TensorProto.DataType
        known = kinds.Name(number) if number in kinds.values() else f"number {number}"
        raise ModelError(f"elements of type {known.lower()} are not read")
    return name


def _from_bytes(data: bytes, spec: TensorSpec) -> Array:
    dtype = np.dtype(spec.dtype)
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype).reshape(spec.shape)


def _from_numbers(numbers: Any, spec: TensorSpec) -> Array:
    if spec.dtype == "float16":  # its bits
        array = np.fromiter(numbers, np.int64, len(numbers)).astype(np.uint16).view(np.float16)
    else:
        wide = {"f": np.float64, "u": np.uint64}.get(np.dtype(spec.dtype).kind, np.int64)
        array = np.fromiter(numbers, wide, len(numbers)).astype(spec.dtype)
    return array.reshape(spec.shape)


def _external(tensor: Any, spec: TensorSpec, size: int, folder: Path) -> Callable[[], Array]:
    """Returns what reads an array from a file beside the model.

    A model that has been handed on comes without it, so that what is missing is told when the
    values are wanted.

    Raises:
        ModelError: The file lies elsewhere, or is shorter than the array.
    """
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    offset, length = _number(entries, "offset", 0), _number(entries, "length", size)
    if length != size:
        raise ModelError(f"an array of {size} bytes has {length} in {location!r}")
    path = _inside(location, folder)
    if path.exists():
        _check_file(path, offset + length)

    def load() -> Array:
        data = _read(path, offset, length)
        wanted = entries.get("checksum")
        if wanted and wanted.lower() != hashlib.sha1(data, usedforsecurity=False).hexdigest():
            raise ModelError(f"{path} is damaged: the checksum of {tensor.name!r} is another")
        return _from_bytes(data, spec)

    return load


def _number(entries: dict[str, str], key: str, default: int) -> int:
    text = entries.get(key)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(2**63))):
        raise ModelError(f"external data with {key} {text[:32]!r}")
    return int(text)


def _inside(location: str, folder: Path) -> Path:
    """Returns a file of the model's folder.

    Raises:
        ModelError: The name leads elsewhere, also by a link.
    """
    parts = location.replace("\\", "/").split("/")
    if "\0" in location or ".." in parts or parts[0] in ("", "~") or ":" in parts[0]:
        raise ModelError(f"external data {location[:200]!r}: only files in the model's own folder")
    base = folder.resolve()
    try:
        path = (base / location).resolve()
    except (OSError, RuntimeError) as error:
        raise ModelError(f"external data {location[:200]!r}: {error}") from error
    if not path.is_relative_to(base) or path == base:
        raise ModelError(f"external data {location[:200]!r} lead out of {base}")
    return path


def _check_file(path: Path, size: int) -> None:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f"external data {path} are no file")
    if found.st_size < size:
        raise ModelError(f"external data {path} have {found.st_size} bytes, and {size} are wanted")


def _read(path: Path, offset: int, length: int) -> bytes:
    try:
        _check_file(path, offset + length)
        with path.open("rb") as file:
            file.seek(offset, os.SEEK_SET)
            data = file.read(length)
    except OSError as error:
        raise ModelError(f"external data {path} cannot be read: {error.strerror}") from error
    if len(data) != length:
        raise ModelError(f"external data {path} end too early")
    return data
