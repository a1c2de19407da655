"""From a file or a mapping to a validated configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ValidationError

from vega_core.config.components import Components
from vega_core.config.constraints import check_constraints
from vega_core.config.diagnostics import SHARED_KEYS, Report
from vega_core.config.general import check_general
from vega_core.config.messages import problems
from vega_core.config.model import Choices, General, HandOver, RunConfig, StepConfig
from vega_core.config.modernize import modernize
from vega_core.config.nodes import Node, Origin, Path
from vega_core.config.overrides import apply_overrides
from vega_core.config.own_names import use_own_names
from vega_core.config.refs import resolve_refs
from vega_core.config.signatures import SECTION_KINDS, Signatures
from vega_core.config.source import Source, load_source
from vega_core.config.spaces import check_space
from vega_core.config.steps import check_steps, fill_types
from vega_core.errors import PluginError, suggest
from vega_core.plugins import Catalog, load_catalog


def load_config(
    origin: str | os.PathLike[str] | Mapping[str, Any] | Source,
    *,
    catalog: Catalog | None = None,
    overrides: Iterable[str | tuple[str, Any]] = (),
    check_data: bool = True,
    check_backend: bool = True,
) -> RunConfig:
    """Reads and validates a configuration.

    Args:
        origin: A YAML or JSON file, a mapping of the same form, or what was read before.
        catalog: The installed components; by default those that are found, and the local code
            that the configuration lists under ``plugins``.
        overrides: ``key=value`` with dotted keys, or pairs of key and value, over what the file
            says.
        check_data: Whether the files and folders that datasets name must exist.
        check_backend: Whether the backend must be installed, where a step has a model.

    Raises:
        InvalidConfigError: The configuration has faults; all of them are in it.
        ConfigError: There is no such file.
    """
    source = origin if isinstance(origin, Source) else load_source(origin)
    report = Report(source.root.copy())
    for fault in source.faults:
        report.error(fault.path, fault.message, fault.mark)
    apply_overrides(report, overrides)
    modernize(report)
    catalog = _catalog(report, source.folder) if catalog is None else catalog
    signatures = Signatures(catalog, source.folder) if catalog is not None else None
    if signatures is not None:
        use_own_names(report, signatures)
    resolve_refs(report)
    steps = check_steps(report)
    fill_types(report, steps)
    _check_form(report, steps)
    choices: dict[str, Choices] = {}
    if signatures is not None:
        components = Components(report, signatures, source.folder, check_data=check_data)
        choices = {step: _check_step(report, signatures, components, step) for step in steps}
        check_constraints(report, signatures, steps)
        check_general(report, components, steps, check_backend=check_backend)
    report.raise_errors()
    config = RunConfig.model_validate(_typed(report.root, steps)).with_choices(choices)
    return config.with_places(report.root, source.name, source.folder, report.notices)


def _typed(root: Node, steps: Iterable[str]) -> dict[str, Any]:
    """Returns the data of the typed model: the steps that run, with what a ``ref`` copies."""
    shared = {key: node for key, node in root.items.items() if key in SHARED_KEYS}
    data: dict[str, Any] = {key: node.plain() for key, node in shared.items()}
    data["steps"] = {name: root.items[name].plain(without=_NOT_OF_STEP) for name in steps}
    for step in data["steps"].values():
        for section in step.values() if isinstance(step, dict) else ():
            if isinstance(section, dict):
                section.pop("ref", None)
    return data


_NOT_OF_STEP: tuple[Origin, ...] = ("models",)
_MODELS: dict[str, type[BaseModel]] = {"general": General, "models": HandOver}


def _check_form(report: Report, steps: Iterable[str]) -> None:
    """Holds the configuration against the typed model, in the tree's own paths."""
    data = _typed(report.root, steps)
    try:
        RunConfig.model_validate(data)
    except ValidationError as error:
        for path, kind, message in problems(error.errors(include_url=False), data):
            if path[0] == "pipeline":
                continue  # said already
            place = path[1:] if path[0] == "steps" else path
            if kind == "extra_forbidden":
                message += suggest(str(path[-1]), _known_keys(path))
            elif kind == "missing":
                place = place[:-1]
            report.error(place, message)


def _known_keys(path: Path) -> list[str]:
    model = _MODELS.get(str(path[-2]), StepConfig)
    fields = model.model_fields.items()
    return [field.alias or name for name, field in fields]


def _catalog(report: Report, folder: FilePath) -> Catalog | None:
    """Loads the plugins, the configuration's own among them."""
    plugins = report.root.get("plugins")
    local = plugins.plain() if plugins is not None else None
    if not isinstance(local, list) or not all(isinstance(item, str) for item in local):
        local = []
    try:
        return load_catalog(local, folder)
    except PluginError as error:
        report.error(("plugins",), str(error))
        return None


def _check_step(
    report: Report, signatures: Signatures, components: Components, step: str
) -> Choices:
    """Checks the components of a step; returns what the types that it searches take."""
    for section, kind in SECTION_KINDS.items():
        path = (step, section)
        node = report.root.get(*path)
        if node is None or section == "search_space":
            continue
        if section == "evaluator" and isinstance(node.value, list):
            components.check_each(kind, path)
        elif section == "model" and isinstance(node.value, dict):
            components.check_model(path)
        elif isinstance(node.value, dict):
            components.check(kind, path)
    return check_space(report, signatures, components, step)


def catalog_of(config: RunConfig, base: FilePath | None = None) -> Catalog:
    """Returns the components that a configuration can use.

    They are those that are installed, the local code that it lists under ``plugins``, and the
    modules of frameworks that it names, which nothing else may name.

    Args:
        config: The configuration.
        base: Where its relative paths start; its own folder by default.

    Raises:
        PluginError: Local code is broken.
    """
    catalog = load_catalog(config.plugins, config.folder if base is None else base)
    catalog.allow(config.texts())
    return catalog
