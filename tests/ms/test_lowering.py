"""Operators where MindSpore differs or lacks kernels; the kit has the common cases of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mindspore as ms
import numpy as np
import pytest

from vega_backend_ms.generate import generate
from vega_backend_ms.lower import LOWERINGS
from vega_core import nn
from vega_core.arrays import Array
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.reference import evaluate
from vega_core.testing.backend.probe import probe
from vega_core.testing.compare import Tolerance, check_close, check_gradient
from vega_core.testing.operators import OperatorCase

BY_THE_SOURCE = {ops.ByMode, ops.Choice, ops.Constant}
"""Operators that are no expression: decided before, a branch, a variable at the top."""

SINGLE, SINGLE_GRADIENT = Tolerance(), Tolerance(5e-4, 5e-5)
EXACT, EXACT_GRADIENT = Tolerance(1e-9, 1e-10), Tolerance(1e-5, 1e-6)

NUMBERS: tuple[Primitive, ...] = (
    *(ops.Identity(), ops.Sigmoid(), ops.HardSigmoid(), ops.HardSigmoid(0.2), ops.Swish()),
    *(ops.Tanh(), ops.Softplus(), ops.Softsign(), ops.Mish(), ops.LeakyRelu(), ops.Elu()),
    *(ops.Selu(), ops.Celu(0.3), ops.Neg(), ops.Abs(), ops.Sqrt(), ops.Exp(), ops.Log()),
    *(ops.Reciprocal(), ops.Erf(), ops.Sin(), ops.Cos(), ops.Floor(), ops.Ceil(), ops.Round()),
    *(ops.Clip(-1.1, 1.5), ops.Cast("bool"), ops.Softmax(), ops.LogSoftmax()),
)
"""Those of one input that give a number to all that is finite, and to NaN NaN."""

ENDS = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-300, 1e308, -1e308, 0.5, 1.5, 2.5, -0.5, 39.9, 40.1)

INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


def computed(op: Primitive, *arrays: Array) -> list[Array]:
    """Runs an operator without parameters on arrays."""
    case = OperatorCase("one", op, tuple(x.shape for x in arrays), tuple(map(_dtype, arrays)))
    tensors = [ms.Tensor(array) for array in arrays]
    return [y.asnumpy() for y in generate(case.graph()).run([], tensors, [], 0)]


def expected(op: Primitive, *arrays: Array) -> list[Array]:
    """Returns what the reference makes of them."""
    case = OperatorCase("one", op, tuple(x.shape for x in arrays), tuple(map(_dtype, arrays)))
    return list(
        evaluate(case.graph(), {}, dict(zip(case.specs, arrays, strict=True))).outputs.values()
    )


def slopes(op: Primitive, *values: float, dtype: str = "float64") -> list[float]:
    """Returns the gradient of a function of one element at some places."""
    program = generate(OperatorCase("one", op, ((len(values),),), (dtype,)).graph())
    gradient = ms.grad(lambda x: program.run([], [x], [], 0)[0].sum())
    found: list[float] = gradient(ms.Tensor(np.array(values, dtype))).asnumpy().tolist()
    return found


def check(
    case: OperatorCase,
    float64: bool = False,
    tolerance: Tolerance = SINGLE,
    gradients: Tolerance = SINGLE_GRADIENT,
) -> None:
    """Holds outputs, statistics and gradients of a training step against the reference."""
    made = probe(case, float64=float64)
    graph = made.graph
    program = generate(graph.in_mode("train"), [n for n in graph.parameters if "running" in n])
    params = [ms.Parameter(ms.Tensor(made.params[name]), name) for name in program.params]
    inputs = [ms.Tensor(made.batch[name]) for name in program.inputs]
    place = list(program.outputs).index("loss")

    def loss_and_outputs() -> Any:
        outputs = program.run(params, inputs, [], 0)
        return outputs[place], outputs

    trained = [p for p in params if p.name in made.differentiated]
    step = ms.value_and_grad(loss_and_outputs, None, ms.ParameterTuple(trained), has_aux=True)
    (_, outputs), found = step()
    reference = made.reference("train")
    for name, output in zip(program.outputs, outputs, strict=True):
        check_close(output.asnumpy(), reference.outputs[name], tolerance, f"{case}, {name}")
    for parameter in params:
        if parameter.name in reference.statistics:
            moved = reference.statistics[parameter.name]
            check_close(parameter.asnumpy(), moved, tolerance, f"{case}, {parameter.name}")
    for parameter, gradient in zip(trained, found, strict=True):

        def loss(array: Array, name: str = parameter.name) -> float:
            return float(made.reference("train", {name: array}).outputs["loss"])

        at = made.params[parameter.name].astype(np.float64)
        where = f"{case}, gradient of {parameter.name}"
        assert check_gradient(loss, at, gradient.asnumpy(), gradients, where) > 0


def test_every_operator_of_the_core_is_lowered() -> None:
    assert set(LOWERINGS) == set(ops.OPERATORS.values()) - BY_THE_SOURCE


@pytest.mark.parametrize("op", NUMBERS, ids=str)
def test_the_ends_are_the_references(op: Primitive) -> None:
    x = np.array(ENDS)
    if isinstance(op, ops.Softmax | ops.LogSoftmax):
        x = np.array([[1e3, -1e3, 0.0], [-1e3, -1e3, -1e3]])
    np.testing.assert_allclose(computed(op, x)[0], expected(op, x)[0], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "op",
    [
        *(ops.Tanh(), ops.Exp(), ops.Log(), ops.Elu(), ops.Selu(), ops.Celu(0.3), ops.Mish()),
        *(ops.Softplus(), ops.LogSoftmax(), ops.ReduceLogSumExp((-1,)), ops.Softmax()),
        *(ops.Sigmoid(), ops.Swish(), ops.Gelu(), ops.Gelu("tanh"), ops.Erf(), ops.Softsign()),
    ],
    ids=str,
)
def test_functions_are_right_to_the_digits_of_float32(op: Primitive) -> None:
    """MindSpore's own tanh is off by 1e-4, and others by enough to bend a loss curve."""
    x = np.random.default_rng(0).uniform(-9, 9, (60, 50)).astype(np.float32)
    x = np.abs(x) + np.float32(1e-3) if isinstance(op, ops.Log) else x
    exact = expected(op, x.astype(np.float64))[0]
    approximate = isinstance(op, ops.Sigmoid | ops.Swish | ops.Gelu | ops.Softmax)
    relative, absolute = (1e-5, 1e-6) if approximate else (2e-7, 2e-7)
    np.testing.assert_allclose(computed(op, x)[0], exact, rtol=relative, atol=absolute)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("op", "places", "gradient"),
    [
        (ops.Relu(), (0.0,), [0.0]),
        (ops.LeakyRelu(0.2), (0.0,), [0.2]),
        (ops.Elu(0.3), (0.0,), [0.3]),
        (ops.Selu(2.0, 3.0), (0.0,), [6.0]),
        (ops.Celu(0.3), (0.0,), [1.0]),
        (ops.Softplus(), (0.0, 100.0, -1000.0), [0.5, 1.0, 0.0]),
        (ops.Mish(), (0.0, 100.0), [0.6, 1.0]),
        (ops.HardSigmoid(), (-3.0, 3.0), [0.0, 0.0]),
        (ops.HardSigmoid(0.25, 0.5), (-2.0, 2.0), [0.0, 0.0]),
        (ops.HardSwish(), (-3.0, 3.0), [0.0, 1.0]),
        (ops.Abs(), (0.0,), [0.0]),
        (ops.Clip(-1.0, 2.0), (-1.0, 2.0, 2.5), [1.0, 1.0, 0.0]),
        (ops.Clip(-0.1, 0.1), (-0.1, 0.1, 2.5), [1.0, 1.0, 0.0]),
        (ops.Round(), (0.5, 1.2), [0.0, 0.0]),
        (ops.Sign(), (0.0, 1.0), [0.0, 0.0]),
        (ops.ReduceMax(), (1.0, 3.0, 3.0), [0.0, 0.5, 0.5]),
        (ops.ReduceMin(), (1.0, 1.0, 3.0), [0.5, 0.5, 0.0]),
        (ops.ReduceStd(), (2.0, 2.0, 2.0), [0.0, 0.0, 0.0]),
        (ops.ReduceL2(), (0.0, 0.0), [0.0, 0.0]),
        (ops.ReduceProd(), (0.0, 2.0, 3.0), [6.0, 0.0, 0.0]),
    ],
    ids=str,
)
def test_gradients_at_kinks_are_as_documented(
    op: Primitive, places: tuple[float, ...], gradient: list[float], dtype: str
) -> None:
    assert slopes(op, *places, dtype=dtype) == pytest.approx(gradient)


@pytest.mark.parametrize("op", [ops.Max(), ops.Min()], ids=str)
def test_equal_elements_share_the_gradient(op: Primitive) -> None:
    program = generate(OperatorCase("one", op, ((1,), (1,))).graph())
    one, other = (ms.Tensor(np.array([2.0], np.float32)) for _ in range(2))
    gradient = ms.grad(lambda a, b: program.run([], [a, b], [], 0)[0].sum(), (0, 1))
    assert [g.asnumpy().tolist() for g in gradient(one, other)] == [[0.5], [0.5]]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_of_every_type(dtype: str) -> None:
    a, b = (np.array(x).astype(dtype) for x in ((7, 9, 100, 100), (2, 4, 7, 9)))
    if not dtype.startswith("u"):
        a[:2], b[::2] = -a[:2], -b[::2]
    total, small = np.array([[100, 100, 1]], dtype), np.array([2, 1, 0, 1], dtype)
    numbers, updates = np.array([[0, 1, 1]]), np.array([[3, 5, 2]], dtype)
    reductions = ("add", "mul", "max", "min")
    cases: Sequence[tuple[Any, ...]] = (
        *((op(), a, b) for op in (ops.Add, ops.Sub, ops.Mul, ops.Div, ops.Max, ops.Min)),
        *((op(), a, b) for op in (ops.Equal, ops.Greater, ops.GreaterOrEqual, ops.Less)),
        *((op(), a) for op in (ops.Abs, ops.Sign, ops.Relu)),
        *((op((0,)), a) for op in (ops.ReduceSum, ops.ReduceProd, ops.ReduceMax, ops.ReduceMin)),
        *((op(0), a) for op in (ops.ArgMax, ops.ArgMin, ops.CumSum)),
        *((ops.ScatterElements(1, r), total, numbers, updates) for r in reductions),
        (ops.Pow(), small + small, small),
        (ops.CumSum(1, True, True), total),
        (ops.Clip(3.0, 90.0), a),
        (ops.TopK(3, 0), a),
        (ops.TopK(4, 0, False), a),
        (ops.Pad((1, 1), 3.0), a),
        (ops.Pad((1, 2), mode="reflect"), a),
        (ops.Where(), a > b, a, b),
        (ops.Slice((3,), (0,), (0,), (-2,)), a),
        (ops.OneHot(9), small),
        (ops.Range(1, 7, 2, dtype),),
        (ops.Cast("float32"), a),
        (ops.Cast(dtype), np.array([3.7, 2.2])),
        (ops.GatherElements(0), b, small.astype("int8")),
    )
    for op, *arrays in cases:
        for output, wanted in zip(computed(op, *arrays), expected(op, *arrays), strict=True):
            np.testing.assert_array_equal(output, wanted, err_msg=str(op))
            assert output.dtype == wanted.dtype, op


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_top_k_of_equal_elements_gives_the_first(dtype: str, largest: bool) -> None:
    _, places = computed(ops.TopK(5, 1, largest), np.zeros((2, 300), dtype))
    assert places.tolist() == [list(range(5))] * 2
    x = np.random.default_rng(0).integers(0, 9, (4, 50, 3)).astype(dtype)
    for output, wanted in zip(
        computed(ops.TopK(20, 1, largest), x), expected(ops.TopK(20, 1, largest), x), strict=True
    ):
        np.testing.assert_array_equal(output, wanted)


def _transposed(shape: Any, kernel: Any, *options: Any) -> OperatorCase:
    op = ops.ConvTranspose(4, kernel, *options)
    return OperatorCase(f"transposed {shape} {kernel} {options}", op, (shape,))


@pytest.mark.parametrize(
    "case",
    [
        _transposed((-1, 4, 3, 2, 3), (3, 2, 3), (2, 1, 2), (1,) * 6, (1, 2, 1), (1, 0, 0), 2),
        _transposed((-1, 2, 2, 3, 2), (2, 2, 2), (2, 3, 1), (0, 2, 1) * 2, (1, 1, 2), (1, 0, 0)),
        _transposed((-1, 4, 5, 5), (2, 3), (1, 1), (0, 0, 0, 0), (4, 3), (3, 2), 4),
        _transposed((-1, 2, 6, 5), (2, 2), (1, 2), (2, 3, 1, 0), (1, 1), (0, 1)),
    ],
    ids=str,
)
def test_transposed_convolutions_that_have_no_kernel(case: OperatorCase) -> None:
    check(case)


@pytest.mark.parametrize(
    "op",
    [
        ops.MaxPool((3, 2, 3), (2, 2, 1), (1, 0, 1) * 2, (1, 1, 1), True),
        ops.MaxPool((2, 2, 2), (1, 1, 2), (0,) * 6, (2, 1, 2)),
        ops.AveragePool((3, 2, 3), (2, 2, 1), (1, 0, 1) * 2, True),
        ops.AveragePool((2, 3, 2), (2, 1, 2), (1, 1, 0, 0, 0, 1), True, True),
        ops.AdaptiveMaxPool((2, 3, 4)),
        ops.AdaptiveAveragePool((3, 2, 5)),
        ops.Resize((4, 3, 7), "linear"),
        ops.Resize((2, 7, 5), "linear", True),
        ops.Resize((4, 3, 7)),
    ],
    ids=str,
)
def test_pooling_and_resizing_over_three_axes(op: Primitive) -> None:
    check(OperatorCase("3d", op, ((-1, 2, 5, 4, 5),)))


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_operators_with_parameters_of_float64(mode: Any) -> None:
    """Convolutions are computed in float32; the others have all digits."""
    for op in (ops.BatchNormalization(mode=mode), ops.BatchNormalization(mode=mode, affine=False)):
        for shape in ((-1, 3), (-1, 3, 4), (-1, 3, 2, 3, 2)):
            check(OperatorCase("norm", op, (shape,)), True, EXACT, EXACT_GRADIENT)
    for op in (ops.LayerNormalization(), ops.GroupNormalization(2), ops.PRelu(), ops.Gemm(3)):
        check(OperatorCase("other", op, ((-1, 4),)), True, EXACT, EXACT_GRADIENT)
    conv = ops.Conv(4, (3,), (1,), (1, 0), (1,))
    check(OperatorCase("conv", conv, ((-1, 3, 5),)), True, Tolerance(1e-5, 1e-6))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_statistics_move_where_they_are_told_to(dtype: str) -> None:
    graph = OperatorCase("norm", ops.BatchNormalization(), ((-1, 3, 4),), (dtype,)).graph()
    roles = [name for name in graph.parameters if "running" in name]
    x = ms.Tensor(np.random.default_rng(0).normal(size=(5, 3, 4)).astype(dtype))
    for moving in ([], roles[:1], roles[1:], roles):
        program = generate(graph.in_mode("train"), moving)
        params = {n: ms.Parameter(ms.Tensor(np.full(3, 0.5, dtype)), n) for n in program.params}
        program.run(list(params.values()), [x], [], 0)
        for name, parameter in params.items():
            assert (parameter.asnumpy() != 0.5).all() == (name in moving), (name, moving)
            assert (parameter.asnumpy() == 0.5).all() == (name not in moving), (name, moving)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint32"])
def test_numbers_are_of_the_arrays_element_type(dtype: str) -> None:
    """MindSpore rounds a Python number to 32 bits beside whatever array it meets."""

    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            if not dtype.startswith("float"):
                return {"sum": x + 3, "product": 2 * x, "above": x > 1, "power": x**2}
            rate = nn.control("rate", 0.1, dtype=dtype)
            return {
                "powers": x**rate + 3.1 ** (x * 0.3) - x / 0.7,
                "bounds": nn.maximum(x, rate) - nn.minimum(0.9, x) + nn.clip(x, 0.2, 0.7),
                "where": nn.where(x > 0.9, x, rate) + nn.where(rate < x, 0.7, x),
                "padded": nn.pad(nn.leaky_relu(-x, 0.3), (0, 1, 0, 1), 0.1),
            }

    graph = nn.trace(Net(), {"x": nn.batched((3,), dtype)})
    x = np.linspace(1, 6, 6).reshape(2, 3).astype(dtype)
    program = generate(graph)
    outputs = program.run([], [ms.Tensor(x)], [0.1] * len(program.controls), 0)
    controls = dict.fromkeys(program.controls, 0.1)
    wanted = evaluate(graph, {}, {"x": x}, controls=controls).outputs
    relative = 1e-12 if dtype == "float64" else 1e-6
    for name, output in zip(program.outputs, outputs, strict=True):
        np.testing.assert_allclose(output.asnumpy(), wanted[name], rtol=relative, err_msg=name)
        assert output.asnumpy().dtype == wanted[name].dtype


def test_nothing_is_nan_where_a_gradient_is_not_taken() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.where(x > 0, nn.sqrt(nn.maximum(x, 1e-9)), 0.0)

    program = generate(nn.trace(Net(), {"x": nn.batched((2,))}))
    gradient = ms.grad(lambda x: program.run([], [x], [], 0)[0].sum())
    found = gradient(ms.Tensor(np.array([[4.0, -1.0]], np.float32)))
    assert found.asnumpy().tolist() == [[0.25, 0.0]]


@pytest.mark.parametrize("old", [2, 3, 5])
def test_nearest_reads_the_exact_element_in_float32(old: int) -> None:
    x = np.arange(old, dtype=np.float32).reshape(1, 1, old, 1)
    for new in (1, 7, 29, 57, 58, 93, 116, 186, 239):
        (output,) = computed(ops.Resize((new, 1)), x)
        np.testing.assert_array_equal(output, expected(ops.Resize((new, 1)), x)[0])


def _dtype(array: Array) -> str:
    return str(array.dtype)
