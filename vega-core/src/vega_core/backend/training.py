"""What a training step does, as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from vega_core.backend.optimizer import Optimizer
from vega_core.errors import ModelError, suggest
from vega_core.nn.graph import Graph
from vega_core.nn.serial import canonical_json
from vega_core.nn.shapes import show

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class TrainSpec:
    """What one executable minimizes, and what it may change.

    Several executables over one store, with different parts trained, make bilevel search, GANs and
    supernets.

    Attributes:
        optimizer: The update rule, with the defaults of its rates.
        losses: Outputs of shape () whose sum is minimized.
        trainable: Patterns of the names of parameters that are trained; others keep their bytes.
        statistics: Patterns of the names of statistics that move.
        clip_norm: Largest norm of all gradients together; None for no limit. The value is the
            control ``clip_norm``.
        precision: Arithmetic of forward and backward; parameters stay float32.
    """

    optimizer: Optimizer
    losses: Sequence[str] = ("loss",)
    trainable: Sequence[str] = ("*",)
    statistics: Sequence[str] = ("*",)
    clip_norm: float | None = None
    precision: Precision = "float32"

    def controls(self) -> dict[str, float]:
        """Returns the controls of the update with their defaults."""
        clip = {} if self.clip_norm is None else {"clip_norm": self.clip_norm}
        return {**self.optimizer.controls(), **clip}

    def structure(self) -> str:
        """Returns what may decide a program: everything but the controls' values."""
        return canonical_json(
            {
                "optimizer": self.optimizer.structure(),
                "losses": list(self.losses),
                "trainable": list(self.trainable),
                "statistics": list(self.statistics),
                "clip": self.clip_norm is not None,
                "precision": self.precision,
            }
        )

    def trained(self, graph: Graph) -> tuple[str, ...]:
        """Returns the names of the parameters that are trained, in the graph's order."""
        names = [name for name, spec in graph.parameters.items() if spec.trained]
        return tuple(_matching(names, self.trainable, "trainable"))

    def moving(self, graph: Graph) -> tuple[str, ...]:
        """Returns the names of the statistics that move."""
        names = [name for name, spec in graph.parameters.items() if spec.kind == "statistic"]
        return tuple(_matching(names, self.statistics, "statistics"))

    def check(self, graph: Graph) -> None:
        """Checks that the graph has what is to be trained.

        Raises:
            ModelError: A loss is no output of shape (), nothing is trained, a pattern matches no
                name, or a control of the graph has the name of one of the optimizer's.
        """
        for name in self.losses:
            if name not in graph.outputs:
                known = suggest(name, graph.outputs)
                raise ModelError(f"the graph has no output {name!r} to minimize{known}")
            spec = graph.specs[graph.outputs[name]]
            if spec.shape != ():
                raise ModelError(
                    f"loss {name!r} must have the shape (), and has {show(spec.shape)}"
                )
        if not self.losses or not self.trained(graph):
            raise ModelError("nothing is to be trained: there is no loss, or no trained parameter")
        self.moving(graph)
        if twice := sorted(graph.controls.keys() & self.controls()):
            raise ModelError(
                f"control {twice[0]!r} is one of the graph and a rate of the optimizer's "
                f"{type(self.optimizer).__name__}; call the graph's otherwise"
            )


def _matching(names: Sequence[str], patterns: Sequence[str], what: str) -> Iterator[str]:
    for pattern in patterns:
        if pattern != "*" and not any(fnmatchcase(name, pattern) for name in names):
            raise ModelError(f"{what}: {pattern!r} matches no name{suggest(pattern, names)}")
    for name in names:
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            yield name
