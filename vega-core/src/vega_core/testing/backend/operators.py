"""Every operator against the NumPy reference: values, moved statistics and gradients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vega_core.arrays import Array
from vega_core.backend import SGD, Params, TrainSpec
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.primitive import Mode
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.probe import Probe, probe
from vega_core.testing.compare import (
    Tolerance,
    check_close,
    check_differs,
    check_gradient,
    check_same_bytes,
    check_varies,
    require,
)
from vega_core.testing.conformance import Cases
from vega_core.testing.operators import CASES, OperatorCase

EXACT: Final = Tolerance(1e-9, 1e-10)
EXACT_GRADIENT: Final = Tolerance(1e-5, 1e-6)
"""Of float64; differences of the reference are right to fewer digits."""

FLAT: Final = (ops.Ceil, ops.Floor, ops.Round, ops.Sign)
"""Operators of floats whose gradient is 0 wherever it is defined."""


@dataclass(frozen=True)
class Ran:
    """What a backend made of a probe.

    Attributes:
        trained: Outputs of a training step; none where nothing can be trained.
        predicted: Outputs of a prediction.
        after: Parameters and statistics after the training step, with a learning rate of 1.
    """

    trained: Params
    predicted: Params
    after: Params


class OperatorTests(BackendKit):
    """Each case is compiled once, trained for one step and predicted."""

    def cases(self) -> Cases:
        own = {"operator": self.operator_cases, "exact_operator": self.exact_operator_cases}
        return {**super().cases(), **own}

    def operator_cases(self) -> Sequence[OperatorCase]:
        """Returns the cases; of each operator the first `cases_each` alone, where that is set."""
        seen: Counter[type] = Counter()
        chosen = []
        for case in CASES.values():
            seen[type(case.op)] += 1
            if self.cases_each is None or seen[type(case.op)] <= self.cases_each:
                chosen.append(case)
        return chosen

    def exact_operator_cases(self) -> Sequence[OperatorCase]:
        """Returns the cases for float64: operators without parameters, which are float32."""
        if not self.float64:
            return ()
        return [case for case in self.operator_cases() if not case.graph().parameters]

    def skipped(self, argument: str, case: object) -> str:
        if argument.endswith("operator") and isinstance(case, OperatorCase):
            return self.unsupported.get(type(case.op).__name__, "")
        return super().skipped(argument, case)

    def test_operator_values(self, operator: OperatorCase) -> None:
        """In training and in evaluation, and what statistics become."""
        self._values(*self._run(operator), self.tolerance)

    def test_operator_gradients(self, operator: OperatorCase) -> None:
        """Of inputs and parameters, against differences of the reference in float64."""
        self._gradients(*self._run(operator), self.training_tolerance)

    def test_operator_in_float64(self, exact_operator: OperatorCase) -> None:
        """Values and gradients once more, to many digits."""
        made = probe(exact_operator, float64=True)
        ran = self._trained(made)
        self._values(made, ran, EXACT)
        self._gradients(made, ran, EXACT_GRADIENT)

    def test_unsupported_operators_are_refused(self) -> None:
        for case in CASES.values():
            name = type(case.op).__name__
            if name not in self.unsupported:
                continue
            try:
                self.ready(case.graph()).predict(probe(case).batch)
            except ModelError as error:
                require(name in str(error), f"the error does not name {name}: {error}")
            else:
                raise AssertionError(f"{case}: runs, and {name} is declared as unsupported")

    def _run(self, case: OperatorCase) -> tuple[Probe, Ran]:
        made = self.once(f"probe of {case}", lambda: probe(case))
        return made, self.once(f"run of {case}", lambda: self._trained(made))

    def _trained(self, made: Probe) -> Ran:
        train = TrainSpec(SGD(lr=1.0)) if made.differentiated else None
        executable = self.ready(made.graph, train, params=made.params)
        predicted = executable.predict(made.batch)
        if train is None:
            return Ran({}, predicted, {})
        result = executable.train_step(made.batch)
        trained = {name: result[name] for name in made.graph.outputs}
        return Ran(trained, predicted, executable.store.export().parameters)

    def _values(self, made: Probe, ran: Ran, tolerance: Tolerance) -> None:
        self._outputs(made, ran.predicted, "eval", tolerance)
        if not ran.trained:
            return
        self._outputs(made, ran.trained, "train", tolerance)
        moved = made.reference("train").statistics
        for name, spec in made.graph.parameters.items():
            where = f"{made.case}, {name!r}"
            if name in moved:
                check_close(ran.after[name], moved[name], tolerance, where)
                check_differs(ran.after[name], made.params[name], where)
            elif not spec.trained:
                check_same_bytes({name: ran.after[name]}, {name: made.params[name]}, where)

    def _outputs(self, made: Probe, actual: Params, mode: Mode, tolerance: Tolerance) -> None:
        expected = made.reference(mode).outputs
        others = made.elsewhere().reference(mode).outputs if made.case.shapes else {}
        for name, value in made.graph.outputs.items():
            spec, where = made.graph.specs[value], f"{made.case}, {mode}, {name!r}"
            require(
                str(actual[name].dtype) == spec.dtype,
                f"{where}: the type is {actual[name].dtype} instead of {spec.dtype}",
            )
            check_close(actual[name], expected[name], tolerance, where)
            batch = [axis for axis, size in enumerate(spec.shape) if size < 0]
            if batch:
                check_varies(np.moveaxis(actual[name], batch[0], 0), where)
            elif name in others:
                check_differs(actual[name], others[name], where)

    def _gradients(self, made: Probe, ran: Ran, tolerance: Tolerance) -> None:
        slopes = []
        for name in made.differentiated:

            def loss(array: Array, name: str = name) -> float:
                return float(made.reference("train", {name: array}).outputs["loss"])

            at = made.params[name].astype(np.float64)
            gradient = at - ran.after[name].astype(np.float64)
            where = f"{made.case}, gradient of {name!r}"
            slopes.append(check_gradient(loss, at, gradient, tolerance, where))
        flat = not slopes or isinstance(made.case.op, FLAT)
        require(flat or max(slopes) > 0, f"{made.case}: every gradient is zero, none is compared")
