"""Conformance kit of backends."""

from __future__ import annotations

from vega_core.testing.backend.choices import ChoiceTests
from vega_core.testing.backend.controls import ControlTests
from vega_core.testing.backend.determinism import DeterminismTests
from vega_core.testing.backend.draws import DrawTests
from vega_core.testing.backend.executables import ExecutableTests
from vega_core.testing.backend.graphs import GraphTests
from vega_core.testing.backend.native import NativeTests
from vega_core.testing.backend.operators import OperatorTests
from vega_core.testing.backend.optimizers import OptimizerTests
from vega_core.testing.backend.prediction import PredictionTests
from vega_core.testing.backend.refusals import RefusalTests
from vega_core.testing.backend.store import StoreTests


class BackendConformance(
    OperatorTests,
    OptimizerTests,
    StoreTests,
    ExecutableTests,
    GraphTests,
    ControlTests,
    ChoiceTests,
    DrawTests,
    PredictionTests,
    RefusalTests,
    NativeTests,
    DeterminismTests,
):
    """What every backend must do, through its public contract alone.

    Subclass it, write `backend`, `native_arrays` and `native_outputs`, and run pytest.

    Example::

        class TestMine(BackendConformance):
            unsupported = {"CumSum": "the framework has none"}

            def backend(self):
                return MyBackend()

            def native_arrays(self, module):
                return {name: tensor.numpy() for name, tensor in module.weights.items()}

            def native_outputs(self, module, inputs):
                return {"output": module(inputs["image"]).numpy()}

    Operators are held against their NumPy reference in float64, gradients against its central
    differences, and updates against `vega_core.backend.reference`. No comparison passes on outputs
    that are the same for all samples.

    Attributes:
        unsupported: Name of an operator -> why there is no lowering. Graphs with it must be refused
            with a `ModelError` that names it.
        device: Name of the device to run on; the preferred one by default. A machine with several
            runs a subclass for each.
        float64: Whether the backend computes inputs of float64 as such; operators are then compared
            to 9 digits too.
        cases_each: How many cases to run of each operator; all by default. For backends that take
            seconds to compile one, while they are worked on.
        tolerance: How far outputs may be from the reference.
        training_tolerance: How far gradients, and parameters after some steps, may be from it.
        expected_failures: Name of a test, or ``test[case]`` -> the reason why it fails. It must
            fail then.
    """
