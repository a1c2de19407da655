"""Every lowering against the NumPy reference in float64; gradients by finite differences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from vega_backend_torch.generate import Program, generate
from vega_backend_torch.lower import LOWERINGS, NAMESPACE
from vega_backend_torch.lowering.site import Site, literal
from vega_core import nn
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.primitive import Mode, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.tracing import current

Arrays = dict[str, np.ndarray]


class Single(nn.Network):
    """A network of one operator."""

    op: Primitive

    def forward(self, a: nn.Tensor, b: nn.Tensor | None = None) -> nn.Tensor:
        return current().emit(self.op, (a,) if b is None else (a, b))[0]


@dataclass(frozen=True)
class Case:
    op: Primitive
    shapes: tuple[tuple[int, ...], ...]
    mode: Mode = "train"
    integers: frozenset[int] = field(default_factory=frozenset)

    def graph(self) -> nn.Graph:
        names = ("a", "b")
        return nn.trace(
            Single(self.op),
            {
                name: nn.TensorSpec(
                    (nn.BATCH, *shape[1:]) if shape else (),
                    "int64" if index in self.integers else "float32",
                )
                for index, (name, shape) in enumerate(zip(names, self.shapes, strict=False))
            },
        )

    def arrays(self) -> tuple[Arrays, Arrays]:
        """Returns inputs and parameters in float64, away from kinks."""
        rng = np.random.default_rng(1)
        inputs: Arrays = {}
        for index, (name, shape) in enumerate(zip(("a", "b"), self.shapes, strict=False)):
            if index in self.integers:
                inputs[name] = rng.integers(0, 3, shape)
            else:
                spread = rng.permutation(int(np.prod(shape))).reshape(shape) + 0.5
                inputs[name] = (spread / spread.size - 0.5) * 4
        params = {
            name: rng.standard_normal(spec.shape) + (2.5 if "var" in name else 0)
            for name, spec in self.graph().parameters.items()
        }
        return inputs, params


def conv(
    out: int, k: Any, s: Any, pads: Any, d: Any = None, group: int = 1, bias: bool = True
) -> ops.Conv:
    return ops.Conv(out, k, s, pads, d or (1,) * len(k), group, bias)


CASES = {
    "conv 1d": Case(conv(4, (3,), (2,), (1, 1)), ((2, 3, 7),)),
    "conv 2d": Case(conv(4, (3, 3), (1, 1), (1, 1, 1, 1)), ((2, 3, 5, 6),)),
    "conv 2d strided": Case(conv(4, (3, 3), (2, 2), (1, 1, 1, 1), bias=False), ((2, 3, 6, 6),)),
    "conv 2d grouped": Case(conv(6, (3, 3), (1, 1), (1, 1, 1, 1), group=2), ((2, 4, 5, 5),)),
    "conv 2d depthwise": Case(conv(4, (3, 3), (1, 1), (1, 1, 1, 1), group=4), ((2, 4, 5, 5),)),
    "conv 2d dilated": Case(conv(2, (3, 2), (1, 1), (2, 1, 2, 1), (2, 3)), ((2, 3, 6, 6),)),
    "conv 2d uneven pads": Case(conv(2, (2, 3), (1, 2), (0, 1, 2, 0)), ((2, 3, 5, 6),)),
    "conv 3d": Case(conv(2, (2, 2, 2), (1, 1, 1), (0,) * 6), ((2, 2, 3, 3, 3),)),
    "gemm": Case(ops.Gemm(4), ((3, 5),)),
    "gemm no bias": Case(ops.Gemm(4, False), ((3, 5),)),
    "batch norm train": Case(ops.BatchNormalization(), ((3, 2, 4, 4),)),
    "batch norm eval": Case(ops.BatchNormalization(), ((3, 2, 4, 4),), "eval"),
    "batch norm fixed": Case(ops.BatchNormalization(mode="eval"), ((3, 2, 4, 4),)),
    "batch norm 0d": Case(ops.BatchNormalization(1e-3, 0.3), ((5, 3),)),
    "batch norm 1d": Case(ops.BatchNormalization(), ((3, 2, 4),)),
    "relu": Case(ops.Relu(), ((3, 4, 5),)),
    "identity": Case(ops.Identity(), ((3, 4),)),
    "softmax": Case(ops.Softmax(1), ((3, 4, 5),)),
    "softmax last": Case(ops.Softmax(), ((3, 4),)),
    "log softmax": Case(ops.LogSoftmax(1), ((3, 4),)),
    "add": Case(ops.Add(), ((3, 4, 5), (3, 4, 5))),
    "add broadcast": Case(ops.Add(), ((3, 4, 5), (3, 1, 5))),
    "sub": Case(ops.Sub(), ((3, 4), (3, 1))),
    "mul": Case(ops.Mul(), ((3, 4), (3, 1))),
    "div": Case(ops.Div(), ((3, 4), (3, 4))),
    "max pool 1d": Case(ops.MaxPool((2,), (2,), (0, 0), (1,)), ((2, 3, 6),)),
    "max pool": Case(ops.MaxPool((3, 3), (2, 2), (1, 1, 1, 1), (1, 1)), ((2, 3, 6, 7),)),
    "max pool ceil": Case(ops.MaxPool((3, 2), (2, 2), (0,) * 4, (1, 1), True), ((2, 3, 6, 7),)),
    "max pool dilated": Case(ops.MaxPool((2, 2), (1, 1), (0,) * 4, (2, 3)), ((2, 3, 6, 7),)),
    "max pool uneven pads": Case(
        ops.MaxPool((2, 3), (2, 2), (0, 1, 1, 0), (1, 1)), ((2, 3, 5, 6),)
    ),
    "max pool uneven pads ceil": Case(
        ops.MaxPool((2, 2), (2, 2), (0, 0, 1, 1), (1, 1), True), ((2, 3, 4, 4),)
    ),
    "average pool uneven pads ceil": Case(
        ops.AveragePool((2, 2), (2, 2), (0, 0, 1, 1), True), ((2, 3, 4, 4),)
    ),
    "average pool uneven counted ceil": Case(
        ops.AveragePool((3, 2), (2, 2), (0, 0, 1, 1), True, True), ((2, 3, 5, 4),)
    ),
    "average pool": Case(ops.AveragePool((3, 3), (2, 2), (1, 1, 1, 1)), ((2, 3, 6, 7),)),
    "average pool counted": Case(
        ops.AveragePool((3, 3), (2, 2), (1, 1, 1, 1), False, True), ((2, 3, 6, 7),)
    ),
    "average pool ceil": Case(
        ops.AveragePool((3, 3), (2, 2), (1, 1, 1, 1), True, True), ((2, 3, 6, 7),)
    ),
    "average pool ceil uncounted": Case(
        ops.AveragePool((3, 3), (2, 2), (0, 0, 0, 0), True), ((2, 3, 6, 8),)
    ),
    "average pool 1d": Case(ops.AveragePool((3,), (1,), (1, 1)), ((2, 3, 6),)),
    "average pool uneven": Case(ops.AveragePool((2, 3), (2, 2), (0, 1, 1, 0)), ((2, 3, 5, 6),)),
    "average pool uneven counted": Case(
        ops.AveragePool((2, 3), (2, 2), (0, 1, 1, 0), True, True), ((2, 3, 5, 6),)
    ),
    "global average pool": Case(ops.GlobalAveragePool(), ((2, 3, 5, 6),)),
    "global average pool 1d": Case(ops.GlobalAveragePool(), ((2, 3, 5),)),
    "flatten": Case(ops.Flatten(), ((2, 3, 4, 5),)),
    "flatten 2": Case(ops.Flatten(2), ((2, 3, 4, 5),)),
    "flatten 0": Case(ops.Flatten(0), ((2, 3, 4),)),
    "flatten end": Case(ops.Flatten(2), ((2, 3),)),
    "reshape": Case(ops.Reshape((0, 2, -1)), ((3, 4, 5),)),
    "reshape into the batch": Case(ops.Reshape((-1, 5)), ((3, 4, 5),)),
    "concat": Case(ops.Concat(1), ((3, 2, 4), (3, 1, 4))),
    "concat last": Case(ops.Concat(-1), ((3, 2), (3, 4))),
    "pad": Case(ops.Pad((0, 1, 0, 0, 0, 2, 1, 0), 0.5), ((2, 3, 4, 5),)),
    "dropout eval": Case(ops.Dropout(), ((3, 4), ()), "eval"),
    "cross entropy": Case(ops.SoftmaxCrossEntropyLoss(), ((4, 3), (4,)), integers=frozenset({1})),
    "cross entropy smooth": Case(
        ops.SoftmaxCrossEntropyLoss(0.2, 1), ((6, 3), (6,)), integers=frozenset({1})
    ),
    "cross entropy places": Case(
        ops.SoftmaxCrossEntropyLoss(0.2, reduction="sum"),
        ((2, 3, 4), (2, 4)),
        integers=frozenset({1}),
    ),
    "cross entropy none": Case(
        ops.SoftmaxCrossEntropyLoss(reduction="none"), ((4, 3), (4,)), integers=frozenset({1})
    ),
    "squared error": Case(ops.SquaredError(), ((3, 4), (3, 4))),
    "squared error none": Case(ops.SquaredError("none"), ((3, 4), (3, 4))),
}


def tensors(arrays: Mapping[str, np.ndarray], names: tuple[str, ...]) -> list[torch.Tensor]:
    """Returns copies, pictures with channels last as the executable has them."""
    made = []
    for name in names:
        tensor = torch.tensor(arrays[name])
        if tensor.ndim == 4:
            tensor = tensor.to(memory_format=torch.channels_last)
        made.append(tensor.requires_grad_(tensor.is_floating_point()))
    return made


def program_of(case: Case) -> Program:
    graph = case.graph()
    statistics = [name for name, spec in graph.parameters.items() if spec.kind == "statistic"]
    return generate(graph.in_mode(case.mode), statistics)


def reference(case: Case, inputs: Arrays, params: Arrays) -> np.ndarray:
    return evaluate(case.graph(), params, inputs, mode=case.mode).outputs["output"]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_forward_and_statistics(case: Case) -> None:
    inputs, params = case.arrays()
    program = program_of(case)
    bound = [t.detach() for t in tensors(params, program.params)]
    (output,) = program.run(bound, tensors(inputs, program.inputs), [], 0)
    expected = evaluate(case.graph(), params, inputs, mode=case.mode)
    assert_varies(expected.outputs["output"], case)
    np.testing.assert_allclose(
        output.detach().numpy(), expected.outputs["output"], rtol=1e-9, atol=1e-9
    )
    for name, tensor in zip(program.params, bound, strict=True):
        moved = expected.statistics.get(name, params[name])
        np.testing.assert_allclose(tensor.numpy(), moved, rtol=1e-9)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_gradients_by_finite_differences(case: Case) -> None:
    inputs, params = case.arrays()
    statistics = {n for n, s in case.graph().parameters.items() if s.kind == "statistic"}
    program = program_of(case)
    bound, given = tensors(params, program.params), tensors(inputs, program.inputs)
    for name, tensor in zip(program.params, bound, strict=True):
        tensor.requires_grad_(name not in statistics)
    (output,) = program.run(bound, given, [], 0)
    rng = np.random.default_rng(2)
    weights = rng.standard_normal(tuple(output.shape))
    (output * torch.tensor(weights)).sum().backward()

    checked = 0
    for tensor, name, arrays in [
        *((t, n, inputs) for t, n in zip(given, program.inputs, strict=True)),
        *((t, n, params) for t, n in zip(bound, program.params, strict=True)),
    ]:
        if not tensor.requires_grad or tensor.grad is None:
            continue
        direction = rng.standard_normal(arrays[name].shape)
        step, values = 1e-5, []
        for sign in (1, -1):
            moved = {**arrays, name: arrays[name] + sign * step * direction}
            swapped = (moved, params) if arrays is inputs else (inputs, moved)
            values.append((weights * reference(case, *swapped)).sum())
        slope = (values[0] - values[1]) / (2 * step)
        np.testing.assert_allclose(
            (tensor.grad.numpy() * direction).sum(), slope, rtol=1e-5, atol=1e-6
        )
        checked += 1
    assert checked == len(given) + len(bound) - len(statistics) - len(case.integers) - (
        1 if isinstance(case.op, ops.Dropout) else 0
    )


def assert_varies(output: np.ndarray, case: Case) -> None:
    """Checks that outputs differ, over the batch where there is one."""
    if output.ndim and output.shape[0] == case.shapes[0][0]:
        assert np.ptp(output, axis=0).max() > 1e-3
    assert np.abs(output).max() > 1e-3


def test_the_checks_fail_on_a_wrong_value() -> None:
    case = CASES["batch norm train"]
    inputs, params = case.arrays()
    name = "batchnormalization_1.weight"
    wrong = reference(case, inputs, {**params, name: params[name] * 1.001})
    assert not np.allclose(wrong, reference(case, inputs, params), rtol=1e-9, atol=1e-9)
    with pytest.raises(AssertionError):
        assert_varies(np.ones((3, 2)), CASES["gemm"])


def test_every_operator_of_the_core_is_lowered_and_tested() -> None:
    assert set(LOWERINGS) == set(ops.OPERATORS.values())
    tested = {type(case.op) for case in CASES.values()}
    assert set(LOWERINGS) - tested == {ops.Constant}


def test_numbers_and_controls_are_part_of_expressions() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            scale = nn.control("scale", 3.0)
            return (2 - x * 0.5) / scale + 1 / (x + 4.0) - (-x) * (scale + 1.0)

    graph = nn.trace(Net(), {"x": nn.batched((4,))})
    x = np.linspace(-1, 1, 12).reshape(3, 4)
    (output,) = generate(graph).run([], [torch.tensor(x)], [5.0], 0)
    expected = (2 - x * 0.5) / 5 + 1 / (x + 4) + x * 6
    np.testing.assert_allclose(output.numpy(), expected)
    np.testing.assert_allclose(
        evaluate(graph, {}, {"x": x}, controls={"scale": 5.0}).outputs["output"], expected
    )


def test_dropout_is_a_function_of_key_and_node() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            return {name: nn.Dropout(0.3, name=name)(x) for name in ("one", "two")}

    graph = nn.trace(Net(), {"x": nn.batched((50,))})
    program = generate(graph.in_mode("train"))
    x = torch.linspace(1, 2, 10_000).reshape(200, 50)
    one, two = program.run([], [x], [0.3, 0.3], 7)
    again, _ = program.run([], [x], [0.3, 0.3], 7)
    other, _ = program.run([], [x], [0.3, 0.3], 8)
    assert torch.equal(one, again)
    assert not torch.equal(one, two)
    assert not torch.equal(one, other)
    assert abs(float((one == 0).float().mean()) - 0.3) < 0.02
    torch.testing.assert_close(one[one != 0], (x / 0.7)[one != 0])
    same, half = program.run([], [x], [0.0, 0.5], 7)
    assert torch.equal(same, x)
    assert abs(float((half == 0).float().mean()) - 0.5) < 0.02


def test_an_array_with_a_second_reader_is_not_overwritten() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            y = x + 1.0
            kept = nn.flatten(y)
            z = x - 1.0
            return {"relu": nn.flatten(nn.relu(y)), "kept": kept, "raw": z, "other": nn.relu(z)}

    graph = nn.trace(Net(), {"x": nn.batched((2, 3))})
    x = np.linspace(-3, 3, 12).reshape(2, 2, 3)
    outputs = dict(
        zip(graph.outputs, generate(graph).run([], [torch.tensor(x)], [], 0), strict=True)
    )
    expected = evaluate(graph, {}, {"x": x}).outputs
    for name, value in expected.items():
        np.testing.assert_array_equal(outputs[name].numpy(), value)


def test_an_operator_without_lowering_is_refused() -> None:
    class Unknown(ops.Relu):
        pass

    graph = nn.trace(Single(Unknown()), {"a": nn.batched((3,))})
    with pytest.raises(ModelError, match="vega-backend-torch has no lowering of Unknown"):
        generate(graph)


@pytest.mark.parametrize(
    "value",
    [0, -3, 1.5, -0.0, 1e300, math.inf, -math.inf, True, None, "a'b\n", (), (1,), (1, (2.5, "x"))],
)
def test_a_literal_is_the_value(value: Any) -> None:
    again = eval(literal(value), dict(NAMESPACE))
    assert again == value
    assert type(again) is type(value)


def test_a_literal_of_nan() -> None:
    assert math.isnan(eval(literal(math.nan), dict(NAMESPACE)))


class Forged(str):
    def __repr__(self) -> str:
        return "__import__('os').abort()"


class Number(float):
    def __repr__(self) -> str:
        return "__import__('os').abort()"


@pytest.mark.parametrize(
    "value", [Forged("a"), Number(1), [1], {1: 2}, object(), (1, Forged("a")), np.float32(1), 1j]
)
def test_nothing_else_has_a_literal(value: Any) -> None:
    with pytest.raises(ModelError, match="an attribute of an operator is no plain value"):
        literal(value)


FORGED: dict[str, Primitive] = {
    "batch norm": ops.BatchNormalization(epsilon=Number(1e-5)),
    "momentum": ops.BatchNormalization(momentum=Number(1e-5)),
    "conv": ops.Conv(4, (3, 3), (1, 1), (Forged("0"),) * 4, (1, 1)),  # type: ignore[arg-type]
    "max pool": ops.MaxPool((2, 2), (2, 2), (0,) * 4, (1, 1), Forged("a")),  # type: ignore[arg-type]
    "average pool": ops.AveragePool((2, 2), (2, 2), (0,) * 4, False, Forged("a")),  # type: ignore[arg-type]
    "pad": ops.Pad((0,) * 8, Number(1)),
    "constant": ops.Constant(Number(1)),
    "softmax": ops.Softmax(Number(1)),  # type: ignore[arg-type]
    "log softmax": ops.LogSoftmax(Number(1)),  # type: ignore[arg-type]
    "concat": ops.Concat(Number(1)),  # type: ignore[arg-type]
    "cross entropy": ops.SoftmaxCrossEntropyLoss(Number(0.1)),
    "ignore": ops.SoftmaxCrossEntropyLoss(0.1, Number(1)),  # type: ignore[arg-type]
    "squared error": ops.SquaredError(Forged("mean")),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("op", FORGED.values(), ids=FORGED)
def test_an_attribute_never_becomes_code(op: Primitive) -> None:
    roles = ("weight", "bias", "running_mean", "running_var")
    spec = nn.batched((3, 4, 4))
    site = Site(["x", "y"], dict.fromkeys(roles, "p"), [spec, spec], frozenset(), "0")
    with pytest.raises(ModelError, match="no plain value"):
        LOWERINGS[type(op)](op, site)


def test_a_graph_names_the_node_of_a_bad_attribute() -> None:
    old = CASES["batch norm eval"].graph()
    (node,) = old.nodes
    forged = nn.Node(node.name, FORGED["batch norm"], node.inputs, node.params)
    graph = nn.Graph(old.inputs, old.controls, old.parameters, (forged,), old.outputs, old.specs)
    with pytest.raises(ModelError, match=rf"^{node.name}: an attribute of an operator"):
        generate(graph.in_mode("eval"))


def test_infinite_numbers_in_a_graph() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            padded = nn.pad(x, (0, 1, 0, 1), -math.inf)
            return {"padded": padded, "scaled": x * math.inf, "none": x * math.nan}

    graph = nn.trace(Net(), {"x": nn.batched((2,))})
    x = np.array([[1.0, -2.0]])
    padded, scaled, none = generate(graph).run([], [torch.tensor(x)], [], 0)
    assert padded.tolist() == [[-math.inf, 1.0, -2.0, -math.inf]]
    assert scaled.tolist() == [[math.inf, -math.inf]]
    assert none.isnan().all()


@pytest.mark.parametrize("dtype", ["int32", "int16", "int8"])
def test_labels_of_any_integer_type(dtype: str) -> None:
    op = ops.SoftmaxCrossEntropyLoss(0.1)
    inputs = {"a": nn.batched((3,)), "b": nn.batched((), dtype)}
    graph = nn.trace(Single(op), inputs)
    scores = np.array([[0.5, -1.0, 2.0], [0.1, 0.2, 0.4]])
    labels = np.array([2, 0], dtype)
    (loss,) = generate(graph).run([], [torch.tensor(scores), torch.tensor(labels)], [], 0)
    expected = evaluate(graph, {}, {"a": scores, "b": labels}).outputs["output"]
    np.testing.assert_allclose(float(loss), expected, rtol=1e-9)
