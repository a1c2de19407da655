"""Judges a value of a configuration by the annotation of the parameter that it is for."""

from __future__ import annotations

import json
import typing
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from vega_core.config.messages import problems, shown
from vega_core.config.nodes import Path
from vega_core.plugins.parameters import Parameter

_NOT_DATA = {"callable_type", "is_instance_of", "is_subclass_of"}


def faults(parameter: Parameter, value: Any) -> list[tuple[Path, str]]:
    """Returns what is wrong with a value: paths inside it, and messages.

    The rules are those of strict JSON: a whole number is accepted for a fraction and a list for a
    tuple, but no text for a number. An annotation that no data can meet, or that
    pydantic cannot read, accepts everything.
    """
    adapter = _adapter(parameter.annotation)
    if adapter is None:
        return []
    try:
        adapter.validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        raw = error.errors(include_url=False)
        if any(one["type"] in _NOT_DATA for one in raw):
            return []
        found = problems(raw, value)
        if len(found) == 1 and found[0][0] == () and found[0][1] == "union":
            return [((), f"expected {parameter.type}, got {shown(value)}")]
        return [(path, message) for path, _, message in found]
    return []


def schema_of(parameter: Parameter) -> dict[str, Any]:
    """Returns the JSON Schema of a parameter's values, empty where there is none."""
    adapter = _adapter(parameter.annotation)
    try:
        return adapter.json_schema() if adapter else {}
    except PydanticUserError:
        return {}


def takes_path(annotation: Any) -> bool:
    """Tells whether a parameter is a path, or a path or nothing."""
    return FilePath in (annotation, *typing.get_args(annotation))


def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    try:
        return _cached_adapter(annotation)
    except TypeError:  # an annotation that cannot be hashed
        return _new_adapter(annotation)


def _new_adapter(annotation: Any) -> TypeAdapter[Any] | None:
    try:
        try:
            return TypeAdapter(annotation, config=ConfigDict(allow_inf_nan=True))
        except PydanticUserError:  # a model or dataclass brings its own settings
            return TypeAdapter(annotation)
    except (PydanticSchemaGenerationError, PydanticUserError, NameError):
        return None


_cached_adapter = lru_cache(maxsize=1024)(_new_adapter)
