"""The files of a trained model: a description that rebuilds its graph, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from vega_core.errors import StateError
from vega_core.store.atomic import make_folder, read_json, write_json
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
    write_json(folder / MODEL, {"format": FORMAT, **asdict(content)})
    return content


def read_model(path: Path) -> tuple[ModelFile, dict[str, Any]]:
    """Reads a model and its parameters.

    Raises:
        StateError: A file is missing, damaged or of a newer format.
    """
    try:
        data = dict(read_json(path))
        if data.pop("format") > FORMAT:
            raise StateError(f"{path} was made by a newer Vega; upgrade vega-core")
        content = ModelFile(**{**data, "transforms": tuple(data["transforms"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"{path} is no model file: {error}") from error
    return content, load_tensors(path.with_name(PARAMETERS), content.sha256)
