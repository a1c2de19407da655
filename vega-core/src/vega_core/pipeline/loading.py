"""Trained models in Python: load one and predict."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt

from vega_core import nn
from vega_core.backend import Executable
from vega_core.data import Field, Transform
from vega_core.errors import DataError, UserError
from vega_core.nn.outputs import main_name
from vega_core.pipeline.model_io import MODEL, ModelFile, read_model
from vega_core.pipeline.records import read_records
from vega_core.pipeline.resume import read_config
from vega_core.plugins import Catalog, load_catalog
from vega_core.store.rundir import RunDir
from vega_core.train.model import specs

Array = npt.NDArray[Any]
Inputs = npt.ArrayLike | Mapping[str, npt.ArrayLike]


@final
class LoadedModel:
    """A trained model.

    Example:
        ```python
        model = vega.load("runs/quickstart")
        labels = model.predict(images)  # (N, 1, 8, 8) -> (N,)
        ```

    Attributes:
        file: What is known of the model: description, inputs, metrics, provenance.
    """

    def __init__(
        self, file: ModelFile, parameters: Mapping[str, Array], catalog: Catalog, backend: str
    ) -> None:
        self.file = file
        self._parameters = parameters
        self._catalog = catalog
        self._backend = backend

    def __repr__(self) -> str:
        kind = self.file.description.get("type", "model")
        inputs = ", ".join(
            f"{name} (N, {', '.join(map(str, one['shape']))})"
            for name, one in self.file.inputs.items()
        )
        metrics = ", ".join(f"{name}={value:.4g}" for name, value in self.metrics.items())
        return f"<LoadedModel {self.file.id}: {kind} of {inputs}; {metrics}>"

    @property
    def metrics(self) -> Mapping[str, float]:
        """What was measured of the model in its run."""
        return self.file.metrics

    def predict(self, x: Inputs, *, batch_size: int = 64) -> Array:
        """Returns the prediction for each sample.

        Args:
            x: The samples as the dataset gives them, before its transforms: an array of shape
                ``(N, *input shape)``, or one a field where the network takes several.
            batch_size: Samples a batch.

        Returns:
            The class of each sample, of shape ``(N,)``, where the model was trained on labels;
            otherwise the network's output.

        Raises:
            DataError: The shape does not fit the model's.
        """
        outputs = self.outputs(x, batch_size=batch_size)
        name = main_name(outputs)
        if name is None:
            raise UserError(
                f"the model has the outputs {', '.join(outputs)}; call outputs() for all of them"
            )
        output = outputs[name]
        return output.argmax(-1) if self.file.classes else output

    def outputs(self, x: Inputs, *, batch_size: int = 64) -> dict[str, Array]:
        """Returns every output of the network by name, each of shape ``(N, ...)``."""
        batch = self._batch(x)
        count = len(next(iter(batch.values())))
        # One size of batch, so that a backend compiles once.
        size = min(batch_size, max(count, 1))
        parts = []
        for start in range(0, count, size):
            chunk = {name: array[start : start + size] for name, array in batch.items()}
            parts.append(self._executable.predict(_padded(chunk, size)))
        kept = [min(size, count - start) for start in range(0, count, size)]
        return {
            name: np.concatenate(
                [part[name][:valid] for part, valid in zip(parts, kept, strict=True)]
            )
            for name in self._graph.outputs
        }

    @cached_property
    def _fields(self) -> dict[str, Field]:
        return {
            name: Field(**{**data, "shape": tuple(data["shape"])})
            for name, data in self.file.inputs.items()
        }

    @cached_property
    def _transforms(self) -> list[Transform]:
        made = []
        for item in self.file.transforms:
            parameters = {key: value for key, value in item.items() if key != "type"}
            made.append(self._catalog.load("transform", item["type"])(**parameters))
        return made

    @cached_property
    def _graph(self) -> nn.Graph:
        fields = self._fields
        for transform in self._transforms:
            fields = transform.spec(fields)
        return nn.build_graph(self.file.description, self._catalog, specs(fields))

    @cached_property
    def _executable(self) -> Executable:
        backend = self._catalog.load("backend", self._backend)()
        store = backend.store(self._parameters, backend.devices()[0])
        executable: Executable = backend.compile(self._graph, store)
        return executable

    def _batch(self, x: Inputs) -> dict[str, Array]:
        named = x if isinstance(x, Mapping) else {next(iter(self._fields)): x}
        if set(named) != set(self._fields):
            raise DataError(
                f"the model takes {', '.join(self._fields)}, but was given {', '.join(named)}"
            )
        batch: dict[str, Array] = {}
        for name, field in self._fields.items():
            array = _array(name, named[name], field)
            if array.shape[1:] != field.padded_shape:
                raise DataError(
                    f"'{name}' has the shape {array.shape}; the model takes "
                    f"(N, {', '.join(map(str, field.padded_shape))})"
                )
            if not len(array):
                raise DataError(f"'{name}' holds no sample")
            batch[name] = array
        rng = np.random.default_rng(0)
        for transform in self._transforms:
            batch = transform(batch, rng)
        return batch


def _array(name: str, values: npt.ArrayLike, field: Field) -> Array:
    try:
        return np.asarray(values, dtype=field.dtype)
    except (ValueError, TypeError) as error:
        raise DataError(f"'{name}' cannot be read as {field.dtype}: {error}") from error


def _padded(batch: Mapping[str, Array], size: int) -> dict[str, Array]:
    return {
        name: np.concatenate([array, np.repeat(array[-1:], size - len(array), axis=0)])
        for name, array in batch.items()
    }


def load(path: str | Path, *, backend: str | None = None) -> LoadedModel:
    """Loads a trained model.

    Args:
        path: A run directory, for the best model of its last step; or a ``model.json``.
        backend: The backend that predicts; the one that trained it by default.

    Raises:
        UserError: There is no model at that path.
        StateError: Its files are damaged.
    """
    found = Path(path)
    file, parameters = read_model(found if found.is_file() else _best_of(found))
    return LoadedModel(file, parameters, load_catalog(), backend or file.backend)


def _best_of(folder: Path) -> Path:
    if (folder / MODEL).is_file():
        return folder / MODEL
    run = RunDir.open(folder)
    if not run.config.is_file():
        raise UserError(
            f"{folder} is of a call of vega_core.tune, which leaves no model: its best "
            "configuration is what tune returns"
        )
    steps = read_config(run)["pipeline"]
    done = [step for step in steps if run.output(step).is_file()]
    for step in reversed(done):
        records, _ = read_records(run.output(step))
        for record in records:
            if "model" in record.artifacts:
                return run.inside(record.artifacts["model"])
    if done == steps:
        raise UserError(
            f"{folder} holds no model: its trials are functions or programs, or none succeeded; "
            f"the results are in {run.output(steps[-1])}"
        )
    raise UserError(f"{folder} holds no trained model yet: its run has not finished")
