"""The files of a trained model: a description that rebuilds its graph, and its parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from vega_core.data import Field
from vega_core.errors import StateError
from vega_core.store.atomic import make_folder, read_json, write_json
from vega_core.store.encoding import dumps
from vega_core.store.tensors import load_tensors, save_tensors

FORMAT = 1
MODEL, PARAMETERS = "model.json", "parameters.safetensors"


@dataclass(frozen=True)
class ModelFile:
    """What ``model.json`` holds.

    Attributes:
        id: The model's name in its run.
        description: Rebuilds the graph.
        inputs: The fields that go in, before the transforms: dtype and shape by name.
        classes: Number of classes of each target that is a label.
        transforms: Descriptions of the transforms that prediction needs.
        backend: Name of the backend that trained it.
        sha256: Checksum of the parameters beside it.
        metrics: What was measured of it.
        provenance: Where it comes from.
    """

    id: str
    description: Mapping[str, Any]
    inputs: Mapping[str, Mapping[str, Any]]
    classes: Mapping[str, int]
    transforms: tuple[Mapping[str, Any], ...]
    backend: str
    sha256: str
    metrics: Mapping[str, float]
    provenance: Mapping[str, Any]


def save_model(folder: Path, content: ModelFile, parameters: Mapping[str, Any]) -> ModelFile:
    """Writes a model into a folder, and returns its content with the parameters' checksum."""
    make_folder(folder)
    content = replace(content, sha256=save_tensors(folder / PARAMETERS, parameters))
    body = {"format": FORMAT, **asdict(content)}
    write_json(folder / MODEL, {**body, "check": _check(body)})
    return content


def read_model(path: Path) -> tuple[ModelFile, dict[str, Any]]:
    """Reads a model and its parameters.

    Raises:
        StateError: A file is missing, damaged or of a newer format.
    """
    content = read_content(path)
    return content, load_tensors(path.with_name(PARAMETERS), content.sha256)


def read_content(path: Path) -> ModelFile:
    """Reads a ``model.json``; the parameters beside it need not be there.

    Raises:
        StateError: It is missing, damaged or of a newer format.
    """
    try:
        data = dict(read_json(path))
        check = data.pop("check", None)
        if check is not None and check != _check(data):
            raise StateError(f"{path} is damaged: its checksum does not match")
        if data.pop("format") > FORMAT:
            raise StateError(f"{path} was made by a newer Vega; upgrade vega-core")
        content = ModelFile(**{**data, "transforms": tuple(data["transforms"])})
        _check_forms(content)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StateError(f"{path} is no model file: {error}") from error
    return content


def fields_of(content: ModelFile) -> dict[str, Field]:
    """Returns the fields that go into a model, before its transforms."""
    return {
        name: Field(**{**data, "shape": tuple(data["shape"])})
        for name, data in content.inputs.items()
    }


def _check_forms(content: ModelFile) -> None:
    """Checks that every part is of its form; raises TypeError or whatever `Field` raises."""
    for name in ("description", "inputs", "classes", "metrics", "provenance"):
        if not isinstance(getattr(content, name), Mapping):
            raise TypeError(f"its {name!r} is no mapping")
    for name in ("id", "backend", "sha256"):
        if not isinstance(getattr(content, name), str):
            raise TypeError(f"its {name!r} is no text")
    if not all(
        isinstance(one, dict) and isinstance(one["type"], str) for one in content.transforms
    ):
        raise TypeError("its 'transforms' are no components")
    fields_of(content)


def _check(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(dumps(body).encode()).hexdigest()
