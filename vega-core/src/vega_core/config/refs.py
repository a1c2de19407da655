"""``ref: step.section`` and ``ref: step`` copy another block as the base of this one.

What the block gives itself comes over the copy, key by key. A block that names another ``type``
than the copy starts anew: the parameters of one type say nothing about another.
"""

from __future__ import annotations

from vega_core.config.diagnostics import SHARED_KEYS, Report
from vega_core.config.nodes import Node, Origin, Path
from vega_core.errors import suggest

SEARCH_SECTIONS = ("search_algorithm", "search_space")
"""Not copied into a step of another type, which would not search."""
_OF_ONE_STEP = ("ref", "models")


def resolve_refs(report: Report) -> None:
    """Fills in what every ``ref`` copies; the ``ref`` itself stays, and copies are marked."""
    resolver = _Resolver(report)
    for name, node in report.root.items.items():
        if name not in SHARED_KEYS and isinstance(node.value, dict):
            resolver.step(name)


class _Resolver:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._steps = {
            name: node
            for name, node in report.root.items.items()
            if name not in SHARED_KEYS and isinstance(node.value, dict)
        }
        self._done: set[Path] = set()
        self._open: list[Path] = []

    def step(self, name: str) -> None:
        """Resolves a step's own ref, then those of its sections."""
        node = self._steps[name]
        ref = node.items.get("ref")
        if self._enter((name,), ref or node):
            target = self._target(ref, (name, "ref"), parts=1) if ref else None
            if target:
                self.step(target[0])
                self._merge_step(node, self._steps[target[0]])
            self._leave((name,))
        for section in node.items:
            self._section(name, section)

    def _section(self, step: str, section: str) -> None:
        node = self._steps[step].items[section]
        path = (step, section)
        ref = node.items.get("ref")
        if ref is None or ref.inherited or not self._enter(path, ref):
            return
        target = self._target(ref, (*path, "ref"), parts=2)
        if target:
            other, wanted = target
            self._section(other, wanted)
            merge(node, self._steps[other].items[wanted])
        self._leave(path)

    def _merge_step(self, node: Node, base: Node) -> None:
        own_type, base_type = node.get("pipe_step", "type"), base.get("pipe_step", "type")
        same = own_type is None or base_type is None or own_type.value == base_type.value
        skipped = _OF_ONE_STEP if same else (*_OF_ONE_STEP, *SEARCH_SECTIONS)
        copied = {key: child for key, child in base.items.items() if key not in skipped}
        merge(node, Node(copied, base.mark))

    def _target(self, ref: Node, path: Path, parts: int) -> list[str] | None:
        form = "step" if parts == 1 else "step.section"
        names = ref.value.split(".") if isinstance(ref.value, str) else []
        if len(names) != parts:
            self._report.error(path, f"expected '{form}', got '{ref.value}'")
            return None
        if names[0] not in self._steps:
            hint = suggest(names[0], self._steps)
            self._report.error(path, f"'{ref.value}' leads to nothing: no step '{names[0]}'{hint}")
            return None
        known = self._steps[names[0]].items
        if parts == 2 and names[1] not in known:
            why = f"the step '{names[0]}' has no section '{names[1]}'{suggest(names[1], known)}"
            self._report.error(path, f"'{ref.value}' leads to nothing: {why}")
            return None
        return names

    def _enter(self, path: Path, node: Node) -> bool:
        if path in self._open:
            cycle = [*self._open[self._open.index(path) :], path]
            shown = " -> ".join(".".join(map(str, item)) for item in cycle)
            self._report.error((*path, "ref"), f"refs form a cycle: {shown}", node.place)
        if path in self._open or path in self._done:
            return False
        self._open.append(path)
        return True

    def _leave(self, path: Path) -> None:
        self._open.remove(path)
        self._done.add(path)


def merge(node: Node, base: Node, origin: Origin = "ref") -> None:
    """Puts a copy of ``base`` under the keys of ``node``, in place, marked with its origin."""
    if not isinstance(node.value, dict) or not isinstance(base.value, dict):
        return
    own_type, base_type = node.items.get("type"), base.items.get("type")
    if own_type is not None and base_type is not None and own_type.value != base_type.value:
        return
    for key, child in base.value.items():
        if key == "ref":
            continue
        if key not in node.value:
            copy = child.copy()
            for _, below in copy.walk():
                below.inherited = origin
            node.value[key] = copy
        else:
            merge(node.value[key], child, origin)
