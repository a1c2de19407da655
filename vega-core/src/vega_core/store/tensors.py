"""Named arrays on disk: safetensors with a SHA-256 beside them, never a pickle."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from vega_core.errors import StateError
from vega_core.store.atomic import make_folder, read_json, write_bytes, write_json
from vega_core.store.encoding import dumps

Array = npt.NDArray[Any]
Groups = Mapping[str, Mapping[str, Array]]

FORMAT = 1
_STEM = "checkpoint"
_TYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
)
_POSITION = re.compile(rf"{_STEM}-(\d+)\.json")


def save_tensors(path: Path, tensors: Mapping[str, Array]) -> str:
    """Writes arrays by name as one safetensors file, atomically and durably.

    Args:
        path: The file.
        tensors: Arrays of numbers or booleans, of any shape and layout.

    Returns:
        The SHA-256 of the file, to be kept in the record that names it.

    Raises:
        TypeError: An array is not of booleans, integers or floats; names it.
    """
    data = save({name: _plain(name, array) for name, array in tensors.items()})
    write_bytes(path, data)
    return hashlib.sha256(data).hexdigest()


def load_tensors(path: Path, sha256: str) -> dict[str, Array]:
    """Reads what ``save_tensors`` wrote.

    Args:
        path: The file.
        sha256: What ``save_tensors`` returned: a flipped bit would load silently otherwise.

    Raises:
        StateError: The file is missing, cut off, changed or of something else; names it.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StateError(f"{path} is damaged or another file: its SHA-256 is not {sha256}")
    try:
        return load(data)
    except SafetensorError as error:
        raise StateError(f"{path} is not a safetensors file: {error}") from error


def save_state(folder: Path, state: Groups, position: Mapping[str, Any], *, keep: int = 2) -> Path:
    """Writes a checkpoint: groups of named arrays and a position.

    It is there once its JSON file is, which is written last; older ones are removed only then.

    Args:
        folder: Where the checkpoints of one trial lie; made where it is missing.
        state: ``{group: {name: array}}``; a group's name has no ``/``.
        position: Plain data: epoch, step, random state.
        keep: Checkpoints to keep, the new one included.

    Returns:
        The checkpoint's JSON file.

    Raises:
        OSError: It cannot be written (disk full); the older ones are intact.
        ValueError: A group's name has a ``/``.
    """
    bad = [group for group in state if "/" in group]
    if bad:
        raise ValueError(f"group {bad[0]!r} of a state has a '/' in its name")
    number = max(_numbers(make_folder(folder)), default=0) + 1
    tensors = {
        f"{group}/{name}": a for group, arrays in state.items() for name, a in arrays.items()
    }
    sha256 = save_tensors(_tensors(folder, number), tensors)
    body = {"format": FORMAT, "sha256": sha256, "groups": list(state), "position": position}
    path = write_json(_json(folder, number), {**body, "check": _check(body)})
    for old in sorted(_numbers(folder))[: -max(1, keep)]:
        _json(folder, old).unlink()
        _tensors(folder, old).unlink(missing_ok=True)
    return path


def load_state(folder: Path) -> tuple[dict[str, dict[str, Array]], dict[str, Any]] | None:
    """Reads the newest whole checkpoint of a folder.

    A damaged one is left out with a warning that names it.

    Returns:
        State and position, or ``None`` where nothing was ever saved.

    Raises:
        StateError: Checkpoints are there and none is whole; names the newest.
    """
    first: StateError | None = None
    for number in sorted(_numbers(folder), reverse=True):
        try:
            return _load(folder, number)
        except StateError as error:
            warnings.warn(f"checkpoint left out: {error}", RuntimeWarning, stacklevel=2)
            first = first or error
    if first is not None:
        raise first
    return None


def _load(folder: Path, number: int) -> tuple[dict[str, dict[str, Array]], dict[str, Any]]:
    path = _json(folder, number)
    try:
        body = read_json(path)
    except (OSError, ValueError) as error:
        raise StateError(f"{path} is damaged: {error}") from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise StateError(f"{path} is no checkpoint of format {FORMAT}")
    if body.pop("check", None) != _check(body):
        raise StateError(f"{path} is damaged: its checksum does not match")
    state: dict[str, dict[str, Array]] = {group: {} for group in body["groups"]}
    for name, array in load_tensors(_tensors(folder, number), body["sha256"]).items():
        group, _, rest = name.partition("/")
        state[group][rest] = array
    return state, body["position"]


def _check(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(dumps(body).encode()).hexdigest()


def _numbers(folder: Path) -> list[int]:
    found = (_POSITION.fullmatch(path.name) for path in folder.glob(f"{_STEM}-*.json"))
    return [int(match[1]) for match in found if match]


def _json(folder: Path, number: int) -> Path:
    return folder / f"{_STEM}-{number}.json"


def _tensors(folder: Path, number: int) -> Path:
    return folder / f"{_STEM}-{number}.safetensors"


def _plain(name: str, array: Array) -> Array:
    """The array as safetensors takes it: its bytes are written in the order of memory."""
    array = np.asarray(array)
    if array.dtype.name not in _TYPES:
        raise TypeError(f"array {name!r} is of type {array.dtype}; only {', '.join(_TYPES)} can be")
    return np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C")
