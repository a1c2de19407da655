"""A graph over a store, ready to run.

The public methods check and count; a backend writes the underscore methods.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, SupportsFloat

from vega_core.arrays import Array
from vega_core.backend.batches import (
    Batch,
    Controls,
    StepControls,
    check_batch_size,
    check_choices,
    resolve_controls,
    samples,
    take,
)
from vega_core.backend.store import Gradients, ParamStore, check_gradients, check_parameters
from vega_core.backend.training import TrainSpec
from vega_core.errors import DataError, ModelError
from vega_core.nn.choices import candidates
from vega_core.nn.graph import Graph


@dataclass(frozen=True)
class StepResult:
    """What a training step gave; the values may still be on their way.

    Attributes:
        values: Output by name, on the device.
        loss: The sum of the losses; ``float(result.loss)`` waits for it.
        to_numpy: Brings a value to the host.
    """

    values: Mapping[str, Any]
    loss: SupportsFloat
    to_numpy: Callable[[Any], Array]

    def __getitem__(self, name: str) -> Array:
        """Waits for an output and returns it."""
        return self.to_numpy(self.values[name])


class Executable(ABC):
    """A graph over a store, ready to run; made by `Backend.compile`.

    Attributes:
        graph: The graph.
        store: What it reads and writes.
        train: What a training step does; None where it only predicts.
    """

    def __init__(self, graph: Graph, store: ParamStore, train: TrainSpec | None) -> None:
        check_parameters(graph, store)
        if train is not None:
            train.check(graph)
        self.graph = graph
        self.store = store
        self.train = train
        self._sizes: set[int] = set()
        self._candidates = candidates(graph)
        self._rates = {} if train is None else train.controls()

    def train_step(self, batch: Batch, controls: Controls | None = None) -> StepResult:
        """Computes gradients and applies them; returns before the device has finished.

        Args:
            batch: Array by input name; other fields are ignored.
            controls: Controls that differ from their defaults, ``seed`` among them.

        Raises:
            DataError: The batch does not fit the graph's inputs.
            ModelError: A control does not exist, a choice is out of range, or the executable only
                predicts.
        """
        inputs = self._training_inputs(batch)
        result = self._train_step(inputs, self._controls(controls))
        self.store.advance()
        return result

    def gradients(self, batch: Batch, controls: Controls | None = None) -> Gradients:
        """Computes gradients of the sum of the losses; moves statistics, and nothing else."""
        return self._gradients(self._training_inputs(batch), self._controls(controls))

    def apply(self, gradients: Gradients, controls: Controls | None = None) -> None:
        """Clips and applies gradients, and counts a training step.

        Gradients of what this executable does not train are left out, of the norm too.

        Raises:
            ModelError: The store has no such parameter, or one of another shape.
        """
        self._training()
        check_gradients(gradients, self.store.shapes)
        self._apply(gradients, self._controls(controls))
        self.store.advance()

    def predict(self, batch: Batch, controls: Controls | None = None) -> dict[str, Array]:
        """Runs the graph in evaluation and returns every output whose inputs the batch holds.

        Raises:
            DataError: The batch holds the inputs of no output, or does not fit them.
        """
        present = frozenset(name for name in self.graph.inputs if name in batch)
        inputs = {name: self.graph.inputs[name] for name in present}
        return self._predict(take(inputs, batch), self._controls(controls))

    @abstractmethod
    def _train_step(self, inputs: Batch, controls: StepControls) -> StepResult: ...

    @abstractmethod
    def _gradients(self, inputs: Batch, controls: StepControls) -> Gradients: ...

    @abstractmethod
    def _apply(self, gradients: Gradients, controls: StepControls) -> None: ...

    @abstractmethod
    def _predict(self, inputs: Batch, controls: StepControls) -> dict[str, Array]: ...

    def _controls(self, given: Controls | None) -> StepControls:
        found = resolve_controls(self.graph.controls, self._rates, given, self.store.position)
        check_choices(self._candidates, found)
        return found

    def _training_inputs(self, batch: Batch) -> Batch:
        self._training()
        inputs = take(self.graph.inputs, batch)
        size = samples(self.graph.inputs, inputs)
        if size not in self._sizes:
            check_batch_size(self.graph, size)
            self._sizes.add(size)
        return inputs

    def _training(self) -> TrainSpec:
        if self.train is None:
            raise ModelError("this executable only predicts; compile it with train=TrainSpec(...)")
        return self.train


def check_reachable(graph: Graph, part: Graph, given: Sequence[str]) -> None:
    """Checks that a batch reaches an output.

    Raises:
        DataError: It reaches none.
    """
    if not part.outputs:
        missing = sorted(set(graph.inputs) - set(given))
        raise DataError(f"the batch reaches no output; it lacks {missing}")
