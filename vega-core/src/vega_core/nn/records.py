"""Components made from plain data: every parameter is known, given, and of its annotated type."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeAlias, get_args, get_type_hints

from vega_core.errors import DescriptionError, ModelError, ShapeError, suggest
from vega_core.nn.values import annotations_of, coerced

Keys: TypeAlias = tuple["str | int", ...]
"""What leads to a place in a description: keys of mappings and places of lists."""


@contextmanager
def at(path: Keys) -> Iterator[None]:
    """Puts a place in front of errors that do not name one; a shape error stays one."""
    try:
        yield
    except DescriptionError:
        raise
    except ShapeError as error:
        raise ShapeError(str(DescriptionError(str(error), path))) from error.__cause__
    except ModelError as error:
        raise DescriptionError(str(error), path) from error.__cause__


def made(
    component: Callable[..., Any],
    values: Mapping[str, Any],
    path: Keys = (),
    located: Callable[[str], Path] = Path,
) -> Any:
    """Returns what a component makes of plain values.

    Args:
        component: A dataclass, another class, or a function that makes one.
        values: Its parameters by name.
        path: Where in a description they stand.
        located: Gives the file that a text means, for parameters annotated as a path.

    Raises:
        DescriptionError: A parameter is unknown, missing or of the wrong type, or the component
            refuses the values.
    """
    name = getattr(component, "__name__", str(component))
    known = _parameters(component)
    if not known.open:
        for key in values:
            if key not in known.annotations:
                raise DescriptionError(
                    f"{name} has no hyperparameter {key!r}{suggest(key, known.annotations)}",
                    (*path, key),
                )
    for key in known.required:
        if key not in values:
            raise DescriptionError(f"{name} needs the hyperparameter {key!r}", path)
    checked = {
        key: _checked(value, known.annotations.get(key, Any), (*path, key), located)
        for key, value in values.items()
    }
    try:
        with at(path):
            return component(**checked)
    except ValueError as error:
        raise DescriptionError(f"{name}: {error}", path) from error


@dataclass(frozen=True)
class _Parameters:
    """What a component takes: annotations by name, which are required, and whether any will do."""

    annotations: Mapping[str, Any]
    required: tuple[str, ...]
    open: bool = False


def paths_in(component: Callable[..., Any], values: Mapping[str, Any]) -> list[str]:
    """Returns the names of the parameters that are files, of those that are given."""
    hints = _parameters(component).annotations
    return [
        key
        for key, value in values.items()
        if isinstance(value, str) and _is_path(hints.get(key, Any))
    ]


def takes(component: Callable[..., Any], name: str) -> bool:
    """Tells whether a component has a parameter of a name."""
    return name in _parameters(component).annotations


def _is_path(annotation: Any) -> bool:
    return Path in (annotation, *get_args(annotation))


def _parameters(component: Callable[..., Any]) -> _Parameters:
    if isinstance(component, type) and is_dataclass(component):
        hints = annotations_of(component)
        own = [f for f in fields(component) if f.init and f.metadata.get("configured", True)]
        needed = [f for f in own if f.default is MISSING and f.default_factory is MISSING]
        annotations = {field.name: hints.get(field.name, Any) for field in own}
        return _Parameters(annotations, tuple(field.name for field in needed))
    try:
        parameters = inspect.signature(component).parameters.values()
        init = component.__init__ if isinstance(component, type) else component  # type: ignore[misc]
        hints = get_type_hints(init)
    except (TypeError, ValueError, NameError):
        return _Parameters({}, (), open=True)
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return _Parameters(
        {p.name: hints.get(p.name, Any) for p in named},
        tuple(p.name for p in named if p.default is p.empty),
        any(p.kind is p.VAR_KEYWORD for p in parameters),
    )


def _checked(value: Any, annotation: Any, path: Keys, located: Callable[[str], Path]) -> Any:
    if _is_path(annotation) and isinstance(value, str):
        with at(path):
            return located(value)
    if isinstance(value, str) and value == "auto" and not _takes_auto(annotation):
        raise DescriptionError("is 'auto', and nothing says how much that is", path)
    try:
        return coerced(value, annotation, "")
    except ModelError as error:
        raise DescriptionError(str(error).removeprefix(": "), path) from None


def _takes_auto(annotation: Any) -> bool:
    try:
        coerced("auto", annotation, "")
    except ModelError:
        return False
    return True
