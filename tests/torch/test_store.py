from __future__ import annotations

import numpy as np
import pytest

from vega_backend_torch.backend import TorchBackend
from vega_core import nn
from vega_core.backend import SGD, Adam, AdamW, Optimizer, ParamStore, State, TrainSpec
from vega_core.errors import ModelError, StateError
from vega_tasks.classification.networks import MLP, ResNet

LABEL = {"label": nn.batched((), "int64")}


def graph(network: nn.Network | None = None) -> nn.Graph:
    model = nn.trace(network or ResNet(8, 4), {"image": nn.batched((1, 8, 8))})
    return nn.compose(model, nn.losses.CrossEntropy(), LABEL)


def batch(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "image": rng.standard_normal((16, 1, 8, 8)).astype(np.float32),
        "label": rng.integers(0, 10, 16),
    }


def assert_equal(a: State, b: State) -> None:
    assert a.position == b.position
    for mine, other in ((a.parameters, b.parameters), (a.slots, b.slots)):
        assert set(mine) == set(other)
        for name in mine:
            assert mine[name].dtype == other[name].dtype
            assert mine[name].tobytes() == other[name].tobytes(), name


@pytest.mark.parametrize(
    "optimizer",
    [SGD(lr=0.05, momentum=0.9), AdamW(lr=0.01), Adam(lr=0.01)],
    ids=lambda o: type(o).__name__,
)
@pytest.mark.parametrize("load_first", [True, False])
def test_a_resumed_run_is_the_undisturbed_one(optimizer: Optimizer, load_first: bool) -> None:
    """Byte for byte, with dropout, from another backend object."""

    class Net(nn.Network):
        def forward(self, image: nn.Tensor) -> nn.Tensor:
            x = nn.BatchNorm(name="norm")(nn.Conv(4, name="conv")(image))
            x = nn.Dropout(0.3, name="drop")(nn.relu(x))
            return nn.Linear(10, name="fc")(nn.flatten(x))

    training = graph(Net())
    spec = TrainSpec(optimizer)

    def steps(executable: object, first: int, last: int) -> None:
        for step in range(first, last):
            executable.train_step(batch(step), {"seed": 11, "lr": 0.05 / (1 + step)})  # type: ignore[attr-defined]

    whole = TorchBackend()
    store = whole.store(nn.initial_parameters(training, 3))
    executable = whole.compile(training, store, train=spec)
    steps(executable, 0, 7)
    middle = State.from_arrays(store.export().to_arrays())
    steps(executable, 7, 15)

    again = TorchBackend()
    resumed = again.store(nn.initial_parameters(training, 99))
    if load_first:
        resumed.load(middle)
        continued = again.compile(training, resumed, train=spec)
    else:
        continued = again.compile(training, resumed, train=spec)
        resumed.load(middle)
    assert_equal(resumed.export(), middle)
    steps(continued, 7, 15)
    assert_equal(resumed.export(), store.export())


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(backend: TorchBackend) -> None:
    training = graph(MLP(10, (16,), 0.5))
    states = []
    for seed in (1, 1, 2):
        store = backend.store(nn.initial_parameters(training, 0))
        executable = backend.compile(training, store, train=TrainSpec(SGD(lr=0.1)))
        for step in range(5):
            executable.train_step(batch(step), {"seed": seed})
        states.append(store.export())
    assert_equal(states[0], states[1])
    assert states[0].parameters["fc1.weight"].tobytes() != (
        states[2].parameters["fc1.weight"].tobytes()
    )


def test_export_is_a_copy_in_numpys_order(backend: TorchBackend) -> None:
    training = graph()
    params = nn.initial_parameters(training, 0)
    store = backend.store(params)
    state = store.export()
    for name, array in params.items():
        np.testing.assert_array_equal(state.parameters[name], array)
        assert state.parameters[name].flags.c_contiguous
        assert state.parameters[name].flags.owndata
    params["fc.weight"][:] = 7
    state.parameters["fc.bias"][:] = 7
    again = store.export().parameters
    assert not np.any(again["fc.weight"] == 7)
    assert not np.any(again["fc.bias"] == 7)


def trained(backend: TorchBackend) -> ParamStore:
    store = backend.store(nn.initial_parameters(graph(), 0))
    executable = backend.compile(graph(), store, train=TrainSpec(AdamW(lr=0.01)))
    for step in range(3):
        executable.train_step(batch(step))
    return store


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fc.bias": None}, r"'fc\.bias' is missing"),
        ({"head.bias": np.zeros(10, np.float32)}, r"'head\.bias' is not in the model"),
        ({"fc.weight": np.zeros((16, 10), np.float32)}, r"\(16, 10\), and \(10, 16\)"),
        ({"fc.weight": np.zeros((10, 16))}, r"float64, and float32"),
    ],
)
def test_nothing_is_half_loaded(
    backend: TorchBackend, change: dict[str, np.ndarray | None], message: str
) -> None:
    store = trained(backend)
    before = store.export()
    arrays = {name: array * 0 + 5 for name, array in before.parameters.items()}
    broken = {n: a for n, a in {**arrays, **change}.items() if a is not None}
    with pytest.raises(StateError, match=message):
        store.load(State(broken, before.slots, 99))
    with pytest.raises(StateError, match="belongs to no parameter"):
        store.load(State(arrays, {"nothing/exp_avg": np.zeros(3, np.float32)}))
    assert_equal(store.export(), before)


def test_slots_that_a_state_lacks_begin_anew(backend: TorchBackend) -> None:
    store = trained(backend)
    fresh = State(nn.initial_parameters(graph(), 0))
    store.load(fresh)
    state = store.export()
    assert state.position == 0
    assert all(not array.any() for array in state.slots.values())
    executable = backend.compile(graph(), store, train=TrainSpec(AdamW(lr=0.01)))
    for step in range(3):
        executable.train_step(batch(step))
    assert_equal(store.export(), trained(backend).export())


def test_snapshots(backend: TorchBackend) -> None:
    store = backend.store(nn.initial_parameters(graph(), 0))
    early = store.snapshot()
    executable = backend.compile(graph(), store, train=TrainSpec(AdamW(lr=0.01)))
    executable.train_step(batch(0))
    middle, state = store.snapshot(), store.export()
    executable.train_step(batch(1))
    executable.train_step(batch(2))
    store.restore(middle)
    assert_equal(store.export(), state)
    executable.train_step(batch(1))
    store.restore(early)
    executable.train_step(batch(0))
    assert_equal(store.export(), state)


def test_copying_between_stores(backend: TorchBackend) -> None:
    big = backend.store(nn.initial_parameters(graph(), 0))
    small = backend.store(nn.initial_parameters(graph(), 1))
    before = small.export()
    small.copy_from(
        big, {"fc.weight": "fc.weight", "layer1.0.conv1.conv.weight": "layer1.0.conv2.conv.weight"}
    )
    after, source = small.export().parameters, big.export().parameters
    np.testing.assert_array_equal(after["fc.weight"], source["fc.weight"])
    np.testing.assert_array_equal(
        after["layer1.0.conv1.conv.weight"], source["layer1.0.conv2.conv.weight"]
    )
    np.testing.assert_array_equal(after["stem.conv.weight"], before.parameters["stem.conv.weight"])
    for names, message in [
        ({"fc.weight": "fc.weigth"}, "no parameter 'fc.weigth'; did you mean 'fc.weight'"),
        (
            {"stem.conv.weight": "fc.weight", "fc.bias": "fc.weight"},
            r"'stem.conv.weight' is \(4, 1",
        ),
        ({"fc.bias": "fc.bias", "x": "fc.bias"}, "no parameter 'x'"),
    ]:
        kept = small.export()
        with pytest.raises(StateError, match=message):
            small.copy_from(big, names)
        assert_equal(small.export(), kept)


def test_a_store_must_hold_the_graph(backend: TorchBackend) -> None:
    store = backend.store(nn.initial_parameters(graph(), 0))
    with pytest.raises(ModelError, match=r"no parameter 'fc1\.weight'"):
        backend.compile(graph(MLP(10)), store)
    wide = graph(ResNet(8, 8))
    with pytest.raises(ModelError, match=r"is \(4, 1, 3, 3\) in the store, \(8, 1, 3, 3\) in"):
        backend.compile(wide, store)


def test_a_part_of_a_store_is_enough(backend: TorchBackend) -> None:
    store = backend.store(nn.initial_parameters(graph(), 0))
    model = nn.trace(ResNet(8, 4), {"image": nn.batched((1, 8, 8))})
    part = model.restricted(frozenset({"image"}))
    outputs = backend.compile(part, store).predict(batch(0))["output"]
    assert np.ptp(outputs, axis=0).min() > 1e-3


def test_devices(backend: TorchBackend) -> None:
    assert backend.devices()[-1].name == "cpu"
    assert backend.store({}, backend.devices()[-1]).export().parameters == {}


@pytest.mark.parametrize(
    ("key", "array", "message"),
    [
        ("fc.bias/steps", np.ones(4, np.int64), r"\(4,\) int64, and a count"),
        ("fc.bias/steps", np.ones(10, np.float32), r"\(10,\) float32, and a count"),
        ("fc.bias/steps", np.ones((), np.float32), r"\(\) float32, and a count"),
        ("fc.bias/exp_avg", np.asarray(5), r"\(\) int64, its parameter \(10,\)"),
        ("fc.bias/exp_avg", np.ones((), np.float32), r"\(\) float32, its parameter \(10,\)"),
        ("fc.bias/exp_avg", np.float32(5), r"\(\) float32, its parameter \(10,\)"),
        ("fc.bias/exp_avg", np.ones(10), r"float64, its parameter \(10,\) float32"),
    ],
)
def test_nothing_is_loaded_where_a_slot_does_not_fit(
    backend: TorchBackend, key: str, array: np.ndarray, message: str
) -> None:
    store = trained(backend)
    before = store.export()
    parameters = {name: array * 0 + 5 for name, array in before.parameters.items()}
    with pytest.raises(StateError, match=message):
        store.load(State(parameters, {**before.slots, key: array}, 99))
    assert_equal(store.export(), before)


def test_a_slot_that_was_loaded_in_another_form_is_told(backend: TorchBackend) -> None:
    params = nn.initial_parameters(graph(), 0)
    store = backend.store(params)
    store.load(State(params, {"fc.bias/steps": np.ones(10, np.float32)}))
    with pytest.raises(
        StateError, match=r"'fc\.bias/steps' is there as a parameter, and .* keeps a count"
    ):
        backend.compile(graph(), store, train=TrainSpec(AdamW()))


def test_slots_of_what_is_not_finite_begin_at_zero(backend: TorchBackend) -> None:
    params = nn.initial_parameters(graph(), 0)
    params["fc.bias"][:] = [np.inf, -np.inf, np.nan] + [0.0] * 7
    store = backend.store(params)
    backend.compile(graph(), store, train=TrainSpec(SGD()))
    assert not store.export().slots["fc.bias/velocity"].any()


def test_arrays_of_any_order_are_taken(backend: TorchBackend) -> None:
    params = nn.initial_parameters(graph(), 0)
    turned = {name: array[::-1] for name, array in params.items()}
    store = backend.store(turned)
    np.testing.assert_array_equal(store.export().parameters["fc.weight"], turned["fc.weight"])
    store.load(State(params))
    store.load(State(turned, {"fc.bias/velocity": turned["fc.bias"]}))
    np.testing.assert_array_equal(store.export().slots["fc.bias/velocity"], turned["fc.bias"])


def test_the_position_counts_every_update_of_every_executable(backend: TorchBackend) -> None:
    store = backend.store(nn.initial_parameters(graph(), 0))
    one = backend.compile(graph(), store, train=TrainSpec(SGD(), trainable=("fc.*",)))
    two = backend.compile(graph(), store, train=TrainSpec(SGD(), trainable=("stem.*",)))
    one.train_step(batch(0))
    two.train_step(batch(0))
    gradients = two.gradients(batch(0))
    assert store.position == 2
    two.apply(gradients)
    two.predict(batch(0))
    assert store.export().position == 3
