"""What the parts of a configuration may say, asked from the installed plugins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from vega_core.errors import PluginError
from vega_core.plugins import Catalog, kind_of
from vega_core.plugins.modules import target_of, with_place
from vega_core.plugins.parameters import Parameter, parameters_of

SECTION_KINDS: Mapping[str, str] = {
    "pipe_step": "step",
    "dataset": "dataset",
    "search_algorithm": "algorithm",
    "search_space": "search_space",
    "model": "network",
    "trainer": "trainer",
    "evaluator": "evaluator",
}
"""The sections of a step and the kind of component that each describes."""

DEFAULT_TYPES: Mapping[str, str] = {"trainer": "Trainer", "search_space": "SearchSpace"}
"""The type of a section that names none."""

SLOTS: Mapping[str, Mapping[str, str]] = {
    "dataset": {"transforms": "transform"},
    "trainer": {
        "optimizer": "optimizer",
        "lr_scheduler": "schedule",
        "loss": "loss",
        "metrics": "metric",
        "callbacks": "callback",
    },
    "network": {"rewrites": "rewrite"},
}
"""Parameters that hold components themselves, one or a list of them, and of which kind."""

_BOUND_TO_FRAMEWORK = ("executor",)


@dataclass(frozen=True)
class Signature:
    """What a block of one type may hold.

    Attributes:
        kind: The kind of component.
        name: The component's own name, whatever alias was written.
        parameters: Its parameters by name; None where its class is not read, because that would
            import a framework.
        cls: The class, or None.
    """

    kind: str
    name: str
    parameters: Mapping[str, Parameter] | None
    cls: type[Any] | None = None


class Signatures:
    """Looks signatures up, each once.

    Args:
        catalog: What is installed.
        folder: Where relative paths start in the names of a user's own modules.
    """

    def __init__(self, catalog: Catalog, folder: Path | None = None) -> None:
        self.catalog = catalog
        self._folder = folder
        self._known: dict[tuple[str, str], Signature | PluginError] = {}
        self._own_names: dict[tuple[str, str], str] = {}

    def find(self, kind: str, name: str) -> Signature:
        """Returns the signature of a component.

        Raises:
            PluginError: There is no such component, or it cannot be used.
        """
        key = (kind, name)
        if key not in self._known:
            try:
                self._known[key] = self._read(kind, name)
            except PluginError as error:
                self._known[key] = error
        found = self._known[key]
        if isinstance(found, PluginError):
            raise found
        return found

    def get(self, kind: str, name: Any) -> Signature | None:
        """Returns the signature of a component, or None if it cannot be had."""
        try:
            return self.find(kind, name) if isinstance(name, str) else None
        except PluginError:
            return None

    def own_name(self, kind: str, name: str) -> str:
        """Returns the one spelling of a component's name, whatever alias or case was written.

        It names the plugin only where the bare name would not do, and a file of a user's own by
        its whole path. What is not installed keeps the name as written.
        """
        key = (kind, name)
        if key not in self._own_names:
            try:
                self._own_names[key] = self._spelled(kind, name)
            except PluginError:
                self._own_names[key] = name
        return self._own_names[key]

    def is_module(self, name: str) -> bool:
        """Tells a module of a framework, ``torch:my_package.MyNet``, from other names."""
        return self.catalog.is_module(name)

    def names(self, kind: str) -> list[str]:
        """Returns the names of a kind that are installed."""
        return list(self.catalog.names(kind))

    def _read(self, kind: str, name: str) -> Signature:
        if kind == "network" and self.is_module(name):
            target_of(name)
            return Signature(kind, name, None)
        component = self.catalog.find(kind, name)
        if kind in _BOUND_TO_FRAMEWORK or component.provider.backends:
            return Signature(kind, component.name, None)
        cls = self.catalog.load(kind, name)
        own = {parameter.name: parameter for parameter in parameters_of(cls)}
        return Signature(kind, component.name, own | engine_keys(kind), cls)

    def _spelled(self, kind: str, name: str) -> str:
        if kind == "network" and self.is_module(name):
            backend, _, place = name.partition(":")
            return with_place(f"{self.own_name('backend', backend)}:{place}", self._folder)
        component = self.catalog.find(kind, name)
        if component.name == name:
            return name
        try:
            alone = self.catalog.find(kind, component.name) == component
        except PluginError:  # several plugins have one of that name
            alone = False
        return component.name if alone else component.qualified


def kind_at(keys: Sequence[str]) -> str:
    """Returns the kind of the component that a dotted name leads to, or "" where to none."""
    kind = SECTION_KINDS.get(keys[0], "")
    for key in keys[1:]:
        if not key.isdecimal():
            kind = SLOTS.get(kind, {}).get(key, "")
    return kind


def is_nested(kind: str) -> bool:
    """Tells whether a kind has its parameters under ``params``, not beside ``type``."""
    return kind_of(kind).nested


def engine_keys(kind: str) -> dict[str, Parameter]:
    """Returns the keys that the engine reads of a component, beside the component's own."""
    return {parameter.name: parameter for parameter in _ENGINE_KEYS.get(kind, ())}


_ENGINE_KEYS = {
    "dataset": (
        Parameter("batch_size", Annotated[int, Field(ge=1)], 64, False, "Samples a batch."),
        Parameter("transforms", list[str | dict[str, Any]], (), False, "Applied in their order."),
    ),
    "network": (
        Parameter("overrides", dict[str, Any], {}, False, "Hyperparameters by dotted name."),
        Parameter("rewrites", list[dict[str, Any]], (), False, "Applied after tracing, in order."),
        Parameter("format", int, 1, False, "Number of the description's format."),
    ),
}
