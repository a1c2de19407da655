"""Writes each component's own name in place of the alias or the case in which it was written.

So whoever compares two types later needs no catalog. An alias is as good as the name: nothing
is said about it.
"""

from __future__ import annotations

from vega_core.config.diagnostics import SHARED_KEYS, Report
from vega_core.config.names import space_values
from vega_core.config.nodes import Node
from vega_core.config.signatures import SECTION_KINDS, SLOTS, Signatures, kind_at


def use_own_names(report: Report, signatures: Signatures) -> None:
    """Rewrites the names of components in every step, in place; unknown ones stay."""
    for kind in ("backend", "executor"):
        _component(signatures, kind, report.root.get("general", kind))
    for step, block in report.root.items.items():
        if step in SHARED_KEYS:
            continue
        for section, kind in SECTION_KINDS.items():
            _component(signatures, kind, block.items.get(section))
        for name, _, node in space_values(report.root, (step, "search_space")):
            *outer, last = name.split(".")
            if last == "type" and outer:
                _rename(signatures, kind_at(outer), node)
            elif outer:
                _component(signatures, kind_at([*outer, last]), node)


def _component(signatures: Signatures, kind: str, node: Node | None) -> None:
    """Renames what a block, a name alone or a list of them mean."""
    if node is None or not kind:
        return
    if isinstance(node.value, list):
        for item in node.value:
            _component(signatures, kind, item)
        return
    _rename(signatures, kind, node)
    _rename(signatures, kind, node.items.get("type"))
    modules = node.items.get("modules") if kind == "network" else None
    for part in modules.plain() if modules and isinstance(modules.value, list) else ():
        _component(signatures, kind, node.items.get(str(part)))
    for key, slot in SLOTS.get(kind, {}).items():
        _component(signatures, slot, node.items.get(key))


def _rename(signatures: Signatures, kind: str, node: Node | None) -> None:
    if kind and node is not None and isinstance(node.value, str):
        node.value = signatures.own_name(kind, node.value)
