"""Choices as segments: which there are, and that a step is one of the chosen branches alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from vega_backend_tf.backend import TensorFlowBackend
from vega_backend_tf.segments import Segments
from vega_core import nn
from vega_core.backend import SGD, Adam, Executable, State, TrainSpec
from vega_core.nn.choices import branches

LABEL = {"label": nn.batched((), "int64")}
RULES = [
    TrainSpec(SGD(lr=0.05, momentum=0.9, weight_decay=0.1, decay_all=True)),
    TrainSpec(Adam(lr=0.01, weight_decay=0.1, decay_all=True), clip_norm=0.5),
]


class Unit(nn.Block):
    """A convolution with a norm and dropout."""

    kernel: int = 3

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.BatchNorm(name="norm")(nn.Conv(4, self.kernel, name="conv")(nn.relu(x)))
        return nn.Dropout(0.2, name="drop")(x)


class Inner(nn.Block):
    """A choice inside of a branch; both candidates begin with one shared convolution."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        shared, deep = Unit(name="shared"), Unit(5, name="deep")
        return nn.choice("op", [lambda y: shared(y), lambda y: deep(shared(y))], x)


class Cell(nn.Network):
    """Two edges that wait for one another, one with a choice inside; a node that one edge needs."""

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        x = nn.BatchNorm(name="norm")(nn.Conv(4, 3, name="stem")(image))
        aside = nn.max_pool(nn.Conv(4, 1, name="aside")(image), 3, stride=1, padding=1)
        first = nn.choice("first", [Unit(name="a"), lambda y: y, Inner(name="b")], x)
        kept: list[Callable[[nn.Tensor], nn.Tensor]] = [
            Unit(name="c"),
            lambda y: y,
            lambda y: y + aside,
            lambda _: aside * 2.0,
        ]
        second = nn.choice("second", kept, first)
        return nn.Linear(10, name="head")(nn.flatten(x + second))


def graph() -> nn.Graph:
    return nn.compose(
        nn.trace(Cell(), {"image": nn.batched((2, 8, 8))}), nn.losses.CrossEntropy(), LABEL
    )


NUMBERS = [
    {"first": a, "second": b, "b.op": c} for a, b, c in product(range(3), range(4), range(2))
]


def batch(step: int, size: int = 8) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(step)
    return {
        "image": rng.standard_normal((size, 2, 8, 8)).astype(np.float32),
        "label": rng.integers(0, 10, size),
    }


def ready(backend: TensorFlowBackend, what: nn.Graph, spec: TrainSpec) -> Executable:
    return backend.compile(what, backend.store(nn.initial_parameters(graph(), 0)), train=spec)


def changed(before: State, after: State) -> set[str]:
    one, other = before.to_arrays(), after.to_arrays()
    names = {key for key in one if one[key].tobytes() != other[key].tobytes()} - {"position"}
    return {n.partition("/")[2].removesuffix("/velocity") for n in names}


def test_a_segment_is_whole_or_idle() -> None:
    """Whatever is chosen, the nodes that run are those of the specialised graph."""
    whole = graph().in_mode("train")
    cut = Segments(whole)
    assert len(cut.all) < len(whole.nodes) / 3
    assert {node.name for segment in cut.all for node in segment.nodes} | set(cut.choices) == {
        node.name for node in whole.nodes
    }
    for numbers in NUMBERS:
        names = [node.name for segment in cut.live(numbers) for node in segment.nodes]
        expected = nn.specialised(whole, numbers)
        assert set(names) == {node.name for node in expected.nodes}
        assert len(names) == len(set(names))


def test_segments_come_after_what_they_read() -> None:
    cut = Segments(graph().in_mode("train"))
    for numbers in NUMBERS:
        known = {"image", "label", *graph().controls}
        for segment in cut.live(numbers):
            assert {cut.resolved(value, numbers) for value in segment.inputs} <= known
            known.update(segment.outputs)


def test_no_segment_crosses_branches() -> None:
    whole = graph().in_mode("train")
    homes = branches(whole)
    for segment in Segments(whole).all:
        assert {homes[node.name] for node in segment.nodes} == {segment.branch}


@pytest.mark.parametrize("spec", RULES, ids=lambda spec: type(spec.optimizer).__name__)
def test_a_step_is_that_of_the_specialised_graph(
    backend: TensorFlowBackend, eager: TensorFlowBackend, spec: TrainSpec
) -> None:
    supernet = graph()
    whole = ready(backend, supernet, spec)
    apart = ready(backend, supernet, spec)
    other = eager.store(nn.initial_parameters(supernet, 0))
    for step, numbers in enumerate(NUMBERS):
        alone = eager.compile(nn.specialised(supernet, numbers), other, train=spec)
        controls = {"seed": 7, **numbers}
        ours, theirs = (
            whole.train_step(batch(step), controls),
            alone.train_step(batch(step), {"seed": 7}),
        )
        apart.apply(apart.gradients(batch(step), controls), controls)
        np.testing.assert_allclose(float(ours.loss), float(theirs.loss), rtol=1e-4)
        np.testing.assert_allclose(ours["output"], theirs["output"], rtol=1e-3, atol=1e-4)
        assert np.ptp(ours["output"], axis=0).min() > 1e-3
        predicted = whole.predict(batch(step), numbers)["output"]
        expected = alone.predict(batch(step))["output"]
        np.testing.assert_allclose(predicted, expected, rtol=1e-3, atol=1e-4)
    mine, yours, two = whole.store.export(), other.export(), apart.store.export()
    for key, array in yours.to_arrays().items():
        np.testing.assert_allclose(mine.to_arrays()[key], array, rtol=1e-3, atol=2e-4, err_msg=key)
        np.testing.assert_allclose(two.to_arrays()[key], array, rtol=1e-3, atol=2e-4, err_msg=key)


def test_unused_branches_keep_their_bytes(backend: TensorFlowBackend) -> None:
    """Also where momentum and decay would move them, and where nothing is differentiated."""
    supernet = graph()
    whole = ready(backend, supernet, RULES[0])
    for step, numbers in enumerate(NUMBERS):
        whole.train_step(batch(step), numbers)
    for numbers in NUMBERS:
        before = whole.store.export()
        whole.train_step(batch(99), numbers)
        used = set(nn.specialised(supernet, numbers).parameters)
        assert changed(before, whole.store.export()) == used


def test_a_branch_that_stops_gradients_leaves_what_is_before_it(backend: TensorFlowBackend) -> None:
    """No update, though it is computed: no decay either."""

    class Stops(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            y = nn.Linear(6, name="before")(x)
            z = nn.Linear(6, name="beside")(x)
            y = nn.choice("pick", [nn.identity, nn.stop_gradient], y)
            return nn.Linear(10, name="head")(y + z)

    model = nn.trace(Stops(), {"x": nn.batched((5,))})
    stops = nn.compose(model, nn.losses.CrossEntropy(), LABEL)
    executable = backend.compile(
        stops, backend.store(nn.initial_parameters(stops, 0)), train=RULES[0]
    )
    rng = np.random.default_rng(0)
    given = {"x": rng.standard_normal((8, 5)).astype(np.float32), "label": rng.integers(0, 10, 8)}
    for number in (0, 1):
        before = executable.store.export()
        executable.train_step(given, {"pick": number})
        moved = {name.partition(".")[0] for name in changed(before, executable.store.export())}
        assert moved == ({"before", "beside", "head"} if number == 0 else {"beside", "head"})
        names = {n.partition(".")[0] for n in executable.gradients(given, {"pick": number}).names}
        assert names == moved


def test_equal_candidates_share_their_functions(backend: TensorFlowBackend) -> None:
    """The same candidates at four places build as much as at two."""

    def built(edges: int) -> int:
        class Edges(nn.Network):
            def forward(self, image: nn.Tensor) -> nn.Tensor:
                x = nn.Conv(4, 3, name="stem")(image)
                for edge in range(edges):
                    units = [Unit(name=f"{edge}.3"), Unit(5, name=f"{edge}.5"), lambda y: y]
                    x = nn.choice(f"edge{edge}", units, x)
                return nn.Linear(10, name="head")(nn.flatten(x))

        model = nn.trace(Edges(), {"image": nn.batched((2, 8, 8))})
        supernet = nn.compose(model, nn.losses.CrossEntropy(), LABEL)
        own = TensorFlowBackend()
        executable = own.compile(
            supernet, own.store(nn.initial_parameters(supernet, 0)), train=RULES[0]
        )
        for step, numbers in enumerate(product(range(3), repeat=edges)):
            controls = {f"edge{edge}": number for edge, number in enumerate(numbers)}
            executable.train_step(batch(step), controls)
        return own.compiles

    assert built(2) == built(3)


def test_batches_of_other_sizes_share_open_segments(backend: TensorFlowBackend) -> None:
    whole = ready(backend, graph(), RULES[0])
    counts = []
    for size in (8, 5, 3, 8, 6):
        for numbers in NUMBERS[::5]:
            whole.train_step(batch(size, size), numbers)
            whole.predict(batch(size, size), numbers)
        counts.append(backend.compiles)
    assert counts[0] < counts[1] == counts[4]


def test_tables_in_branches_are_updated_row_by_row(
    backend: TensorFlowBackend, eager: TensorFlowBackend
) -> None:
    class Tables(nn.Network):
        def forward(self, ids: nn.Tensor) -> nn.Tensor:
            tables = [nn.Embedding(7, 4, name=name) for name in ("one", "two")]
            rows = nn.choice("table", [lambda i, t=t: t(i) for t in tables], ids)
            return nn.Linear(10, name="head")(nn.reduce_mean(rows, (1,), False))

    model = nn.trace(Tables(), {"ids": nn.batched((3,), "int64")})
    supernet = nn.compose(model, nn.losses.CrossEntropy(), LABEL)
    given = {"ids": np.asarray([[0, 1, 1], [3, 1, 0]]), "label": np.asarray([1, 2])}
    executables = [
        b.compile(supernet, b.store(nn.initial_parameters(supernet, 0)), train=RULES[1])
        for b in (backend, eager)
    ]
    for step in range(3):
        before = executables[0].store.export().parameters
        for executable in executables:
            executable.train_step(given, {"table": step % 2})
        after = executables[0].store.export().parameters
        name = f"table.{step % 2}.{('one', 'two')[step % 2]}.weight"
        moved = (after[name] != before[name]).any(1)
        assert moved.tolist() == [True, True, False, True, False, False, False]
    one, two = (executable.store.export().to_arrays() for executable in executables)
    for key, array in two.items():
        np.testing.assert_allclose(one[key], array, rtol=1e-4, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("how", ["backend", "eager"])
def test_what_is_trained_is_said_of_the_whole_supernet(
    request: pytest.FixtureRequest, how: str
) -> None:
    """Also where the branch that a pattern means is not the one that is chosen."""
    spec = TrainSpec(SGD(lr=0.05), trainable=("a.*", "head.*"), statistics=("c.*",))
    executable = ready(request.getfixturevalue(how), graph(), spec)
    before = executable.store.export()
    executable.train_step(batch(0), {"first": 1, "second": 1, "b.op": 0})
    aside = executable.store.export()
    assert {name.partition(".")[0] for name in changed(before, aside)} == {"head"}
    executable.train_step(batch(1), {"first": 0, "second": 0, "b.op": 0})
    after = {name.rpartition(".")[0] for name in changed(aside, executable.store.export())}
    assert after == {"a.conv", "a.norm", "c.norm", "head"}
