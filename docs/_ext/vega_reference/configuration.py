"""The keys of a configuration, from the typed model that validates it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from vega_core.config.model import Direction, General, HandOver, RunConfig, StepConfig
from vega_core.config.signatures import SECTION_KINDS
from vega_core.plugins.parameters import type_text
from vega_reference.markdown import literal, page, table

_SHORT = {
    type_text(Direction): "direction",
    "dict[str, any]": "block",
    "General": "block",
    "HandOver": "block",
}


def configuration_page() -> str:
    """Returns the page."""
    return page(
        "# Configuration",
        "A configuration is a YAML or JSON file. `vega check` tells all its faults at once, each "
        "with its line and column. `vega schema` prints the JSON Schema of what is installed.",
        "## The file",
        _keys(RunConfig, skip=("steps",)),
        "Every other key of the file is a step. Its name has letters, digits, `_` and `-`.",
        "## `general`",
        _keys(General),
        "## A step",
        _keys(StepConfig),
        "A section that describes a component has the key `type` and the component's parameters. "
        "An optimizer and a schedule have their parameters one level lower, under `params`.",
        table(
            ["section", "components"],
            [
                (f"`{section}`", f"[{kind.replace('_', ' ')}](kinds/{kind}.md)")
                for section, kind in SECTION_KINDS.items()
            ],
        ),
        "## `models`",
        _keys(HandOver),
    )


def _keys(model: type[BaseModel], skip: tuple[str, ...] = ()) -> str:
    rows = []
    for name, field in model.model_fields.items():
        if name in skip:
            continue
        default = "required" if field.is_required() else _default(field)
        meaning = field.description or ""
        rows.append((f"`{field.alias or name}`", _type(field), default, meaning))
    return table(["key", "type", "default", "meaning"], rows)


def _default(field: Any) -> str:
    if field.default is PydanticUndefined:
        return literal([] if field.default_factory is list else {})
    return literal(field.default)


def _type(field: Any) -> str:
    bounds = [
        f"{sign} {getattr(item, name)}"
        for item in field.metadata
        for name, sign in (("ge", ">="), ("gt", ">"))
        if getattr(item, name, None) is not None
    ]
    text = type_text(field.annotation)
    for long, short in _SHORT.items():
        text = text.replace(long, short)
    return " ".join([f"`{text}`", *bounds])
