"""Descriptions: networks as plain data, from which a graph is built.

A description says which network, by the name of a component, and with which hyperparameters; or
several parts, each described so; what is set by name inside; and what is done to the graph.
`vega_core.nn.forms` checks its form. A name means what the loader knows by it, and nothing else: no
description names code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from operator import index
from pathlib import Path
from typing import Any, NamedTuple

from vega_core.errors import DescriptionError, ModelError
from vega_core.nn.files import Files, digest, read
from vega_core.nn.forms import RESERVED_KEYS, canonical, merged
from vega_core.nn.graph import Graph
from vega_core.nn.module import Module
from vega_core.nn.networks import trace
from vega_core.nn.overrides import OverrideError
from vega_core.nn.parts import Parts
from vega_core.nn.records import Keys, at, made, paths_in, takes
from vega_core.nn.serial import canonical_json
from vega_core.nn.shapes import TensorSpec, batched
from vega_core.nn.sources import GraphSource, Loader


def build_graph(
    description: Mapping[str, Any],
    catalog: Loader,
    inputs: Mapping[str, TensorSpec | Sequence[int]],
    *,
    folder: Path | None = None,
) -> Graph:
    """Builds the graph that a description means.

    Args:
        description: ``{"type": "ResNet", "depth": 20, "overrides": {...}, "rewrites": [...]}``, or
            ``{"modules": ["backbone", "head"], "backbone": {"type": ...}, "head": {...}}``.
        catalog: Finds networks, rewrites and operators by name.
        inputs: Specification of each input, or the shape of one sample.
        folder: Where the files are that it names; none may lie outside. By default paths are taken
            as they are, which is right for what a user has written, not for what a file says.

    Raises:
        ModelError: The description is malformed, or names what does not exist.
        ShapeError: The network does not fit the inputs.
    """
    checked = canonical(description)
    build = _Builder(catalog, Files(folder))
    model = build.model(checked)
    try:
        graph = trace(model.network, _specs(inputs), model.overrides)
    except OverrideError as error:
        path = model.places.get(error.override, ("overrides",))
        raise OverrideError(str(error), error.override, path) from error.__cause__
    for place, rewrite in enumerate(build.rewrites(checked)):
        with at(("rewrites", place)):
            result = rewrite(graph)
        if not isinstance(result, Graph):
            kind = checked["rewrites"][place]["type"]
            raise DescriptionError(
                f"{kind} returned {result!r}, which is no graph", ("rewrites", place)
            )
        graph = result
    return graph


def build_network(
    description: Mapping[str, Any], catalog: Loader, *, folder: Path | None = None
) -> Module:
    """Returns the module that a description means, before overrides.

    Args:
        description: As for `build_graph`.
        catalog: Finds networks by name.
        folder: As for `build_graph`.

    Raises:
        ModelError: A hyperparameter is unknown, missing or of the wrong type.
    """
    return _Builder(catalog, Files(folder)).model(canonical(description)).network


def rewrites_of(
    description: Mapping[str, Any], catalog: Loader, *, folder: Path | None = None
) -> list[Any]:
    """Returns the rewrites that a description lists, in order.

    Args:
        description: As for `build_graph`.
        catalog: Finds rewrites by name.
        folder: As for `build_graph`.

    Raises:
        ModelError: One is unknown, or a parameter of it unknown, missing or of the wrong type.
    """
    return _Builder(catalog, Files(folder)).rewrites(canonical(description))


def description_hash(
    description: Mapping[str, Any], catalog: Loader, *, folder: Path | None = None
) -> str:
    """Returns the SHA-256 of what a description means.

    It is of the network's record, so that a default that is written down, an alias of the type and
    16.0 for 16 change nothing; and of the content of files, not of where they are.

    Args:
        description: As for `build_graph`.
        catalog: Finds networks and rewrites by name.
        folder: As for `build_graph`.

    Raises:
        ModelError: The description is malformed.
    """
    checked = canonical(description)
    build = _Builder(catalog, Files(folder))
    model = build.model(checked)
    meaning = {
        "format": checked["format"],
        "network": _written(model.network),
        "overrides": _whole(model.overrides),
        "rewrites": [
            _written(rewrite) if is_dataclass(rewrite) else _whole(given)
            for rewrite, given in zip(
                build.rewrites(checked), checked.get("rewrites", ()), strict=True
            )
        ],
    }
    return hashlib.sha256(canonical_json(meaning).encode()).hexdigest()


def with_files(
    description: Mapping[str, Any], catalog: Loader, move: Callable[[str], tuple[str, str]]
) -> dict[str, Any]:
    """Returns a description in which every file has another name, and its SHA-256 beside it.

    Args:
        description: As for `build_graph`.
        catalog: Finds networks and rewrites by name.
        move: Gives the new name of a file and its SHA-256, given the name that is written.

    Raises:
        ModelError: The description is malformed.
    """

    def moved(kind: str, form: Mapping[str, Any], path: Keys = ()) -> dict[str, Any]:
        if "modules" in form:
            parts = {name: moved(kind, form[name], (*path, name)) for name in form["modules"]}
            return {**form, **parts}
        component, new = _loaded(catalog, kind, form["type"], path), dict(form)
        for key in paths_in(component, form):
            new[key], sha256 = move(form[key])
            if takes(component, "sha256"):
                new["sha256"] = sha256
        return new

    form = moved("network", canonical(description))
    if "rewrites" in form:
        form["rewrites"] = [
            moved("rewrite", rewrite, ("rewrites", place))
            for place, rewrite in enumerate(form["rewrites"])
        ]
    return form


def _specs(inputs: Mapping[str, TensorSpec | Sequence[int]]) -> dict[str, TensorSpec]:
    """Returns the specification of each input; a shape is that of one sample."""
    if not isinstance(inputs, Mapping):
        raise ModelError(f"expected inputs by name, got {inputs!r}")
    try:
        return {
            name: spec if isinstance(spec, TensorSpec) else batched(map(index, spec))
            for name, spec in inputs.items()
        }
    except TypeError:
        raise ModelError(f"expected the shape of one sample by input, got {inputs!r}") from None


class _Model(NamedTuple):
    """A network, what is set by name inside it, and where that is written."""

    network: Module
    overrides: dict[str, Any]
    places: dict[str, Keys]


class _Builder:
    """Makes modules and rewrites of the canonical form."""

    def __init__(self, catalog: Loader, files: Files) -> None:
        self._catalog = catalog
        self._files = files

    def model(self, form: Mapping[str, Any], path: Keys = ()) -> _Model:
        """Returns the network of a description, or of a part at a path of it."""
        overrides = dict(form.get("overrides", {}))
        places = {key: (*path, "overrides", key) for key in overrides}
        if "modules" not in form:
            return _Model(self._network(form, path), overrides, places)
        parts = []
        for name in form["modules"]:
            part = self.model(form[name], (*path, name))
            parts.append((name, part.network))
            inner = {f"{name}.{key}": value for key, value in part.overrides.items()}
            overrides = merged(overrides, inner, path)
            places = {f"{name}.{key}": place for key, place in part.places.items()} | places
        return _Model(Parts(tuple(parts)), overrides, places)

    def rewrites(self, form: Mapping[str, Any]) -> list[Any]:
        """Returns the transformations that a description lists."""
        found = []
        for place, item in enumerate(form.get("rewrites", ())):
            values = {key: value for key, value in item.items() if key != "type"}
            path = ("rewrites", place)
            cls = _loaded(self._catalog, "rewrite", item["type"], path)
            rewrite = made(cls, values, path, self._files)
            if not callable(rewrite):
                raise DescriptionError(f"{item['type']} transforms nothing", path)
            found.append(rewrite)
        return found

    def _network(self, form: Mapping[str, Any], path: Keys) -> Module:
        kind = form["type"]
        values = {key: value for key, value in form.items() if key not in RESERVED_KEYS}
        component = _loaded(self._catalog, "network", kind, path)
        network = made(component, values, path, self._files)
        if not isinstance(network, Module):
            raise DescriptionError(f"{kind} is a {type(network).__name__}, no network", path)
        if isinstance(network, GraphSource):
            return replace(network, catalog=self._catalog)
        return network


def _loaded(catalog: Loader, kind: str, name: str, path: Keys) -> Any:
    """Returns the component that the ``type`` at a path means; errors name the place."""
    with at((*path, "type")):
        return catalog.load(kind, name)


def _written(value: Any) -> Any:
    """Returns a record, and those that it holds, as plain data; a file as its SHA-256."""
    if is_dataclass(value) and not isinstance(value, type):
        kind = f"{type(value).__module__}:{type(value).__qualname__}"
        if isinstance(value, GraphSource):
            return {"type": kind, **value.identity(), "mode": value.mode}
        own = [one.name for one in fields(value) if one.metadata.get("configured", True)]
        return {"type": kind, **{name: _written(getattr(value, name)) for name in own}}
    if isinstance(value, (list, tuple)):
        return [_written(item) for item in value]
    if isinstance(value, Mapping):
        return _whole({key: _written(item) for key, item in value.items()})
    return digest(read(value, None)) if isinstance(value, Path) else value


def _whole(value: Any) -> Any:
    """Returns plain data in which a whole number is an integer, however it was written."""
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
