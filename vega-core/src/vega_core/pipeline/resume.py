"""Whether a run directory may be used: a new one, or one whose run goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from vega_core.config import RunConfig
from vega_core.config.dump import dump
from vega_core.errors import StateError, UserError
from vega_core.plugins import Catalog
from vega_core.plugins.importing import absolute, is_path
from vega_core.store.atomic import read_json, write_json, write_text
from vega_core.store.rundir import RunDir

_CHANGEABLE = frozenset(
    {
        *("executor", "workers", "output", "trial_timeout", "progress_timeout"),
        *("memory_limit_mb", "max_failures", "max_retries"),
    }
)
"""Keys of ``general`` that a resumed run may set anew: they do not decide which trials are made."""
_ORIGIN = "origin.json"
_BACKEND = "backend.type"


def seed_of_step(seed: int, step: str) -> int:
    """Returns a step's seed, a function of the run's seed and the step's name alone."""
    digest = hashlib.sha256(f"{seed}/{step}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def prepare(
    run: RunDir, config: RunConfig, catalog: Catalog, base: Path, resume: bool
) -> tuple[dict[str, Any], bool]:
    """Brings the run directory into the state that a driver starts from.

    Args:
        run: The directory, locked.
        config: The configuration.
        catalog: Its components are written down for the workers.
        base: Folder to which the configuration's paths are relative; kept for a later driver.
        resume: Whether the user asked to go on with a run.

    Returns:
        The effective configuration, and whether an earlier driver had begun the run.

    Raises:
        UserError: There is a run already and the user did not ask to resume it, or the
            configuration would give other trials than it has.
    """
    effective = config.effective()
    effective["plugins"] = [_absolute(place, base) for place in effective["plugins"]]
    begun = run.config.is_file()
    before = read_config(run) if begun else None
    general = effective["general"]
    if general["deterministic"] and general["look_ahead"] is None:
        # Kept for good, so that another number of workers later gives the same trials.
        kept = before["general"]["look_ahead"] if before else None
        general["look_ahead"] = kept or max(1, general["workers"])
    if begun and not resume:
        raise UserError(f"{run.root} holds a run already; resume it, or choose another output")
    if before:
        _check_same(run, before, effective)
    run.sweep()
    write_json(run.components, catalog.targets())
    if not begun:
        write_json(run.root / _ORIGIN, {"base": str(base)})
    write_text(run.config, dump(effective))  # last: it marks the run as begun
    return effective, begun


def read_config(run: RunDir) -> dict[str, Any]:
    """Returns the effective configuration of a run.

    Raises:
        StateError: The file is damaged.
    """
    try:
        loaded = yaml.safe_load(run.config.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise StateError(f"{run.config} is damaged: {error}") from error
    if not isinstance(loaded, dict) or not {"general", "pipeline"} <= loaded.keys():
        raise StateError(f"{run.config} is damaged: it is no configuration of a run")
    return loaded


def read_base(run: RunDir) -> Path:
    """Returns the folder to which the paths of a run's configuration are relative."""
    try:
        return Path(read_json(run.root / _ORIGIN)["base"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"{run.root / _ORIGIN} is damaged: {error}") from error


def _absolute(place: str, base: Path) -> str:
    return str(absolute(place, base)) if is_path(place) else place


def _check_same(run: RunDir, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    old, new = (_flat(one) for one in (before, now))
    changed = [
        name
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name) and not _may_change(name)
    ]
    if changed:
        name = changed[0]
        raise UserError(
            f"{run.root} was begun with another configuration: {name} was "
            f"{old.get(name)!r} and is {new.get(name)!r}"
            f"{f', and {len(changed) - 1} more differ' if len(changed) > 1 else ''}; "
            "start a new run in another output"
        )


def _may_change(name: str) -> bool:
    section, _, key = name.partition(".")
    options_of_backend = key.startswith("backend.") and key != _BACKEND
    return section == "general" and (key in _CHANGEABLE or options_of_backend)


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value:
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, child in value.items():
        flat |= _flat(child, f"{prefix}.{key}" if prefix else str(key))
    backend = flat.pop("general.backend", None)  # a name alone, without options
    return flat if backend is None else {**flat, f"general.{_BACKEND}": backend}
