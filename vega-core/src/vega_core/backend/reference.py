"""Training in NumPy: slow, plain, and what every backend's update is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vega_core.arrays import Array
from vega_core.backend.optimizer import Optimizer, scaled
from vega_core.backend.rows import update_rows
from vega_core.backend.slots import fresh
from vega_core.nn.primitive import ParameterSpec


@dataclass
class ReferenceUpdate:
    """An optimizer over named NumPy arrays, for tests.

    Attributes:
        optimizer: The rule.
        specs: Specification of each parameter.
        params: The parameters; replaced by each `step`.
        slots: The slots by parameter and name; replaced by each `step`.
    """

    optimizer: Optimizer
    specs: Mapping[str, ParameterSpec]
    params: dict[str, Array]
    slots: dict[str, dict[str, Array]] = field(default_factory=dict)

    def step(
        self,
        gradients: Mapping[str, Array],
        controls: Mapping[str, float] | None = None,
        clip_norm: float | None = None,
        rows: Mapping[str, Array] | None = None,
    ) -> None:
        """Updates the parameters that have a gradient, and no others.

        Args:
            gradients: Gradient by parameter.
            controls: Rates that differ from their defaults.
            clip_norm: Largest norm of all gradients together.
            rows: The rows to update, of parameters of which not all are; see
                `vega_core.backend.rows`.
        """
        if clip_norm is not None:
            gradients = clipped(gradients, clip_norm)
        rates = {**self.optimizer.controls(), **(controls or {})}
        for name, gradient in gradients.items():
            own = scaled(rates, *self.optimizer.scales(name, self.specs[name].kind))
            parameter = self.params[name]
            slots = self.slots.get(name) or self._fresh(parameter)
            self.params[name], self.slots[name] = (
                self.optimizer.update(parameter, gradient, slots, own)
                if rows is None or name not in rows
                else update_rows(self.optimizer, parameter, gradient, slots, own, rows[name])
            )

    def _fresh(self, parameter: Array) -> dict[str, Array]:
        return {slot: fresh(form, parameter) for slot, form in self.optimizer.slots.items()}


def clipped(gradients: Mapping[str, Array], norm: float) -> dict[str, Array]:
    """Returns gradients scaled down so that the norm of all together is at most ``norm``."""
    total = np.sqrt(sum(float(np.sum(np.square(g, dtype=np.float64))) for g in gradients.values()))
    scale = min(1.0, norm / (total + 1e-6))
    return {name: gradient * scale for name, gradient in gradients.items()}
