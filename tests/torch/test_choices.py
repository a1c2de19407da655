"""One step through a choice is a step of the chosen branches alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_backend_torch.backend import TorchBackend
from vega_backend_torch.generate import generate
from vega_core import nn
from vega_core.backend import SGD, Adam, Optimizer, State, TrainSpec
from vega_core.errors import ModelError
from vega_core.nn.reference import evaluate

LABEL = {"label": nn.batched((), "int64")}
OUTER, INNER = "cell.edge", "cell.edge.3.op"
RULES = [
    SGD(lr=0.05, momentum=0.9, weight_decay=0.1, decay_all=True),
    Adam(lr=0.01, weight_decay=0.1, decay_all=True),
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
        shared = Unit(name="shared")
        deep = Unit(5, name="deep")
        return nn.choice("op", [lambda y: shared(y), lambda y: deep(shared(y))], x)


class Edge(nn.Block):
    """Four candidates: two units, the identity, and a choice."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.choice("edge", [Unit(), Unit(5), lambda y: y, Inner()], x)


class Super(nn.Network):
    """A stem, an edge and a head."""

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        x = nn.BatchNorm(name="norm")(nn.Conv(4, 3, name="stem")(image))
        x = Edge(name="cell")(x)
        return nn.Linear(10, name="head")(nn.flatten(x))


def graph() -> nn.Graph:
    model = nn.trace(Super(), {"image": nn.batched((1, 8, 8))})
    return nn.compose(model, nn.losses.CrossEntropy(), LABEL)


def batch(step: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(step)
    return {
        "image": rng.standard_normal((8, 1, 8, 8)).astype(np.float32),
        "label": rng.integers(0, 10, 8),
    }


def used(outer: int, inner: int) -> set[str]:
    """Returns the parameters that the chosen branches need."""
    chosen = nn.specialised(graph(), {OUTER: outer, INNER: inner})
    return set(chosen.parameters)


def kept(before: State, after: State) -> set[str]:
    """Returns the parameters whose bytes, and those of their slots, are what they were."""
    changed = {
        name
        for name, array in after.parameters.items()
        if array.tobytes() != before.parameters[name].tobytes()
    }
    changed |= {
        key.rpartition("/")[0]
        for key, array in after.slots.items()
        if array.tobytes() != before.slots[key].tobytes()
    }
    return set(after.parameters) - changed


def test_the_graph_has_the_choices() -> None:
    assert nn.candidates(graph()) == {OUTER: 4, INNER: 2}
    everything = set(graph().parameters)
    assert used(2, 0) < used(0, 0) < everything
    assert used(3, 0) < used(3, 1)
    assert any("shared" in name for name in used(3, 0))


@pytest.mark.parametrize("optimizer", RULES, ids=lambda rule: type(rule).__name__)
def test_a_step_is_that_of_the_specialised_graph_bit_for_bit(
    backend: TorchBackend, optimizer: Optimizer
) -> None:
    supernet, spec = graph(), TrainSpec(optimizer)
    store = backend.store(nn.initial_parameters(supernet, 0))
    executable = backend.compile(supernet, store, train=spec)
    other = backend.store(nn.initial_parameters(supernet, 0))
    for step, (outer, inner) in enumerate([*product(range(4), range(2)), (0, 0), (3, 1)]):
        chosen = nn.specialised(supernet, {OUTER: outer, INNER: inner})
        alone = backend.compile(chosen, other, train=spec)
        controls = {"seed": 7, OUTER: outer, INNER: inner}
        ours = executable.train_step(batch(step), controls)
        theirs = alone.train_step(batch(step), {"seed": 7})
        assert float(ours.loss) == float(theirs.loss)
        assert ours["output"].tobytes() == theirs["output"].tobytes()
        assert np.ptp(ours["output"], axis=0).min() > 1e-3
        mine, yours = store.export(), other.export()
        for name, array in mine.parameters.items():
            assert array.tobytes() == yours.parameters[name].tobytes(), (step, name)
        for key, array in yours.slots.items():
            assert array.tobytes() == mine.slots[key].tobytes(), (step, key)
        predicted = executable.predict(batch(step), controls)["output"]
        expected = alone.predict(batch(step))["output"]
        assert predicted.tobytes() == expected.tobytes()


@pytest.mark.parametrize("optimizer", RULES, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize(("outer", "inner"), list(product(range(4), range(2))))
def test_unused_branches_keep_their_bytes(
    backend: TorchBackend, optimizer: Optimizer, outer: int, inner: int
) -> None:
    """Parameters, slots and statistics, also where momentum and decay would move them."""
    supernet = graph()
    store = backend.store(nn.initial_parameters(supernet, 0))
    executable = backend.compile(supernet, store, train=TrainSpec(optimizer))
    for step, (a, b) in enumerate(product(range(4), range(2))):  # all have momentum
        executable.train_step(batch(step), {OUTER: a, INNER: b})
    before = store.export()
    executable.train_step(batch(9), {OUTER: outer, INNER: inner})
    assert kept(before, store.export()) == set(supernet.parameters) - used(outer, inner)


def test_gradients_are_of_the_chosen_branches(backend: TorchBackend) -> None:
    supernet = graph()
    store = backend.store(nn.initial_parameters(supernet, 0))
    executable = backend.compile(supernet, store, train=TrainSpec(SGD()))
    trained = {name for name, spec in supernet.parameters.items() if spec.trained}
    for outer, inner in product(range(4), range(2)):
        gradients = executable.gradients(batch(0), {OUTER: outer, INNER: inner})
        assert set(gradients.names) == used(outer, inner) & trained


def test_changing_the_choice_compiles_nothing(backend: TorchBackend) -> None:
    supernet = graph()
    store = backend.store(nn.initial_parameters(supernet, 0))
    executable = backend.compile(supernet, store, train=TrainSpec(SGD(lr=0.01)))
    for step, (outer, inner) in enumerate(product(range(4), range(2))):
        executable.train_step(batch(step), {OUTER: outer, INNER: inner})
        executable.predict(batch(step), {OUTER: outer, INNER: np.int64(inner)})
    assert backend.compiles == 2


@pytest.mark.parametrize(
    ("control", "number", "last"), [(OUTER, 4, 3), (OUTER, -1, 3), (INNER, 2, 1)]
)
def test_a_candidate_that_is_not_there_is_told(
    backend: TorchBackend, control: str, number: int, last: int
) -> None:
    supernet = graph()
    store = backend.store(nn.initial_parameters(supernet, 0))
    executable = backend.compile(supernet, store, train=TrainSpec(SGD(lr=0.01, momentum=0.9)))
    before = store.export()
    controls = {OUTER: 3, control: number}
    message = rf"choice '{control}' has the candidates 0 to {last}, and got {number}"
    for call in (executable.train_step, executable.gradients, executable.predict):
        with pytest.raises(ModelError, match=message):
            call(batch(0), controls)
    assert store.position == 0
    assert kept(before, store.export()) == set(supernet.parameters)


def test_a_choice_by_a_fraction_is_told(backend: TorchBackend) -> None:
    supernet = graph()
    store = backend.store(nn.initial_parameters(supernet, 0))
    executable = backend.compile(supernet, store, train=TrainSpec(SGD()))
    with pytest.raises(ModelError, match=r"control 'cell\.edge' is a whole number, and got 0\.5"):
        executable.train_step(batch(0), {OUTER: 0.5})


def test_two_edges_may_share_a_candidate(backend: TorchBackend) -> None:
    """A module that branches of two choices call is one set of parameters."""

    class Two(nn.Network):
        def forward(self, image: nn.Tensor) -> nn.Tensor:
            unit = Unit(name="unit")
            x = nn.Conv(4, 3, name="stem")(image)
            for name in ("one", "two"):
                x = nn.choice(name, [lambda y: unit(y), lambda y: y], x)
            return nn.Linear(10, name="head")(nn.flatten(x))

    model = nn.trace(Two(), {"image": nn.batched((1, 8, 8))})
    supernet = nn.compose(model, nn.losses.CrossEntropy(), LABEL)
    store = backend.store(nn.initial_parameters(supernet, 0))
    spec = TrainSpec(SGD(lr=0.05, momentum=0.9))
    executable = backend.compile(supernet, store, train=spec)
    other = backend.store(nn.initial_parameters(supernet, 0))
    for step, (one, two) in enumerate(product(range(2), repeat=2)):
        chosen = {"one": one, "two": two}
        alone = backend.compile(nn.specialised(supernet, chosen), other, train=spec)
        ours = executable.train_step(batch(step), {"seed": 1, **chosen})
        theirs = alone.train_step(batch(step), {"seed": 1})
        assert float(ours.loss) == float(theirs.loss)
        state, expected = store.export(), other.export()
        for name, array in expected.parameters.items():
            assert array.tobytes() == state.parameters[name].tobytes()


class Relu(nn.Block):
    """A norm, whose output is fresh memory, and a ReLU that may overwrite it."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.relu(nn.BatchNorm(name="norm")(x))


def test_the_chosen_branch_is_as_lean_as_the_bare_path() -> None:
    """It overwrites and deletes what only other candidates read as well."""

    class Net(nn.Network):
        def forward(self, image: nn.Tensor) -> nn.Tensor:
            x = nn.BatchNorm(name="norm")(image)
            return nn.choice("op", [nn.relu, lambda y: y, lambda y: nn.relu(y) + y, Relu()], x)

    model = nn.trace(Net(), {"image": nn.batched((1, 4, 4))}).in_mode("train")
    text = generate(model).source
    blocks = re.split(r"(?:el)?if c0 == \d:|else:", text)[1:]
    assert "torch.relu_(v0)" in blocks[0]
    assert "torch.relu_(v0)" not in blocks[2]
    assert "torch.relu(v0)" in blocks[2]
    for block in blocks:
        assert len(re.findall(r"del .*\bv0\b", block)) == 1
    for number in range(4):
        bare = generate(nn.specialised(model, {"op": number})).source
        lines = [line.split(" = ")[1] for line in bare.splitlines() if " = torch." in line]
        for line in lines[1:]:
            assert line.split("(")[0] in blocks[number]


@st.composite
def structures(draw: st.DrawFn, depth: int = 2) -> Any:
    """Draws a network as nested lists: operators in a row, and choices among rows."""
    row = []
    for _ in range(draw(st.integers(0, 6))):
        kinds = ["relu", "norm", "double", "keep", "view", "add", "choice"]
        kind = draw(st.sampled_from(kinds[: None if depth else -1]))
        if kind == "choice":
            count = draw(st.integers(1, 3))
            row.append([draw(structures(depth - 1)) for _ in range(count)])
        else:
            row.append(kind)
    return row


class Drawn(nn.Network):
    """The network of a structure; ``add`` reads what was kept, at whatever depth.

    What is kept as a view shares memory, which a ReLU must not overwrite.
    """

    structure: Any = ()

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(2, name="head")(self._row(self.structure, x, x, "r"))

    def _row(self, row: Any, x: nn.Tensor, kept: nn.Tensor, name: str) -> nn.Tensor:
        for index, item in enumerate(row):
            path = f"{name}{index}"
            if item == "relu":
                x = nn.relu(x)
            elif item == "norm":
                x = nn.BatchNorm(name=f"{path}.norm")(x)
            elif item == "double":
                x = x + x
            elif item == "keep":
                kept = x
            elif item == "view":
                kept = nn.stop_gradient(x)
            elif item == "add":
                x = x + kept
            else:
                built = [
                    lambda y, part=part, kept=kept, path=f"{path}c{place}": self._row(
                        part, y, kept, path
                    )
                    for place, part in enumerate(item)
                ]
                x = nn.choice(path, built, x)
        return x


def check(structure: Any, steps: Sequence[Mapping[str, int]]) -> None:
    """Holds a supernet against its specialised graphs, bit for bit, and against NumPy."""
    supernet, spec = drawn(structure), TrainSpec(SGD(lr=0.1, momentum=0.9))
    backend, rng = TorchBackend(), np.random.default_rng(0)
    given = {
        "x": rng.standard_normal((5, 4)).astype(np.float32),
        "label": rng.integers(0, 2, 5),
    }
    store = backend.store(nn.initial_parameters(supernet, 0))
    executable = backend.compile(supernet, store, train=spec)
    other = backend.store(nn.initial_parameters(supernet, 0))
    for chosen in steps:
        bare = nn.specialised(supernet, chosen)
        alone = backend.compile(bare, other, train=spec)
        exact = {name: a.astype(np.float64) for name, a in other.export().parameters.items()}
        expected = float(evaluate(bare, exact, given, mode="train").outputs["loss"])
        ours, theirs = executable.train_step(given, chosen), alone.train_step(given)
        assert float(ours.loss) == float(theirs.loss) == pytest.approx(expected, 1e-3, 1e-4)
        mine, after = store.export(), other.export()
        for name, array in after.parameters.items():
            assert array.tobytes() == mine.parameters[name].tobytes(), name
        predicted = executable.predict(given, chosen)["output"]
        assert predicted.tobytes() == alone.predict(given)["output"].tobytes()


def drawn(structure: Any) -> nn.Graph:
    model = nn.trace(Drawn(structure), {"x": nn.batched((4,))})
    return nn.compose(model, nn.losses.CrossEntropy(), LABEL)


@settings(max_examples=100, deadline=None)
@given(structure=structures(), data=st.data())
def test_any_supernet_runs_as_its_specialised_graphs(structure: Any, data: st.DataObject) -> None:
    known = nn.candidates(drawn(structure))
    choices = st.fixed_dictionaries({n: st.integers(0, count - 1) for n, count in known.items()})
    check(structure, [data.draw(choices) for _ in range(3)])


@pytest.mark.parametrize(
    "structure",
    [
        ["norm", "view", "relu", "add"],
        ["norm", "view", [["relu", "add"], ["add"]]],
        ["norm", "keep", [["view", "relu", "add"], ["relu"]], "add"],
        [[["norm", "view", [["relu", "add"], ["double"]], "add"], ["norm"]]],
    ],
)
def test_memory_that_a_view_shares_is_not_overwritten(structure: Any) -> None:
    known = nn.candidates(drawn(structure))
    check(structure, [{name: number % n for name, n in known.items()} for number in range(2)])
