"""What the names of a search space bind to, and whether the values fit there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vega_core.config import aliases
from vega_core.config.diagnostics import Report
from vega_core.config.names import space_names
from vega_core.config.nodes import Node, Path
from vega_core.config.ranges import outcomes
from vega_core.config.signatures import DEFAULT_TYPES, SECTION_KINDS, SLOTS, Signatures, is_nested
from vega_core.config.values import faults
from vega_core.errors import PluginError, suggest
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


class Bindings:
    """The names that the search space of one step may bind."""

    def __init__(self, report: Report, signatures: Signatures, step: str) -> None:
        self._report = report
        self._signatures = signatures
        self._step = step
        self._block = report.root.get(step) or Node({}, report.root.mark)
        space = (step, "search_space")
        names = space_names(report.root, space)
        self._choices = {
            found.name: outcomes(report.root.nearest(found.path[:-1]).plain())
            for found in names
            if found.declares
        }
        self._conditional = {found.name for found in names if found.path[-1] == "child"}
        self._targets: dict[str, Target] = {}
        self._open: set[str] = set()
        """Beginnings below which any name is taken."""
        self._networks: set[str] = set()
        """Models and their parts: names of two or more words below them are of modules inside."""
        for root in ROOTS:
            self._section(root)

    def check(self, item: Path, name: str) -> None:
        """Reports a name that binds to nothing, or whose values do not fit.

        Args:
            item: Path of the hyperparameter, or of what declares it.
            name: The name.
        """
        target = self._targets.get(name)
        if target is None:
            name, target = self._respelled(item, name)
        if target is not None:
            self._check_types(item, name, target)
            self._check_values(item, name, target)
        elif not self._is_free(name):
            near = suggest(name, self._targets) or self._siblings(name)
            self._report.error((*item, "key"), f"'{name}' binds to nothing{near}")

    def _respelled(self, item: Path, name: str) -> tuple[str, Target | None]:
        head, _, last = name.rpartition(".")
        others = [f"{head}.params.{last}", f"{head.removesuffix('.params')}.{last}"]
        for table in aliases.PARAMETERS.values():
            if last in table:
                others += [f"{head}.{table[last]}", f"{head}.params.{table[last]}"]
        for other in others:
            if other in self._targets:
                key = self._report.root.get(*item, "key")
                if key is not None:
                    self._report.renamed(name, other, key.place)
                    _rename(self._block, name, other)
                    self._choices[other] = self._choices.get(name, ())
                    if name in self._conditional:
                        self._conditional.add(other)
                return other, self._targets[other]
        return name, None

    def _is_free(self, name: str) -> bool:
        beginnings = [name[:at] for at, char in enumerate(name) if char == "."]
        if any(beginning in self._open for beginning in beginnings):
            return True
        if any(beginning in self._networks for beginning in beginnings[:-1]):
            return True
        root = name.partition(".")[0]
        return "" in self._open and root not in ROOTS

    def _siblings(self, name: str) -> str:
        root = name.partition(".")[0]
        if root in ROOTS and self._block.items.get(root) is None:
            return f"; the step has no section '{root}'"
        head = name.rpartition(".")[0]
        known = sorted(one for one in self._targets if one.rpartition(".")[0] == head)
        return f"; known are: {', '.join(known)}" if known else f"; names begin with {_ROOTS_TEXT}"

    def _check_types(self, item: Path, name: str, target: Target) -> None:
        lacking = [type_ for type_ in target.types if type_ not in target.parameters]
        if target.parameters and lacking and name not in self._conditional:
            message = f"'{name}' is no parameter of {', '.join(lacking)}; give it a condition"
            self._report.error((*item, "key"), message)

    def _check_values(self, item: Path, name: str, target: Target) -> None:
        for value in self._choices.get(name, ()):
            fault = self._fault(target, value)
            if fault:
                self._report.error((*item, "range"), f"{name}: {fault}")
                return

    def _fault(self, target: Target, value: Any) -> str:
        if target.kind and (isinstance(value, str) or not target.parameters):
            try:
                self._signatures.find(target.kind, str(value))
            except PluginError as error:
                return str(error)
            return ""
        if target.auto and value == "auto":
            return ""
        found = [faults(parameter, value) for parameter in target.parameters.values()]
        return found[0][0][1] if found and all(found) else ""

    # Which names there are.

    def _section(self, root: str) -> None:
        block = self._block.items.get(root)
        if block is None and root not in DEFAULT_TYPES:
            return
        modules = block.get("modules") if block else None
        if root == "model" and block and modules and isinstance(modules.value, list):
            for part in modules.value:
                self._component("network", f"model.{part.value}", block.get(str(part.value)))
            return
        self._component(SECTION_KINDS[root], root, block)

    def _component(self, kind: str, name: str, block: Node | None) -> None:
        types = self._types(kind, name, block)
        if is_nested(kind) or len(types) > 1 or f"{name}.type" in self._choices:
            self._targets[f"{name}.type"] = Target(kind=kind)
        signatures = {type_: self._signatures.get(kind, type_) for type_ in types}
        if kind == "network":
            self._networks.add(name)
        if not types:
            self._open.add(name)
        inner = f"{name}.params" if is_nested(kind) else name
        known = tuple(type_ for type_, found in signatures.items() if found and found.parameters)
        for type_, signature in signatures.items():
            if signature is None or signature.parameters is None:
                self._open.add(name)
                continue
            for key, parameter in signature.parameters.items():
                new = Target(types=known, auto=kind == "network")
                target = self._targets.setdefault(f"{inner}.{key}", new)
                target.parameters[type_] = parameter
                self._parameter(kind, f"{inner}.{key}", key, block)
            if kind == "trainer" and "params" in signature.parameters:
                self._open.add("")  # it is handed every sampled value

    def _parameter(self, kind: str, name: str, key: str, block: Node | None) -> None:
        slot = SLOTS.get(kind, {}).get(key)
        inside = block.get(key) if block else None
        if slot is None:
            self._open.add(name)
        elif inside is not None and isinstance(inside.value, list):
            self._targets[name].kind = slot
            for index, item in enumerate(inside.value):
                self._component(slot, f"{name}.{index}", item)
        elif key in ("transforms", "metrics", "callbacks"):
            self._targets[name].kind = slot
        else:
            self._component(slot, name, inside)

    def _types(self, kind: str, name: str, block: Node | None) -> list[str]:
        searched = [value for value in self._choices.get(f"{name}.type", ()) if value]
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


_ROOTS_TEXT = ", ".join(f"'{root}.'" for root in ROOTS)


def _rename(block: Node, old: str, new: str) -> None:
    space = block.get("search_space")
    for _, node in space.walk() if space else ():
        if node.value == old:
            node.value = new
        elif isinstance(node.value, dict) and old in node.value:
            node.value = {(new if key == old else key): item for key, item in node.value.items()}
