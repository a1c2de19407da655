"""What a component can be configured with: names, types, defaults and meanings.

The one source for ``vega describe``, for the validation of configurations and for the reference
documentation, so that they cannot disagree.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vega_core.plugins.docstrings import meanings

ENGINE_ARGUMENTS = frozenset({"self", "cls", "problem", "split", "context"})
"""Leading arguments that the engine gives; a configuration never names them."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a component.

    Attributes:
        name: The key in a configuration.
        annotation: Its type, with strings resolved; ``Any`` where there is none.
        default: Its default; ``inspect.Parameter.empty`` where it is required.
        required: Whether a configuration must give it.
        doc: Its meaning, on one line.
    """

    name: str
    annotation: Any
    default: Any
    required: bool
    doc: str = ""

    @property
    def type(self) -> str:
        """The type as one writes it: ``int | None``."""
        return type_text(self.annotation)


def parameters_of(target: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Returns the parameters of a component, in the order of its signature.

    A dataclass has those of its fields that its constructor takes, but for fields whose metadata
    say ``{"configured": False}``. Another class has those of
    ``__init__``: where leading arguments without a default stand before keyword-only ones, the
    leading ones are the engine's (``problem``, ``split``) and the keyword-only ones remain.
    Where ``__init__`` takes ``**kwargs``, those of the next class in line follow. A class that is
    made with ``from_config(config)``, where the argument is a ``TypedDict``, has the keys of that.
    Meanings come from the ``Args:`` or ``Attributes:`` sections of the docstrings.
    """
    if not inspect.isclass(target):
        return tuple(_from_signature(target, meanings(target.__doc__)))
    spelled = _spelled(target)
    if spelled is not None:
        return tuple(_from_keys(spelled))
    docs = _documented(target)
    found: dict[str, Parameter] = {}
    for owner in target.__mro__[:-1]:
        init = vars(owner).get("__init__")
        if init is None:
            continue
        if _made(owner):
            layer: Iterable[Parameter] = _from_fields(owner, docs)
        else:
            layer = _from_signature(init, docs)
        for parameter in layer:
            found.setdefault(parameter.name, parameter)
        if not _takes_any(init):
            break
    return tuple(found.values())


def type_text(annotation: Any) -> str:
    """Returns a type as one says it: ``int | None``, ``'a' | 'b'``, ``list[str]``."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_text(inside[0])
    if origin is typing.Literal:
        return " | ".join(repr(value) for value in inside)
    if origin in {typing.Union, types.UnionType}:
        return " | ".join(type_text(part) for part in inside)
    if isinstance(annotation, list):
        return f"[{', '.join(type_text(part) for part in annotation)}]"
    if origin is not None and inside:
        return f"{type_text(origin)}[{', '.join(type_text(part) for part in inside)}]"
    named = {Any: "any", type(None): "None", None: "None", Ellipsis: "..."}
    if annotation in named:
        return named[annotation]
    return str(getattr(annotation, "__name__", annotation))


def _made(owner: type) -> bool:
    """Tells whether a class's own constructor was made from its fields."""
    made = vars(owner).get("__dataclass_params__")
    return made is not None and bool(made.init)


def _spelled(target: type) -> Any:
    """Returns the ``TypedDict`` from which a class is made, if it is."""
    make = vars(target).get("from_config")
    hints = _hints(make.__func__) if isinstance(make, classmethod) else {}
    for hint in hints.values():
        for one in (hint, *typing.get_args(hint)):  # alone, or one form among others
            if hasattr(one, "__required_keys__"):
                return one
    return None


def _from_keys(keyed: Any) -> Iterable[Parameter]:
    docs = _documented(keyed)
    for name, hint in typing.get_type_hints(keyed, include_extras=True).items():
        required = name in keyed.__required_keys__
        default = inspect.Parameter.empty if required else None
        yield Parameter(name, hint, default, required, docs.get(name, ""))


def _from_fields(owner: type, docs: Mapping[str, str]) -> Iterable[Parameter]:
    hints = _hints(owner)
    for field in dataclasses.fields(owner):
        if not field.init or not field.metadata.get("configured", True):
            continue
        default: Any = inspect.Parameter.empty
        if field.default is not dataclasses.MISSING:
            default = field.default
        elif field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        yield Parameter(
            name=field.name,
            annotation=_resolved(hints.get(field.name, field.type)),
            default=default,
            required=default is inspect.Parameter.empty,
            doc=docs.get(field.name, ""),
        )


def _from_signature(function: Callable[..., Any], docs: Mapping[str, str]) -> Iterable[Parameter]:
    hints = _hints(function)
    for raw in _own(inspect.signature(function)):
        yield Parameter(
            name=raw.name,
            annotation=_resolved(hints.get(raw.name, raw.annotation)),
            default=raw.default,
            required=raw.default is raw.empty,
            doc=docs.get(raw.name, ""),
        )


def _own(signature: inspect.Signature) -> list[inspect.Parameter]:
    named = [raw for raw in signature.parameters.values() if raw.kind not in _VARIADIC]
    by_keyword = any(raw.kind is raw.KEYWORD_ONLY for raw in named)
    leading = True
    own = []
    for raw in named:
        leading = leading and raw.kind is not raw.KEYWORD_ONLY and raw.default is raw.empty
        if not (leading and (by_keyword or raw.name in ENGINE_ARGUMENTS)):
            own.append(raw)
    return own


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _takes_any(function: Callable[..., Any]) -> bool:
    raw = inspect.signature(function).parameters.values()
    return any(one.kind is one.VAR_KEYWORD for one in raw)


def _hints(owner: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(owner, include_extras=True)
    except (NameError, TypeError, AttributeError):
        # A name under TYPE_CHECKING: resolve the other annotations one by one.
        module = sys.modules.get(owner.__module__)
        names = dict(vars(typing)) | (vars(module) if module else {})
        return {key: _evaluated(value, names) for key, value in _annotations(owner).items()}


def _annotations(owner: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for base in reversed(getattr(owner, "__mro__", (owner,))):
        merged |= inspect.get_annotations(base)
    return merged


def _evaluated(annotation: Any, names: dict[str, Any]) -> Any:
    probe = types.SimpleNamespace(__annotations__={"value": annotation})
    try:
        return typing.get_type_hints(probe, names, include_extras=True)["value"]
    except (NameError, TypeError, AttributeError):
        return Any


def _resolved(annotation: Any) -> Any:
    if annotation is inspect.Parameter.empty or isinstance(annotation, str):
        return Any
    return annotation


def _documented(target: type) -> dict[str, str]:
    docs: dict[str, str] = {}
    for owner in reversed(target.__mro__[:-1]):
        init = vars(owner).get("__init__")
        docs |= meanings(vars(owner).get("__doc__")) | meanings(getattr(init, "__doc__", None))
    return docs
