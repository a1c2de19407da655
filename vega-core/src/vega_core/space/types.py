"""The table of parameter types, and the cast of a mapping into one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from vega_core.errors import SpaceError, suggest
from vega_core.space.adjacency import AdjacencyList
from vega_core.space.arrays import IntArray, MultiPositionArray
from vega_core.space.binary import read_code
from vega_core.space.category import Category
from vega_core.space.half import HalfArray
from vega_core.space.matrix import BinaryArray
from vega_core.space.numeric import Integer, Real
from vega_core.space.param_type import ParamType

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class TypeEntry:
    """One row of the table.

    Attributes:
        read: Makes the type of a parameter's mapping.
        needs: The keys that must be there, besides ``key`` and ``type``.
        takes: The keys that may be there.
        aliases: Other names of the type.
    """

    read: Callable[[Mapping[str, Any]], ParamType]
    needs: tuple[str, ...] = ("range",)
    takes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


TYPES: Mapping[str, TypeEntry] = {
    "INT": TypeEntry(partial(Integer.read, log=False), takes=("slice",)),
    "INT_EXP": TypeEntry(partial(Integer.read, log=True), takes=("slice",)),
    "INT_CAT": TypeEntry(partial(Category.read, name="INT_CAT")),
    "FLOAT": TypeEntry(partial(Real.read, log=False), takes=("slice",)),
    "FLOAT_EXP": TypeEntry(partial(Real.read, log=True), takes=("slice",)),
    "FLOAT_CAT": TypeEntry(partial(Category.read, name="FLOAT_CAT")),
    "STRING": TypeEntry(partial(Category.read, name="STRING")),
    "CATEGORY": TypeEntry(partial(Category.read, name="CATEGORY")),
    "BOOL": TypeEntry(partial(Category.read, name="BOOL"), needs=(), takes=("range",)),
    "IntArray": TypeEntry(IntArray.read, takes=("length", "slice")),
    "MultiPositionArray": TypeEntry(
        MultiPositionArray.read,
        needs=("range", "length", "times", "n"),
        aliases=("MutilyPositionArray",),
    ),
    "BinaryArray": TypeEntry(BinaryArray.read),
    "BINARY_CODE": TypeEntry(read_code, aliases=("BINARY_LIST",)),
    "HalfArray": TypeEntry(HalfArray.read, takes=("prune_ratio",), aliases=("HALF",)),
    "AdjacencyList": TypeEntry(AdjacencyList.read),
}
"""Names fold case and punctuation: ``INT.CAT`` is ``INT_CAT``, ``ADJACENCY_LIST`` is
``AdjacencyList``."""


def find_type(name: Any, path: Path, types: Mapping[str, TypeEntry] = TYPES) -> TypeEntry:
    """Returns the row of a type by any spelling of its name."""
    spellings = {
        fold(spelling): row for key, row in types.items() for spelling in (key, *row.aliases)
    }
    if isinstance(name, str) and fold(name) in spellings:
        return spellings[fold(name)]
    raise SpaceError(
        f"unknown parameter type {name!r}{suggest(str(name), types)} (types: {', '.join(types)})",
        path,
    )


def cast(
    item: Any, path: Path = (), types: Mapping[str, TypeEntry] = TYPES
) -> tuple[str, ParamType]:
    """Returns the key and the typed parameter of one mapping ``{key, type, range, ...}``.

    Args:
        item: The mapping, as a configuration has it.
        path: Where it stands in the configuration; it starts the ``path`` of every error.
        types: The known types.

    Raises:
        SpaceError: A missing or unknown key, an unknown type, or a range that does not fit.
    """
    if not isinstance(item, Mapping):
        raise SpaceError(f"a hyperparameter is a mapping {{key, type, range}}, got {item!r}", path)
    for needed in ("key", "type"):
        if needed not in item:
            raise SpaceError(f"the hyperparameter has no '{needed}'", path)
    key = item["key"]
    if not isinstance(key, str) or not key.strip():
        raise SpaceError(f"the key of a hyperparameter is a name, got {key!r}", (*path, "key"))
    row = find_type(item["type"], (*path, "type"), types)
    _check_keys(item, key, row, path)
    try:
        return key, row.read(item)
    except SpaceError as error:
        raise SpaceError(f"{key}: {error}", (*path, *error.path)) from None


def fold(name: str) -> str:
    """Returns a name without case and punctuation."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _check_keys(item: Mapping[str, Any], key: str, row: TypeEntry, path: Path) -> None:
    for needed in row.needs:
        if needed not in item:
            raise SpaceError(f"{key}: type {item['type']} needs '{needed}'", path)
    known = ("key", "type", *row.needs, *row.takes)
    for name in item:
        if name not in known:
            raise SpaceError(
                f"{key}: type {item['type']} has no key {name!r}{suggest(str(name), known)}",
                (*path, name),
            )
