"""What pydantic found, in the words of this project, one message a place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from vega_core.config.nodes import Path

_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "dataclass_type": "a mapping",
    "none_required": "nothing",
    "path_type": "a path",
}


def problems(errors: Iterable[ErrorDetails], data: Any) -> list[tuple[Path, str, str]]:
    """Returns ``(path, kind of error, message)`` for each faulty place of some data.

    The branches of a union that a value fits none of become one message.
    """
    places: dict[Path, list[ErrorDetails]] = {}
    for error in errors:
        path = _inside(tuple(error["loc"]), data)
        if error["type"] in ("missing", "extra_forbidden"):
            path = tuple(part for part in error["loc"] if part in (*path, error["loc"][-1]))
        places.setdefault(path, []).append(error)
    return [
        (path, _kind(found), _message(found))
        for path, found in places.items()
        if not _is_outdone(path, places)
    ]


def shown(value: Any) -> str:
    """Returns a value as a message shows it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        text = value if len(value) <= 40 else f"{value[:37]}..."
        return f"the text '{text}'"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, (list, tuple)) else repr(value)


def _inside(location: Path, data: Any) -> Path:
    """Drops the parts of a location that name a branch of a union, which data do not have."""
    path: list[str | int] = []
    part: Any
    for part in location:
        try:
            data = data[part] if isinstance(data, (Mapping, list, tuple)) else {}[part]
        except (LookupError, TypeError):
            continue
        path.append(part)
    return tuple(path)


def _is_outdone(path: Path, places: Mapping[Path, list[ErrorDetails]]) -> bool:
    """Tells whether another branch of a union came further into the value than this one."""
    return any(
        len(other) > len(path)
        and other[: len(path)] == path
        and not {error["type"] for error in places[path]} & {"missing", "extra_forbidden"}
        for other in places
    )


def _kind(found: list[ErrorDetails]) -> str:
    return found[0]["type"] if len({error["type"] for error in found}) == 1 else "union"


def _message(found: list[ErrorDetails]) -> str:
    first = found[0]
    if first["type"] == "missing":
        return f"the key '{first['loc'][-1]}' is missing"
    if first["type"] == "extra_forbidden":
        return "unknown key"
    wanted = list(dict.fromkeys(_wanted(error) for error in found))
    return f"expected {' or '.join(wanted)}, got {shown(first['input'])}"


def _wanted(error: ErrorDetails) -> str:
    expected = _EXPECTED.get(error["type"])
    if expected:
        return expected
    context = error.get("ctx", {})
    if "pattern" in context:
        return f"text of the form {context['pattern']}"
    message = error["msg"]
    for start in ("Input should be ", "Value should be ", "List should have ", "String should "):
        message = message.removeprefix(start)
    return message[:1].lower() + message[1:]
