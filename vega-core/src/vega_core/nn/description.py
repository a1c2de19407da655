"""Descriptions: networks as plain data, from which a graph is built."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Final, Protocol

from vega_core.errors import ModelError, suggest
from vega_core.nn.graph import Graph
from vega_core.nn.module import Module
from vega_core.nn.serial import FORMAT, canonical_json
from vega_core.nn.shapes import TensorSpec, batched
from vega_core.nn.tracing import trace
from vega_core.nn.values import annotations_of, coerced

RESERVED_KEYS: Final = frozenset({"type", "format", "overrides", "rewrites"})
"""Keys of a description that are not hyperparameters of the network."""


class Loader(Protocol):
    """What finds a component's class: a catalog, or a worker's table of targets."""

    def load(self, kind: str, name: str, /) -> Any:
        """Returns the class that ``name`` means among components of ``kind``."""


def build_graph(
    description: Mapping[str, Any],
    catalog: Loader,
    inputs: Mapping[str, TensorSpec | Sequence[int]],
) -> Graph:
    """Builds the graph that a description means.

    Args:
        description: ``{"type": "ResNet", "depth": 20, "overrides": {...}, "rewrites": [...]}``.
        catalog: Finds networks (and rewrites) by name.
        inputs: Specification of each input, or the shape of one sample.

    Raises:
        ModelError: The description is malformed, or names what does not exist.
        ShapeError: The network does not fit the inputs.
    """
    checked = canonical(description)
    network = build_network(checked, catalog)
    specs = {
        name: spec if isinstance(spec, TensorSpec) else batched(spec)
        for name, spec in inputs.items()
    }
    graph = trace(network, specs, checked.get("overrides"))
    for rewrite in checked.get("rewrites", ()):
        graph = _rewritten(graph, rewrite, catalog)
    return graph


def build_network(description: Mapping[str, Any], catalog: Loader) -> Module:
    """Returns the module that a description means, before overrides.

    Raises:
        ModelError: A hyperparameter is unknown, missing or of the wrong type.
    """
    kind = description["type"]
    cls = catalog.load("network", kind)
    values = {key: value for key, value in description.items() if key not in RESERVED_KEYS}
    known = {f.name: f for f in fields(cls) if f.name != "name"}
    for key in values:
        if key not in known:
            raise ModelError(f"{kind} has no hyperparameter {key!r}{suggest(key, known)}")
    for name, field in known.items():
        if field.default is MISSING and field.default_factory is MISSING and name not in values:
            raise ModelError(f"{kind} needs the hyperparameter {name!r}")
    annotations = annotations_of(cls)
    network = cls(
        **{
            key: coerced(value, annotations.get(key, Any), f"{kind}.{key}")
            for key, value in values.items()
        }
    )
    if not isinstance(network, Module):
        raise ModelError(f"{kind} is a {cls.__name__}, which is no network")
    return network


def canonical(description: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a description with its format number, without empty parts.

    Raises:
        ModelError: It is no mapping, has no type, or is of a newer format.
    """
    if not isinstance(description, Mapping):
        raise ModelError(f"a model is described by a mapping, and got {description!r}")
    if not isinstance(description.get("type"), str):
        raise ModelError(f"a model's description needs a 'type', and got {sorted(description)}")
    if description.get("format", FORMAT) != FORMAT:
        raise ModelError(
            f"a description of format {description['format']!r}; this version reads {FORMAT}"
        )
    plain = {key: _plain(value) for key, value in description.items()}
    for key, form in (("overrides", dict), ("rewrites", list)):
        if not isinstance(plain.get(key) or form(), form):
            raise ModelError(f"{key!r} of a description is no {form.__name__}: {plain[key]!r}")
        if not plain.get(key):
            plain.pop(key, None)
    return {"format": FORMAT, **plain}


def description_hash(description: Mapping[str, Any], catalog: Loader) -> str:
    """Returns the SHA-256 of what a description means.

    It is of the network's record, so that a default that is written down, an alias of the type and
    16.0 for 16 change nothing.

    Args:
        description: The description.
        catalog: Finds networks by name.

    Raises:
        ModelError: The description is malformed.
    """
    checked = canonical(description)
    meaning = {key: value for key, value in checked.items() if key in RESERVED_KEYS - {"type"}}
    network = _written(build_network(checked, catalog))
    return hashlib.sha256(
        canonical_json({**_whole(meaning), "network": network}).encode()
    ).hexdigest()


def fill_auto(description: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a description in which every value ``auto`` is replaced by what the data say.

    Args:
        description: The description.
        known: Value by key, such as ``{"num_classes": 10}``.

    Raises:
        ModelError: A key is ``auto`` and not known.
    """

    def filled(key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {k: filled(k, v) for k, v in value.items()}
        if value != "auto":
            return value
        name = key.rsplit(".", 1)[-1]
        if name not in known:
            raise ModelError(
                f"{key!r} is 'auto', and the data do not say it; they say {sorted(known)}"
            )
        return known[name]

    return {key: filled(key, value) for key, value in description.items()}


def _rewritten(graph: Graph, rewrite: Mapping[str, Any], catalog: Loader) -> Graph:
    if not isinstance(rewrite, Mapping) or not isinstance(rewrite.get("type"), str):
        raise ModelError(f"a rewrite needs a 'type', and got {rewrite!r}")
    cls = catalog.load("rewrite", rewrite["type"])
    result = cls(**{key: value for key, value in rewrite.items() if key != "type"})(graph)
    if not isinstance(result, Graph):
        raise ModelError(f"rewrite {rewrite['type']!r} returned {result!r}, which is no graph")
    return result


def _plain(value: Any) -> Any:
    if type(value).__module__ == "numpy":
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _written(value: Any) -> Any:
    """Returns a record, and those that it holds, as plain data."""
    if is_dataclass(value) and not isinstance(value, type):
        cls = type(value)
        held = {f.name: _written(getattr(value, f.name)) for f in fields(value)}
        return {"type": f"{cls.__module__}:{cls.__qualname__}", **held}
    if isinstance(value, (list, tuple)):
        return [_written(item) for item in value]
    return value


def _whole(value: Any) -> Any:
    """Returns plain data in which a whole number is an integer, however it was written."""
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
