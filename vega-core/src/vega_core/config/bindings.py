"""Checks what the names of a search space bind to, and whether the values fit there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vega_core.config import aliases
from vega_core.config.bind import bind
from vega_core.config.choices import kept_keys, misfits
from vega_core.config.components import Components
from vega_core.config.diagnostics import Report
from vega_core.config.inside import obstacle
from vega_core.config.model import Choices
from vega_core.config.names import searched_names, space_names, space_values
from vega_core.config.nodes import Node, Path
from vega_core.config.ranges import outcomes
from vega_core.config.reach import ROOTS, Reach, Target
from vega_core.config.signatures import SLOTS, Signatures, is_nested, kind_at
from vega_core.config.values import faults
from vega_core.errors import PluginError, suggest


class Bindings:
    """The names that the search space of one step binds.

    Attributes:
        choices: The keys that each type of a block takes whose type is searched; filled by
            `check`.
    """

    def __init__(
        self, report: Report, signatures: Signatures, components: Components, step: str
    ) -> None:
        self.choices: Choices = {}
        self._report = report
        self._signatures = signatures
        self._components = components
        self._step = step
        self._space = (step, "search_space")
        self._block = report.root.get(step) or Node({}, report.root.mark)
        names = space_names(report.root, self._space)
        self._chosen: dict[str, Sequence[Any]] = {
            found.name: outcomes(report.root.nearest(found.path[:-1]).plain())
            for found in names
            if found.declares
        }
        self._conditional = {found.name for found in names if found.path[-1] == "child"}
        self._searched = searched_names(report.root)
        self._reach = Reach(signatures, self._block, self._chosen)

    def locate(self) -> None:
        """Makes the paths among the values absolute."""
        for name, path, _ in space_values(self._report.root, self._space):
            root = name.partition(".")[0]
            _, target = self._reach.owner(name)
            if root in ROOTS and not (target and target.kind):
                given = list(target.parameters.values()) if target else []
                annotation = given[0].annotation if given else None
                self._components.locate(kind_at([root]), annotation, path)

    def check(self, item: Path, name: str) -> None:
        """Reports a name that binds to nothing, or whose values do not fit.

        Args:
            item: Path of the hyperparameter, or of what declares it.
            name: The name.
        """
        target = self._reach.targets.get(name)
        if target is None:
            name, target = self._respelled(item, name)
        if target is not None:
            self._check_types(item, name, target)
            self._check_values(item, name, target)
            if name.endswith(".type") and target.kind:
                self._check_choice(item, name.removesuffix(".type"), target.kind)
        elif not self._reach.is_free(name):
            near = suggest(name, self._reach.targets) or self._siblings(name)
            self._report.error((*item, "key"), f"'{name}' binds to nothing{near}")
        else:
            self._check_inside(item, name)

    def _respelled(self, item: Path, name: str) -> tuple[str, Target | None]:
        head, _, last = name.rpartition(".")
        others = [f"{head}.params.{last}", f"{head.removesuffix('.params')}.{last}"]
        for table in aliases.PARAMETERS.values():
            if last in table:
                others += [f"{head}.{table[last]}", f"{head}.params.{table[last]}"]
        for other in others:
            if other in self._reach.targets:
                key = self._report.root.get(*item, "key")
                if key is not None:
                    self._report.renamed(name, other, key.place)
                    _rename(self._block, name, other)
                    self._chosen[other] = self._chosen.get(name, ())
                    if name in self._conditional:
                        self._conditional.add(other)
                return other, self._reach.targets[other]
        return name, None

    def _siblings(self, name: str) -> str:
        root = name.partition(".")[0]
        if root in ROOTS and self._block.items.get(root) is None:
            return f"; the step has no section '{root}'"
        head = name.rpartition(".")[0]
        known = sorted(one for one in self._reach.targets if one.rpartition(".")[0] == head)
        return f"; known are: {', '.join(known)}" if known else f"; names begin with {_ROOTS_TEXT}"

    def _check_types(self, item: Path, name: str, target: Target) -> None:
        lacking = [type_ for type_ in target.types if type_ not in target.parameters]
        if target.parameters and lacking and name not in self._conditional:
            message = f"'{name}' is no parameter of {', '.join(lacking)}; give it a condition"
            self._report.error((*item, "key"), message)

    def _check_choice(self, item: Path, name: str, kind: str) -> None:
        """Checks that a block will do with each type that it may get."""
        path = tuple(int(key) if key.isdecimal() else key for key in name.split("."))
        block = self._block.get(*path)
        given = block.items.get("type") if block is not None and block.items else block
        for type_ in self._chosen.get(f"{name}.type", ()):
            signature = self._signatures.get(kind, type_)
            if signature is None or signature.parameters is None:
                continue
            if not is_nested(kind):
                self.choices.setdefault(name, {})[type_] = kept_keys(signature)
            if given is None or given.value != type_:
                for below, message in misfits(signature, block, name, self._searched):
                    place = (*item, "range") if below is None else (self._step, *path, *below)
                    self._report.error(place, message)

    def _check_values(self, item: Path, name: str, target: Target) -> None:
        slot = SLOTS.get(kind_at(name.split(".")[:-1]), {}).get(name.rpartition(".")[2])
        for index, value in enumerate(self._chosen.get(name, ())):
            fault = self._fault(target, value)
            if fault:
                self._report.error((*item, "range"), f"{name}: {fault}")
                return
            if slot and isinstance(value, (dict, list)):
                self._components.check_each(slot, (*item, "range", index))

    def _check_inside(self, item: Path, name: str) -> None:
        """Checks a name that leads into the value of a parameter."""
        if "overrides" in name.split("."):
            return
        fault = obstacle(self._block, self._reach, name)
        if fault:
            self._report.error((*item, "key"), f"'{name}' binds to nothing; {fault}")
            return
        head, target = self._reach.owner(name)
        for value in self._chosen.get(name, ()) if target else ():
            bound: Any = bind(self._block.plain(), {name: value})
            for key in head.split("."):
                bound = bound[int(key)] if isinstance(bound, list) else bound.get(key)
            fault = self._fault(target, bound) if target and bound is not None else ""
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


_ROOTS_TEXT = ", ".join(f"'{root}.'" for root in ROOTS)


def _rename(block: Node, old: str, new: str) -> None:
    space = block.get("search_space")
    for _, node in space.walk() if space else ():
        if node.value == old:
            node.value = new
        elif isinstance(node.value, dict) and old in node.value:
            node.value = {(new if key == old else key): item for key, item in node.value.items()}
