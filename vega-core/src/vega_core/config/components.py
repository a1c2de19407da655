"""Checks the components of a step against what the installed plugins take."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path as FilePath
from typing import Any

from vega_core.config import aliases
from vega_core.config.diagnostics import Report
from vega_core.config.messages import shown
from vega_core.config.modernize import flatten_params
from vega_core.config.moves import drop, move
from vega_core.config.names import searched_names
from vega_core.config.nodes import Node, Path
from vega_core.config.signatures import SLOTS, Signature, Signatures, engine_keys, is_nested
from vega_core.config.values import faults, takes_path
from vega_core.errors import PluginError, suggest
from vega_core.plugins.parameters import Parameter

_NOT_PARAMETERS = ("type", "ref")
_DEPTH_OF_SECTIONS = 2
"""Of a path such as ``(step, "trainer")``."""


class Components:
    """Checks blocks in place: old parameter names are rewritten, relative paths made absolute.

    Args:
        report: Takes the errors, and holds the tree.
        signatures: What is installed.
        folder: Where relative paths start.
        check_data: Whether the files that a dataset names must exist.

    Attributes:
        signatures: What is installed.
    """

    def __init__(
        self, report: Report, signatures: Signatures, folder: FilePath, *, check_data: bool
    ) -> None:
        self._report = report
        self.signatures = signatures
        self._folder = folder
        self._check_data = check_data
        self._searched = searched_names(report.root)

    def check(self, kind: str, path: Path) -> None:
        """Checks the block at a path, and the components inside it."""
        node = self._report.root.get(*path)
        if node is None:
            return
        if not isinstance(node.value, dict):
            self._report.error(path, f"expected a mapping with a 'type', got {shown(node.plain())}")
            return
        signature = self.signature(kind, path, node)
        if "ref" in node.items and len(path) != _DEPTH_OF_SECTIONS:
            section = f"{path[1]}: {{ref: step.{path[1]}}}"
            self._report.error((*path, "ref"), f"a ref stands for a whole section: '{section}'")
        if signature is None or signature.parameters is None:
            return
        self._rearrange(signature, path, node)
        inner = (*path, "params") if is_nested(kind) else path
        self._parameters(signature, inner, () if is_nested(kind) else _NOT_PARAMETERS)

    def check_model(self, path: Path) -> None:
        """Checks the description of a model: of one network, or of parts described likewise."""
        node = self._report.root.get(*path)
        modules = node.items.get("modules") if node is not None else None
        if node is None or modules is None:
            self.check("network", path)
            return
        parts = modules.plain()
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            self._report.error((*path, "modules"), "expected a list of the names of parts")
            return
        if not parts:
            self._report.error((*path, "modules"), "a model has at least one part")
        for part in parts:
            if part not in node.items:
                self._report.error((*path, "modules"), f"there is no part '{part}' below")
            self.check_model((*path, part))
        whole = Signature("network", "a model of parts", engine_keys("network"))
        for key, parameter in (whole.parameters or {}).items():
            if key in node.items:
                self._value(whole, parameter, (*path, key), node.items[key])
        for key in node.items:
            if key not in ("modules", "ref", *parts, *engine_keys("network")):
                self._unknown((*path, key), key, parts)

    def check_each(self, kind: str, path: Path) -> None:
        """Checks a slot: one component or a list, each a block or just the name of a type."""
        node = self._report.root.get(*path)
        listed = node.value if node is not None and isinstance(node.value, list) else None
        for place in [(*path, index) for index in range(len(listed))] if listed else [path]:
            item = self._report.root.get(*place)
            if item is not None and isinstance(item.value, str):
                self._find(kind, item.value, place)
            elif item is not None and item.value is not None and item.value != []:
                self.check(kind, place)

    def locate(self, kind: str, annotation: Any, path: Path) -> None:
        """Makes a value absolute that is a path by its annotation, or text that begins like one."""
        node = self._report.root.nearest(path)
        value = node.plain()
        if takes_path(annotation) and isinstance(value, str):
            self._path(kind, path, node, value)
        else:
            for _, inside in node.walk():
                inside.value = self._beside(inside.value)

    def signature(self, kind: str, path: Path, node: Node) -> Signature | None:
        """Returns the signature of a block's type; reports it if there is none."""
        name = node.items.get("type")
        if name is None:
            self._report.error(path, f"the key 'type' is missing{self._examples(kind)}", node.place)
            return None
        if not isinstance(name.value, str):
            message = f"expected the name of a type, got {shown(name.plain())}"
            self._report.error((*path, "type"), message)
            return None
        return self._find(kind, name.value, (*path, "type"))

    def _find(self, kind: str, name: str, path: Path) -> Signature | None:
        # The step is named by the line; the message names the section.
        try:
            return self.signatures.find(kind, name)
        except PluginError as error:
            self._report.error(path, str(error))
            return None

    def _examples(self, kind: str) -> str:
        names = self.signatures.names(kind)[:5]
        return f"; one of: {', '.join(names)}" if names else ""

    def _rearrange(self, signature: Signature, path: Path, node: Node) -> None:
        """Puts parameters where the kind has them: under ``params``, or beside ``type``."""
        known = signature.parameters or {}
        if is_nested(signature.kind):
            for key in [key for key in node.items if key not in (*_NOT_PARAMETERS, "params")]:
                new = aliases.PARAMETERS.get(signature.kind, {}).get(key, key)
                if key in known or new in known:
                    move(self._report, path, key, f"params.{key if key in known else new}")
                else:
                    self._unknown((*path, key), key, ["params", *known], signature.name)
        elif "params" in node.items and "params" not in known:
            place = node.items["params"].place
            flatten_params(node)
            if "params" not in node.items:
                message = f"the parameters of {signature.name} now stand beside 'type'"
                self._report.notice((*path, "params"), message, place)

    def _parameters(self, signature: Signature, path: Path, others: Collection[str]) -> None:
        """Checks the keys of a block, of which some are no parameters."""
        node = self._report.root.get(*path)
        known = signature.parameters or {}
        if node is not None and not isinstance(node.value, dict):
            self._report.error(path, f"expected a mapping, got {shown(node.plain())}")
            return
        for key in list(node.items if node else ()):
            if key not in known and key not in others:
                self._foreign(signature, path, key, known)
        node = self._report.root.get(*path)
        given = node.items if node else {}
        for name, parameter in known.items():
            if name in given:
                self._value(signature, parameter, (*path, name), given[name])
            elif parameter.required and ".".join(map(str, (*path[1:], name))) not in self._searched:
                self._report.error(path, f"{signature.name} needs the key '{name}'")

    def _foreign(
        self, signature: Signature, path: Path, key: str, known: Mapping[str, Parameter]
    ) -> None:
        """Treats a key that the component does not have: an old one, a useless one, an error."""
        kind, place = signature.kind, (*path, key)
        new = aliases.PARAMETERS.get(kind, {}).get(key)
        if new is not None and new in known:
            move(self._report, path, key, new)
        elif key in aliases.UNUSED.get(kind, {}):
            drop(self._report, place, aliases.UNUSED[kind][key])
        elif key in aliases.ADVICE.get(kind, {}):
            self._report.error(place, f"not supported; {aliases.ADVICE[kind][key]}")
        else:
            self._unknown(place, key, known, signature.name)

    def _unknown(self, path: Path, key: str, known: Any, owner: str = "") -> None:
        names = sorted(known)
        listed = ", ".join(names) or "nothing"
        hint = suggest(key, names) or (f"; {owner} takes: {listed}" if owner else "")
        self._report.error(path, f"unknown key{hint}")

    def _value(self, signature: Signature, parameter: Parameter, path: Path, node: Node) -> None:
        value = node.plain()
        if signature.kind == "network" and value == "auto":
            return  # filled in from the data
        found = faults(parameter, value)
        for below, message in found:
            self._report.error((*path, *below), message)
        if found:
            return
        slot = SLOTS.get(signature.kind, {}).get(parameter.name)
        if slot:
            self.check_each(slot, path)
        else:
            self.locate(signature.kind, parameter.annotation, path)

    def _path(self, kind: str, path: Path, node: Node, value: str) -> None:
        place = self._folder / FilePath(value).expanduser()
        node.value = str(place)
        if kind == "dataset" and self._check_data and not place.exists():
            message = f"no such file or folder: {place}; --no-data skips this check"
            self._report.error(path, message)

    def _beside(self, value: Any) -> Any:
        """Returns text that begins like ``./my.py:objective`` with the place of the file in it.

        Text with white space may be a command line, where a place with white space would not do.
        """
        if not isinstance(value, str) or not value.startswith(("./", "../")):
            return value
        absolute = os.path.normpath(self._folder / value)
        return value if re.search(r"\s", f"{value}{absolute}") else absolute
