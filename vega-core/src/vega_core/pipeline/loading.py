"""Trained models in Python: load one and predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np
import numpy.typing as npt

from vega_core import nn
from vega_core.backend import Backend, Executable, State
from vega_core.backend.state import check_state
from vega_core.data import Field, Transform
from vega_core.errors import DataError, UserError
from vega_core.nn.forms import label_of, types_of
from vega_core.nn.outputs import main_name
from vega_core.pipeline.model_io import ModelFile, fields_of, read_model
from vega_core.pipeline.trained import best_model_file, network_inputs, transforms_of
from vega_core.plugins import Catalog, load_catalog
from vega_core.plugins.creating import create

if TYPE_CHECKING:
    from vega_core.exchange import Exported

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
        self,
        file: ModelFile,
        parameters: Mapping[str, Array],
        catalog: Catalog,
        backend: str | Mapping[str, Any],
        folder: Path | None = None,
    ) -> None:
        self.file = file
        self._folder = folder
        self._parameters = parameters
        self._catalog = catalog
        given = {"type": backend} if isinstance(backend, str) else backend
        self._backend = {"type": file.backend, **given}

    def __repr__(self) -> str:
        inputs = ", ".join(
            f"{name} (N, {', '.join(map(str, one['shape']))})"
            for name, one in self.file.inputs.items()
        )
        metrics = ", ".join(f"{name}={value:.4g}" for name, value in self.metrics.items())
        label = label_of(self.file.description)
        return f"<LoadedModel {self.file.id}: {label} of {inputs}; {metrics}>"

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
            StateError: The parameters are not those of the model's description.
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

    def export(
        self,
        to: str,
        path: str | Path,
        *,
        sample: Inputs | int = 8,
        against: Literal["backend", "reference"] = "backend",
        replace: bool = False,
        check: bool = True,
        **options: Any,
    ) -> Exported:
        """Writes the network in another format, and checks what was written.

        It takes what the network takes: samples after the dataset's transforms.

        Args:
            to: Name of the exporter: ``onnx``, ``torch``.
            path: The file.
            sample: Samples to check with, as for `predict`; a number of them is made up.
            against: What the file's outputs are held against: the backend's predictions, on the
                host, or the NumPy reference, which needs no framework and is slow.
            replace: Whether a file that is there may be replaced.
            check: Whether to check at all.
            **options: Parameters of the exporter, such as ``opset=21``.

        Raises:
            UserError: The file cannot be written, or the exporter takes no such option.
            DataError: The samples do not fit, or are less than two.
            ModelError: The format cannot express the network.
            DisagreementError: The file computes something else, or the check shows nothing.
        """
        # Imported here, as prediction needs none of it.
        from vega_core.exchange import Exportable
        from vega_core.pipeline.exporting import make_exporter, predictor, random_samples

        exporter = make_exporter(self._catalog, to, options)
        given = random_samples(self._fields, sample) if isinstance(sample, int) else sample
        batch = self._batch(given)
        if (count := min(map(len, batch.values()))) < 2:
            raise DataError(
                f"an export needs two samples or more, and got {count}: of one alone, nothing "
                "tells the batch from other axes"
            )
        model = Exportable(
            self._graph,
            self._parameters,
            batch,
            predictor(self._graph, self._parameters, against, self._catalog, self._backend["type"]),
            description=self.file.description,
            about={
                "model": self.file.id,
                "inputs": self.file.inputs,
                "transforms": self.file.transforms,
                "classes": self.file.classes,
                "metrics": self.file.metrics,
            },
        )
        return exporter.export(model, path, replace=replace, check=check)

    @cached_property
    def _fields(self) -> dict[str, Field]:
        return fields_of(self.file)

    @cached_property
    def _transforms(self) -> list[Transform]:
        return transforms_of(self.file, self._catalog)

    @cached_property
    def _graph(self) -> nn.Graph:
        description, inputs = self.file.description, network_inputs(self.file, self._catalog)
        return nn.build_graph(description, self._catalog, inputs, folder=self._folder)

    @cached_property
    def _executable(self) -> Executable:
        wanted = {name: (one.shape, one.dtype) for name, one in self._graph.parameters.items()}
        check_state(State(self._parameters), wanted)
        backend: Backend = create(self._catalog.load, "backend", self._backend)
        store = backend.store(self._parameters)
        return backend.compile(self._graph, store)

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


def load(
    path: str | Path,
    *,
    backend: str | Mapping[str, Any] | None = None,
    plugins: Sequence[str] = (),
) -> LoadedModel:
    """Loads a trained model.

    Args:
        path: A run directory, for the best model of its last step; or a ``model.json``.
        backend: The backend that predicts, or its type and options, as in
            ``{"type": "torch", "device": "cpu"}``; by default the one that trained it.
        plugins: Local code to load, as ``plugins`` in a configuration, and a user's own modules
            that the model may be made of, such as ``torch:my_package.MyNet``. Nothing that is
            read imports code by itself.

    Raises:
        UserError: There is no model at that path.
        PluginError: It is made of a user's own modules, and ``plugins`` does not allow one.
        StateError: Its files are damaged.
    """
    found = best_model_file(Path(path))
    file, parameters = read_model(found)
    catalog = load_catalog(plugins)
    catalog.check_allowed(types_of(file.description))
    return LoadedModel(file, parameters, catalog, backend or file.backend, found.parent)
