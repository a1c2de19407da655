"""What the names of a step's search space can lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vega_core.config.nodes import Node
from vega_core.config.signatures import DEFAULT_TYPES, SECTION_KINDS, SLOTS, Signatures, is_nested
from vega_core.plugins import kind_of
from vega_core.plugins.parameters import Parameter

ROOTS = ("dataset", "trainer", "model", "evaluator")
"""The sections that names may bind to."""


@dataclass
class Target:
    """One name that a search space may bind.

    Attributes:
        parameters: The parameter, by each of the types that have it.
        types: All types that the block may have.
        kind: Where the name is a ``type`` or a list of components: their kind.
        auto: Whether ``auto`` is a value, filled in from the data.
    """

    parameters: dict[str, Parameter] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    kind: str = ""
    auto: bool = False


class Reach:
    """The names of one step.

    Args:
        signatures: What is installed.
        block: The step's block.
        chosen: The values that names can take, as far as they are listed.

    Attributes:
        targets: What a name leads to.
        open: Beginnings below which any name is taken; "" for names of no section.
        networks: Models and their parts: names of two or more words below them are of modules
            inside.
    """

    def __init__(
        self, signatures: Signatures, block: Node, chosen: Mapping[str, Sequence[Any]]
    ) -> None:
        self.targets: dict[str, Target] = {}
        self.open: set[str] = set()
        self.networks: set[str] = set()
        self._signatures = signatures
        self._chosen = chosen
        for root in ROOTS:
            self._section(root, block.items.get(root))

    def is_free(self, name: str) -> bool:
        """Tells whether a name is taken though no parameter has it."""
        beginnings = [name[:at] for at, char in enumerate(name) if char == "."]
        if any(beginning in self.open for beginning in beginnings):
            return True
        if any(beginning in self.networks for beginning in beginnings[:-1]):
            return True
        return "" in self.open and name.partition(".")[0] not in ROOTS

    def owner(self, name: str) -> tuple[str, Target | None]:
        """Returns the longest beginning of a name that is a parameter, and that parameter."""
        for at in range(len(name), 0, -1):
            if name[at : at + 1] in (".", "") and name[:at] in self.targets:
                return name[:at], self.targets[name[:at]]
        return "", None

    def _section(self, root: str, block: Node | None) -> None:
        if block is None and root not in DEFAULT_TYPES:
            return
        modules = block.get("modules") if block else None
        if root == "model" and block and modules and isinstance(modules.value, list):
            for part in modules.value:
                self._component("network", f"model.{part.value}", block.get(str(part.value)))
        elif block is not None and isinstance(block.value, list):
            for index, item in enumerate(block.value):
                self._component(SECTION_KINDS[root], f"{root}.{index}", item)
        else:
            self._component(SECTION_KINDS[root], root, block)

    def _component(self, kind: str, name: str, block: Node | None) -> None:
        types = self._types(kind, name, block)
        if is_nested(kind) or len(types) > 1 or f"{name}.type" in self._chosen:
            self.targets[f"{name}.type"] = Target(kind=kind)
        signatures = {type_: self._signatures.get(kind, type_) for type_ in types}
        if kind == "network":
            self.networks.add(name)
        if not types:
            self.open.add(name)
        inner = f"{name}.params" if is_nested(kind) else name
        known = tuple(type_ for type_, found in signatures.items() if found and found.parameters)
        for type_, signature in signatures.items():
            if signature is None or signature.parameters is None:
                self.open.add(name)
                continue
            for key, parameter in signature.parameters.items():
                new = Target(types=known, auto=kind == "network")
                target = self.targets.setdefault(f"{inner}.{key}", new)
                target.parameters[type_] = parameter
                self._parameter(kind, f"{inner}.{key}", key, block)
            if kind == "trainer" and "params" in signature.parameters:
                self.open.add("")  # it is handed every sampled value

    def _parameter(self, kind: str, name: str, key: str, block: Node | None) -> None:
        slot = SLOTS.get(kind, {}).get(key)
        inside = block.get(key) if block else None
        if slot is None:
            self.open.add(name)
        elif inside is not None and isinstance(inside.value, list):
            self.targets[name].kind = slot
            for index, item in enumerate(inside.value):
                self._component(slot, f"{name}.{index}", item)
        elif kind_of(slot).listed:
            self.targets[name].kind = slot
        else:
            self._component(slot, name, inside)

    def _types(self, kind: str, name: str, block: Node | None) -> list[str]:
        searched = [value for value in self._chosen.get(f"{name}.type", ()) if value]
        if searched:
            return list(dict.fromkeys(str(value) for value in searched))
        given = block.get("type") if block else None
        if given is None and block is not None and isinstance(block.value, str):
            return [block.value]
        fallback = DEFAULT_TYPES.get(name)
        value = given.value if given is not None else fallback
        if value is None and is_nested(kind):
            # Not configured: the trainer has a default, which only it knows.
            return self._signatures.names(kind)
        return [value] if isinstance(value, str) else []
