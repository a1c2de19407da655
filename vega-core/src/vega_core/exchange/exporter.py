"""What an exporter must provide."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from vega_core.arrays import Array
from vega_core.errors import DataError
from vega_core.exchange.comparison import TOLERANCE, Agreement, compare
from vega_core.exchange.files import move, size_of, writable, written_aside
from vega_core.exchange.model import Exportable, Predict
from vega_core.exchange.prepare import deployable
from vega_core.nn.graph import Graph
from vega_core.nn.shapes import TensorSpec


@dataclass(frozen=True)
class Exported:
    """A model that was exported.

    Attributes:
        path: The file, or the folder of a format that needs several.
        bytes: Its size.
        outputs: Names of the outputs.
        error: The largest relative error of an output; None where it was not checked.
        batches: The batch sizes that it was checked at.
        constant: Outputs that are equal for all samples, of which the check shows little.
        details: What the exporter says of it: versions, options.
    """

    path: Path
    bytes: int
    outputs: tuple[str, ...]
    error: float | None = None
    batches: tuple[int, ...] = ()
    constant: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


class Exporter(ABC):
    """Writes a model in a foreign format, and checks what it wrote.

    Component kind ``exporter``. It is made as ``cls(**parameters)``, which are keyword-only, and
    `export` may be called several times. An exporter of a framework's format lives in the package
    of that framework's backend and imports the framework in its own module.

    An author writes `_write` and `_load`; what is common to all formats is here. The graph that
    they see is `vega_core.exchange.deployable`: in evaluation, without choices, controls and
    losses.

    Attributes:
        suffix: How file names of the format end: ``.onnx``; empty for a folder.
        dynamic: Whether what is written takes batches of any size; else it is checked at one.
        tolerance: The largest relative error that the check accepts.
    """

    suffix: ClassVar[str]
    dynamic: ClassVar[bool] = True
    tolerance: ClassVar[float] = TOLERANCE

    def export(
        self, model: Exportable, path: Path | str, *, replace: bool = False, check: bool = True
    ) -> Exported:
        """Writes a model to a file, or nothing.

        It is written aside, loaded again, run on the sample (and on a part of it, for another
        batch size), held against the model's own predictions, and only then renamed.

        Args:
            model: The model.
            path: Where to; its folder must exist.
            replace: Whether a file that is there already may be replaced.
            check: Whether to run and compare what was written.

        Raises:
            UserError: The path cannot be written.
            ModelError: The model cannot be expressed in the format.
            DisagreementError: What was written computes something else, or the check shows nothing.
        """
        target = writable(Path(path), replace, self.suffix)
        model = _prepared(model)
        with written_aside(target, self.suffix) as aside:
            details = self._write(model, aside)
            sizes = _sizes(model, self.dynamic) if check else ()
            agreements = self._agreements(model, aside, sizes) if sizes else []
            size = size_of(aside)
            move(aside, writable(target, replace))
        return Exported(
            target,
            size,
            tuple(model.graph.outputs),
            max([one.error for one in agreements], default=None),
            sizes,
            agreements[0].constant if agreements else (),
            details,
        )

    @abstractmethod
    def _write(self, model: Exportable, path: Path) -> Mapping[str, Any]:
        """Writes a model to a path that is free; returns what there is to say of the file.

        Raises:
            ModelError: The format cannot express the graph; names the node.
        """

    @abstractmethod
    def _load(self, path: Path, graph: Graph) -> Predict:
        """Returns what was written, read back by the format's own tools, as a function of a batch.

        Args:
            path: What `_write` wrote.
            graph: What was exported, for the names of its inputs and outputs.
        """

    def _agreements(self, model: Exportable, path: Path, sizes: Sequence[int]) -> list[Agreement]:
        predict, specs = self._load(path, model.graph), _outputs(model.graph)
        # A few samples may be alike; the whole sample must not be.
        varying = [*_batched(specs)]
        return [
            compare(
                predict(batch := _part(model, size)),
                model.predict(batch),
                varying=varying if size == sizes[0] else (),
                tolerance=self.tolerance,
            )
            for size in sizes
        ]


def _outputs(graph: Graph) -> dict[str, TensorSpec]:
    return {name: graph.specs[value] for name, value in graph.outputs.items()}


def _part(model: Exportable, size: int) -> dict[str, Array]:
    """Returns the first samples of the sample; an input of k times the batch has k rows each."""
    rows = {name: -spec.shape[0] * size for name, spec in _batched(model.graph.inputs).items()}
    return {
        name: array[: rows[name]] if name in rows else array for name, array in model.sample.items()
    }


def _batched(specs: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
    return {name: spec for name, spec in specs.items() if spec.shape and spec.shape[0] < 0}


def _prepared(model: Exportable) -> Exportable:
    graph, parameters = deployable(model.graph, model.parameters, model.controls)
    missing = [name for name in graph.inputs if name not in model.sample]
    if missing:
        raise DataError(f"the sample lacks the inputs {', '.join(missing)}")
    return replace(
        model,
        graph=graph,
        parameters=parameters,
        sample={name: model.sample[name] for name in graph.inputs},
        controls={},
    )


def _sizes(model: Exportable, dynamic: bool) -> tuple[int, ...]:
    """Returns the batch sizes to check at: the sample's, and a smaller one."""
    rows = {name: -spec.shape[0] for name, spec in _batched(model.graph.inputs).items()}
    whole = min([len(model.sample[name]) // rows[name] for name in rows], default=0)
    if whole < 2:
        raise DataError(f"a check needs a sample of two or more, and got {whole}")
    return (whole, max(1, whole // 2 - 1)) if dynamic else (whole,)
