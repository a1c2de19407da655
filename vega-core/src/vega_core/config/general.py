"""Checks the components that a configuration's section ``general`` names."""

from __future__ import annotations

from collections.abc import Iterable

from vega_core.config.components import Components
from vega_core.config.diagnostics import Report
from vega_core.config.model import General
from vega_core.config.nodes import Path
from vega_core.config.signatures import Signatures
from vega_core.errors import PluginError
from vega_core.plugins import NotInstalled
from vega_core.plugins.modules import backend_of


def check_general(
    report: Report, components: Components, steps: Iterable[str], *, check_backend: bool = True
) -> None:
    """Checks backend and executor; a backend must be there only if a step has a model.

    Args:
        report: Takes the errors, and holds the tree.
        components: Checks the options of a backend.
        steps: Names of the steps that run.
        check_backend: Whether the backend must be installed.
    """
    trains = [step for step in steps if report.root.get(step, "model") is not None]
    for kind, needed in (("backend", check_backend and bool(trains)), ("executor", False)):
        path = ("general", kind)
        node = report.root.get(*path)
        if node is not None and isinstance(node.value, dict):
            if kind == "backend" and check_backend:
                components.check(kind, path)
        elif node is not None or needed:
            name = node.value if node is not None else General.model_fields[kind].default
            _check_named(report, components.signatures, kind, name, needed=needed)
    for step in trains:
        _check_modules(report, components.signatures, step)


def _check_named(
    report: Report, signatures: Signatures, kind: str, name: object, *, needed: bool
) -> None:
    if not isinstance(name, str):
        return
    try:
        signatures.catalog.find(kind, name)
    except NotInstalled as error:
        if needed:
            report.error(("general", kind), str(error))
    except PluginError as error:
        report.error(("general", kind), str(error))


def _check_modules(report: Report, signatures: Signatures, step: str) -> None:
    """Checks that modules of a framework belong to the backend that trains."""
    trains = _backend(report, signatures)
    for section in ("model", "search_space"):
        node = report.root.get(step, section)
        for path, inside in node.walk() if node is not None else ():
            name = inside.value
            if not isinstance(name, str) or not signatures.is_module(name):
                continue
            own = signatures.own_name("backend", backend_of(name))
            if own != trains:
                message = f"'{name}' is a module of {own}, and general.backend is {trains}"
                place: Path = (step, section, *path)
                report.error(place, message)


def _backend(report: Report, signatures: Signatures) -> str:
    node = report.root.get("general", "backend")
    if node is not None and isinstance(node.value, dict):
        node = node.items.get("type")
    name = node.value if node is not None else General.model_fields["backend"].default
    return signatures.own_name("backend", str(name))
