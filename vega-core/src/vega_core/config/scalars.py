"""Plain scalars by the core schema of YAML 1.2: ``1e-4`` is a number, and ``on`` is text."""

from __future__ import annotations

import re
from typing import TypeAlias

Scalar: TypeAlias = "str | int | float | bool | None"

_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST_NUMBER = 400
"""Characters; the conversion of longer integers takes quadratic time."""

TAGS = {
    f"tag:yaml.org,2002:{name}": name
    for name in ("str", "int", "float", "bool", "null", "map", "seq")
}
"""The tags of the core schema; no other is read."""


def resolve(text: str) -> Scalar:
    """Returns the value that a plain scalar stands for.

    Raises:
        ValueError: A number of more than 400 characters.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _DECIMAL.fullmatch(text):
        return int(_bounded(text))
    if _BASED.fullmatch(text):
        return int(_bounded(text), 0)
    if _FLOAT.fullmatch(text):
        return float(_bounded(text))
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def resolve_tagged(tag: str, text: str) -> Scalar:
    """Returns the value of a scalar with an explicit core tag such as ``!!float 3``.

    Raises:
        ValueError: The text does not form a value of that type.
    """
    name = TAGS.get(tag)
    if name is None:
        raise ValueError(f"the tag '{tag}' is not read; only the core tags of YAML are")
    if name == "str":
        return text
    value = resolve(text)
    if name == "float" and type(value) is int:
        return float(value)
    expected = {"int": int, "float": float, "bool": bool, "null": type(None)}.get(name)
    if expected is not type(value):
        raise ValueError(f"'{text}' is not of the type !!{name}")
    return value


def _bounded(text: str) -> str:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} characters; at most {_LONGEST_NUMBER} are read")
    return text
