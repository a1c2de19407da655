"""Turns a trial's checkpoint into a model that stands by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from vega_core import nn
from vega_core.backend import State
from vega_core.nn.files import digest, read
from vega_core.pipeline.data import Preview
from vega_core.pipeline.model_io import MODEL, PARAMETERS, ModelFile, save_model
from vega_core.pipeline.records import ModelRecord
from vega_core.pipeline.step import StepContext
from vega_core.plugins import Catalog
from vega_core.store.atomic import make_folder, write_bytes


def write_model(
    context: StepContext,
    config: Mapping[str, Any],
    preview: Preview,
    state: State,
    record: ModelRecord,
) -> ModelRecord:
    """Writes a trained model into the step's folder and returns its record completed."""
    folder = context.run.models(context.name) / record.id
    model = preview.model({})
    wanted = model.graph.parameters
    parameters = {name: state.parameters[name] for name in wanted}
    dataset = preview.loader.dataset
    fields = dataset.spec()
    targets = dataset.task.targets if dataset.task else ()
    content = ModelFile(
        id=record.id,
        description=with_copies(model.description, context.catalog, folder),
        inputs={name: asdict(fields[name]) for name in model.inputs},
        classes={name: fields[name].classes or 0 for name in targets if fields[name].classes},
        transforms=tuple(_lasting(config, context.catalog)),
        backend=context.backend_name,
        sha256="",
        metrics=record.metrics,
        provenance=record.provenance,
    )
    content = save_model(folder, content, parameters)
    return replace(
        record,
        description=model.description,
        parameters=context.run.relative(folder / PARAMETERS),
        sha256=content.sha256,
        artifacts={**record.artifacts, "model": context.run.relative(folder / MODEL)},
    )


def with_copies(description: Mapping[str, Any], catalog: Catalog, folder: Path) -> dict[str, Any]:
    """Copies the files that a description names into a folder, and returns it with their names."""

    def copied(text: str) -> tuple[str, str]:
        path = Path(text)
        data = read(path, None)
        sha256 = digest(data)
        name = f"{sha256[:16]}{path.suffix}"
        write_bytes(make_folder(folder) / name, data)
        return name, sha256

    return nn.with_files(description, catalog, copied)


def _lasting(config: Mapping[str, Any], catalog: Catalog) -> list[Mapping[str, Any]]:
    """Returns the transforms that are not augmentation, which prediction needs too."""
    described = [
        {"type": item} if isinstance(item, str) else dict(item)
        for item in config["dataset"].get("transforms") or ()
    ]
    return [item for item in described if not catalog.load("transform", item["type"]).random]
