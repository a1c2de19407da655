"""Every lowering against the NumPy reference in float64; gradients by finite differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from vega_backend_torch.generate import generate
from vega_core.arrays import Array
from vega_core.backend.writing import Program
from vega_core.nn import ops
from vega_core.nn.reference import evaluate
from vega_core.testing.operators import CASES, OperatorCase

Arrays = Mapping[str, Array]


def trained(case: OperatorCase) -> list[str]:
    """Returns the names of the inputs and parameters that have a gradient."""
    specs = case.graph().parameters
    return [*case.differentiated, *(name for name, spec in specs.items() if spec.trained)]


def program_of(case: OperatorCase) -> Program:
    graph = case.graph()
    statistics = [name for name, spec in graph.parameters.items() if spec.kind == "statistic"]
    return generate(graph.in_mode(case.mode), statistics)


def run(
    program: Program, arrays: Arrays, leaves: Sequence[str] = ()
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Returns outputs and arguments; pictures have channels last, as the executable has them."""
    arguments = {name: torch.tensor(array) for name, array in arrays.items()}
    for name, tensor in arguments.items():
        if tensor.ndim == 4:
            arguments[name] = tensor.to(memory_format=torch.channels_last)
        arguments[name].requires_grad_(name in leaves)
    params, inputs = ([arguments[n] for n in part] for part in (program.params, program.inputs))
    outputs = program.run(params, inputs, [], 0)
    return dict(zip(program.outputs, outputs, strict=True)), arguments


def check_outputs(case: OperatorCase, program: Program) -> None:
    inputs, params = case.arrays()
    outputs, arguments = run(program, {**inputs, **params})
    expected = evaluate(case.graph(), params, inputs, mode=case.mode)
    for name, output in outputs.items():
        assert_varies(expected.outputs[name], case)
        np.testing.assert_allclose(output, expected.outputs[name], rtol=1e-9, atol=1e-9)
        assert output.numpy().dtype == expected.outputs[name].dtype
    for name, before in params.items():
        moved = expected.statistics.get(name, before)
        np.testing.assert_allclose(arguments[name], moved, rtol=1e-9)


def check_gradients(case: OperatorCase, program: Program) -> None:
    inputs, params = case.arrays()
    arrays, rng = {**inputs, **params}, np.random.default_rng(2)
    outputs, arguments = run(program, arrays, trained(case))
    floats = {name: output for name, output in outputs.items() if output.is_floating_point()}
    weights = {name: rng.standard_normal(tuple(output.shape)) for name, output in floats.items()}
    terms = [(output * torch.tensor(weights[name])).sum() for name, output in floats.items()]
    leaves = [arguments[name] for name in trained(case)]
    gradients = torch.autograd.grad(torch.stack(terms).sum(), leaves)

    def loss(moved: Arrays) -> float:
        values = evaluate(case.graph(), moved, moved, mode=case.mode).outputs
        return sum(float((weights[name] * values[name]).sum()) for name in weights)

    for name, gradient in zip(trained(case), gradients, strict=True):
        direction = rng.standard_normal(arrays[name].shape)
        ahead, behind = (
            loss({**arrays, name: arrays[name] + step * direction}) for step in (1e-5, -1e-5)
        )
        np.testing.assert_allclose(
            (gradient.numpy() * direction).sum(), (ahead - behind) / 2e-5, rtol=1e-5, atol=1e-6
        )


def assert_varies(output: Array, case: OperatorCase) -> None:
    """Checks that outputs differ, over the batch where there is one."""
    values = output.astype(np.float64)
    if output.ndim and output.shape[0] == case.batch:
        assert np.ptp(values, axis=0).max() > 1e-3
    assert np.abs(values).max() > 1e-3


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_outputs_and_statistics(case: OperatorCase) -> None:
    check_outputs(case, program_of(case))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_gradients_are_finite_differences(case: OperatorCase) -> None:
    if not trained(case):
        pytest.skip("nothing has a gradient")
    check_gradients(case, program_of(case))


def test_the_checks_fail_on_a_wrong_value() -> None:
    case = CASES["swish"]
    wrong = program_of(replace(case, op=ops.HardSwish()))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check_outputs(case, wrong)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check_gradients(case, wrong)
    with pytest.raises(AssertionError):
        assert_varies(np.ones((case.batch, 2)), case)
