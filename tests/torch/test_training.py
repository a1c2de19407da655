"""Training through the backend is training by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

from vega_backend_torch.backend import TorchBackend
from vega_core import nn
from vega_core.backend import SGD, AdamW, TrainSpec
from vega_core.errors import DataError, ModelError, ShapeError
from vega_core.nn.reference import evaluate
from vega_tasks.classification.networks import MLP, ResNet

LABEL = {"label": nn.batched((), "int64")}
Batch = dict[str, np.ndarray]


class PlainBlock(torch.nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(outputs)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(outputs)
        self.project = inputs != outputs
        if self.project:
            self.conv3 = torch.nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.bn3 = torch.nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (self.bn3(self.conv3(x)) if self.project else x))


class PlainResNet8(torch.nn.Module):
    """ResNet-8 of width 4, as one writes it by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 4, 3, 1, 1, bias=False)
        self.bn = torch.nn.BatchNorm2d(4)
        self.blocks = torch.nn.ModuleList(
            [PlainBlock(4, 4, 1), PlainBlock(4, 8, 2), PlainBlock(8, 16, 2)]
        )
        self.fc = torch.nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn(self.conv(x)))
        for block in self.blocks:
            x = block(x)
        return self.fc(x.mean((2, 3)))

    def take(self, params: dict[str, np.ndarray]) -> None:
        """Copies our parameters, which come in the same order."""
        ours = [name for name in params if "running" not in name]
        theirs = dict(self.named_parameters())
        assert len(ours) == len(theirs)
        with torch.no_grad():
            for name, tensor in zip(ours, theirs.values(), strict=True):
                tensor.copy_(torch.tensor(params[name]))


def batches(count: int, size: int = 32) -> list[Batch]:
    digits = load_digits()
    images = (digits.images[:, None] / 16).astype(np.float32)
    rng = np.random.default_rng(0)
    picks = [rng.choice(len(images), size, replace=False) for _ in range(count)]
    return [{"image": images[p], "label": digits.target[p].astype(np.int64)} for p in picks]


def training_graph(network: nn.Network, smoothing: float = 0.0) -> nn.Graph:
    model = nn.trace(network, {"image": nn.batched((1, 8, 8))})
    return nn.compose(model, nn.losses.CrossEntropy(smoothing), LABEL)


RULES = {
    "SGD": (
        SGD(lr=0.1, momentum=0.9, weight_decay=1e-3, decay_all=True),
        lambda p: torch.optim.SGD(p, 0.1, 0.9, weight_decay=1e-3),
    ),
    "AdamW": (AdamW(lr=1e-2), lambda p: torch.optim.AdamW(decaying(p), 1e-2, weight_decay=1e-2)),
}


def decaying(params: list[torch.Tensor]) -> list[dict[str, Any]]:
    """Returns PyTorch's groups for decay on weights alone."""
    flat = [p for p in params if p.ndim == 1]
    return [{"params": [p for p in params if p.ndim > 1]}, {"params": flat, "weight_decay": 0}]


# Sums in another order (channels first) differ in the last bits, which Adam's division amplifies.
@pytest.mark.parametrize(
    ("rule", "layout", "tolerance"),
    [
        ("SGD", torch.contiguous_format, 1e-5),
        ("SGD", torch.channels_last, 1e-6),
        ("AdamW", torch.contiguous_format, 1e-4),
        ("AdamW", torch.channels_last, 1e-5),
    ],
)
def test_losses_are_those_of_code_written_by_hand(
    backend: TorchBackend, rule: str, layout: torch.memory_format, tolerance: float
) -> None:
    ours, theirs = RULES[rule]
    graph = training_graph(ResNet(8, 4), smoothing=0.1)
    params = nn.initial_parameters(graph, 0)
    executable = backend.compile(graph, backend.store(params), train=TrainSpec(ours))
    module = PlainResNet8().to(memory_format=layout)
    module.take(params)
    optimizer = theirs(list(module.parameters()))  # type: ignore[no-untyped-call]
    first = last = 0.0
    for step, batch in enumerate(batches(25)):
        result = executable.train_step(batch)
        scores = module(torch.tensor(batch["image"]).to(memory_format=layout))
        loss = F.cross_entropy(scores, torch.tensor(batch["label"]), label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        value = loss.item()
        assert float(result.loss) == pytest.approx(value, rel=tolerance)
        assert np.ptp(result["output"], axis=0).min() > 1e-3
        first, last = (value, last) if step == 0 else (first, value)
    assert last < 0.8 * first
    module.eval()
    batch = batches(1)[0]
    outputs = executable.predict(batch)["output"]
    assert np.ptp(outputs, axis=0).min() > 0.1
    np.testing.assert_allclose(
        outputs, module(torch.tensor(batch["image"])).detach().numpy(), rtol=1e-3, atol=1e-3
    )


def test_one_step_is_the_references(backend: TorchBackend) -> None:
    graph = training_graph(ResNet(8, 4))
    params = nn.initial_parameters(graph, 1)
    store = backend.store(params)
    executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.0)))
    batch = batches(1, 16)[0]
    exact = {name: array.astype(np.float64) for name, array in params.items()}
    expected = evaluate(graph, exact, batch, mode="train")
    result = executable.train_step(batch)
    assert float(result.loss) == pytest.approx(float(expected.outputs["loss"]), rel=1e-5)
    assert np.ptp(result["output"], axis=0).min() > 1e-2
    np.testing.assert_allclose(result["output"], expected.outputs["output"], rtol=1e-4, atol=1e-5)
    after = store.export().parameters
    assert len(expected.statistics) == 18
    for name, array in expected.statistics.items():
        np.testing.assert_allclose(after[name], array, rtol=1e-4, atol=1e-6)
        assert not np.array_equal(after[name], params[name])


def test_gradients_and_apply_are_a_train_step(backend: TorchBackend) -> None:
    graph = training_graph(MLP(10, (16,), 0.2))
    states = []
    for fused in (True, False):
        store = backend.store(nn.initial_parameters(graph, 0))
        executable = backend.compile(graph, store, train=TrainSpec(AdamW(lr=0.01), clip_norm=0.5))
        for batch in batches(3):
            if fused:
                executable.train_step(batch, {"seed": 5})
            else:
                executable.apply(executable.gradients(batch, {"seed": 5}))
        states.append(store.export())
    for name, array in states[0].parameters.items():
        np.testing.assert_array_equal(array, states[1].parameters[name])
    assert states[0].position == states[1].position == 3


def test_gradients_add_and_scale(backend: TorchBackend) -> None:
    graph = training_graph(MLP(10, (16,)))
    store = backend.store(nn.initial_parameters(graph, 0))
    executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=1.0)))
    one, two = batches(2, 16)
    both = {name: np.concatenate([one[name], two[name]]) for name in one}
    mean = 0.5 * (executable.gradients(one) + executable.gradients(two))
    whole = executable.gradients(both)
    assert mean.names == whole.names == tuple(graph.parameters)
    for name in whole.names:
        np.testing.assert_allclose(mean[name], whole[name], rtol=1e-4, atol=1e-6)
    before = store.export()
    store.add(whole, -2.0)
    after = store.export()
    for name in whole.names:
        expected = before.parameters[name] - 2 * whole[name]
        np.testing.assert_allclose(after.parameters[name], expected, rtol=1e-5, atol=1e-6)
    assert after.position == 0


def test_what_is_not_trained_keeps_its_bytes(backend: TorchBackend) -> None:
    graph = training_graph(ResNet(8, 4))
    store = backend.store(nn.initial_parameters(graph, 0))
    spec = TrainSpec(
        SGD(lr=0.1, momentum=0.9, weight_decay=0.1, decay_all=True),
        trainable=("fc.*", "layer3.*"),
        statistics=("layer3.*",),
    )
    everything = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1, momentum=0.9)))
    everything.train_step(batches(1)[0])
    part = backend.compile(graph, store, train=spec)
    before = store.export()
    for batch in batches(3):
        part.train_step(batch)
    after = store.export()
    for name in graph.parameters:
        same = before.parameters[name].tobytes() == after.parameters[name].tobytes()
        assert same == (not name.startswith(("fc", "layer3"))), name
    for key in before.slots:
        same = before.slots[key].tobytes() == after.slots[key].tobytes()
        assert same == (not key.startswith(("fc", "layer3"))), key


def test_a_parameter_that_the_loss_does_not_reach_is_left_alone(backend: TorchBackend) -> None:
    class Two(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            x = nn.flatten(x)
            return {name: nn.Linear(10, name=name)(x) for name in ("used", "idle")}

    graph = nn.compose(
        nn.trace(Two(), {"image": nn.batched((1, 8, 8))}),
        nn.losses.CrossEntropy(output="used"),
        LABEL,
    )
    store = backend.store(nn.initial_parameters(graph, 0))
    executable = backend.compile(
        graph, store, train=TrainSpec(AdamW(lr=0.1, weight_decay=0.5, decay_all=True))
    )
    before = store.export()
    executable.train_step(batches(1)[0])
    after = store.export()
    for name in graph.parameters:
        assert np.array_equal(before.parameters[name], after.parameters[name]) == (
            name.startswith("idle")
        )
    assert after.slots["idle.weight/steps"] == 0


def test_a_fixed_mode_holds_in_training(backend: TorchBackend) -> None:
    graph = training_graph(ResNet(8, 4, mode="eval"))
    store = backend.store(nn.initial_parameters(graph, 0))
    executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))
    batch = batches(1)[0]
    predicted = executable.predict(batch)["output"]
    before = store.export().parameters
    result = executable.train_step(batch)
    np.testing.assert_allclose(result["output"], predicted, rtol=1e-5, atol=1e-6)
    after = store.export().parameters
    moved = [name for name in before if not np.array_equal(before[name], after[name])]
    assert moved
    assert not any("running" in name for name in moved)


def test_controls_never_compile(backend: TorchBackend) -> None:
    """20 trials over rates at one architecture build what one trial builds."""
    batch = batches(1)[0]
    counts = set()
    for trial in range(20):
        graph = training_graph(MLP(10, (16,), dropout=0.02 * trial))
        optimizer = SGD(lr=0.1 / (trial + 1), momentum=0.04 * trial, weight_decay=1e-4 * trial)
        store = backend.store(nn.initial_parameters(graph, trial))
        executable = backend.compile(graph, store, train=TrainSpec(optimizer))
        executable.train_step(batch, {"seed": trial})
        executable.predict(batch)
        counts.add(backend.compiles)
    assert counts == {2}
    for step in range(100):
        executable.train_step(batch, {"drop1.rate": step / 200, "lr": 0.1 / (step + 1)})
    small = {name: array[:5] for name, array in batch.items()}
    executable.train_step(small)
    assert backend.compiles == 2
    nn_deeper = training_graph(MLP(10, (16, 16)))
    backend.compile(
        nn_deeper,
        backend.store(nn.initial_parameters(nn_deeper, 0)),
        train=TrainSpec(SGD()),
    )
    assert backend.compiles == 3


def test_defaults_of_controls_are_the_trials_own(backend: TorchBackend) -> None:
    """A program is shared between trials; the rates in their descriptions are not."""
    batch = batches(1, 64)[0]
    kept = []
    for rate in (0.0, 0.9):
        graph = training_graph(MLP(10, (64,), dropout=rate))
        store = backend.store(nn.initial_parameters(graph, 0))
        executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))
        executable.train_step(batch)
        kept.append(store.export().parameters["head.weight"])
    assert not np.allclose(kept[0], kept[1])


def test_predict_gives_what_the_batch_reaches(backend: TorchBackend) -> None:
    graph = training_graph(ResNet(8, 4))
    executable = backend.compile(graph, backend.store(nn.initial_parameters(graph, 0)))
    batch = batches(1)[0]
    both = executable.predict(batch)
    alone = executable.predict({"image": batch["image"]})
    assert sorted(both) == ["loss", "output"]
    assert list(alone) == ["output"]
    np.testing.assert_array_equal(both["output"], alone["output"])
    for size in (1, 7):
        part = executable.predict({"image": batch["image"][:size]})["output"]
        np.testing.assert_allclose(part, alone["output"][:size], rtol=1e-4, atol=1e-5)
    with pytest.raises(DataError, match=r"reaches no output; it lacks \['image'\]"):
        executable.predict({"label": batch["label"]})
    with pytest.raises(ModelError, match="only predicts"):
        executable.train_step(batch)


def test_ignored_labels_do_not_count(backend: TorchBackend) -> None:
    graph = training_graph(MLP(10))
    executable = backend.compile(graph, backend.store(nn.initial_parameters(graph, 0)))
    batch = batches(1, 8)[0]
    part = {name: array[:5] for name, array in batch.items()}
    batch["label"][5:] = -100
    assert executable.predict(batch)["loss"] == pytest.approx(executable.predict(part)["loss"])


def test_read_only_arrays_are_welcome(backend: TorchBackend) -> None:
    graph = training_graph(MLP(10))
    batch = batches(1)[0]
    for array in batch.values():
        array.flags.writeable = False
    params = nn.initial_parameters(graph, 0)
    for array in params.values():
        array.flags.writeable = False
    executable = backend.compile(graph, backend.store(params), train=TrainSpec(SGD()))
    executable.train_step(batch)
    executable.predict(batch)


def test_faults_of_a_step_change_nothing(backend: TorchBackend) -> None:
    graph = training_graph(ResNet(8, 4))
    store = backend.store(nn.initial_parameters(graph, 0))
    executable = backend.compile(graph, store, train=TrainSpec(SGD()))
    before = store.export()
    batch = batches(1)[0]
    with pytest.raises(DataError, match="no field 'label'"):
        executable.train_step({"image": batch["image"]})
    with pytest.raises(DataError, match=r"\(32, 8, 8\), and the graph reads \(N, 1, 8, 8\)"):
        executable.train_step({**batch, "image": batch["image"][:, 0]})
    with pytest.raises(ModelError, match="no control 'momentun'; did you mean 'momentum'"):
        executable.train_step(batch, {"momentun": 0.1})
    tiny = nn.compose(
        nn.trace(ResNet(8, 4), {"image": nn.batched((1, 1, 1))}), nn.losses.CrossEntropy(), LABEL
    )
    one = {"image": np.zeros((1, 1, 1, 1), np.float32), "label": np.zeros(1, np.int64)}
    with pytest.raises(ShapeError, match="more than one value a channel"):
        backend.compile(
            tiny, backend.store(nn.initial_parameters(tiny, 0)), train=TrainSpec(SGD())
        ).train_step(one)
    after = store.export()
    assert after.position == 0
    for name, array in before.parameters.items():
        np.testing.assert_array_equal(array, after.parameters[name])


def test_bfloat16_is_close(backend: TorchBackend) -> None:
    graph = training_graph(MLP(10, (32,)))
    losses = []
    for precision in ("float32", "bfloat16"):
        store = backend.store(nn.initial_parameters(graph, 0))
        spec = TrainSpec(SGD(lr=0.1), precision=precision)  # type: ignore[arg-type]
        executable = backend.compile(graph, store, train=spec)
        losses.append([float(executable.train_step(batch).loss) for batch in batches(5)])
        assert store.export().parameters["fc1.weight"].dtype == np.float32
    assert losses[0] == pytest.approx(losses[1], rel=2e-2)
    assert losses[0] != losses[1]


def test_a_loss_that_reaches_nothing_trained_changes_nothing(backend: TorchBackend) -> None:
    class Two(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            x = nn.flatten(x)
            return {name: nn.Linear(10, name=name)(x) for name in ("used", "idle")}

    model = nn.trace(Two(), {"image": nn.batched((1, 8, 8))})
    graph = nn.compose(model, nn.losses.CrossEntropy(output="used"), LABEL)
    store = backend.store(nn.initial_parameters(graph, 0))
    spec = TrainSpec(SGD(lr=0.1), trainable=("idle.*",))
    executable = backend.compile(graph, store, train=spec)
    assert executable.gradients(batches(1)[0]).names == ()
    executable.train_step(batches(1)[0])
    assert store.position == 1


def test_results_in_bfloat16_are_read_as_float32(backend: TorchBackend) -> None:
    graph = training_graph(MLP(10, (32,)))
    batch = batches(1)[0]
    outputs = []
    for precision in ("float32", "bfloat16"):
        store = backend.store(nn.initial_parameters(graph, 0))
        spec = TrainSpec(SGD(lr=0.1), precision=precision)  # type: ignore[arg-type]
        executable = backend.compile(graph, store, train=spec)
        outputs.append(executable.train_step(batch)["output"])
    assert outputs[1].dtype == np.float32
    np.testing.assert_allclose(outputs[0], outputs[1], atol=2e-2)
    assert np.ptp(outputs[1], axis=0).min() > 1e-3
    assert not np.array_equal(outputs[0], outputs[1])


def test_the_norm_counts_what_is_trained_alone(backend: TorchBackend) -> None:
    graph = training_graph(MLP(10, (16,)))
    store = backend.store(nn.initial_parameters(graph, 0))
    whole = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))
    head = TrainSpec(SGD(lr=0.1), trainable=("head.*",), clip_norm=1e-3)
    part = backend.compile(graph, store, train=head)
    batch = batches(1)[0]
    before = store.export()
    part.apply(whole.gradients(batch))
    after = store.export().parameters
    moved = {name: array - before.parameters[name] for name, array in after.items()}
    norm = np.sqrt(sum(float((change**2).sum()) for change in moved.values()))
    assert norm == pytest.approx(0.1 * 1e-3, rel=1e-2)
    assert {name for name, change in moved.items() if change.any()} == {"head.weight", "head.bias"}
    store.load(before)
    part.train_step(batch)
    np.testing.assert_array_equal(store.export().parameters["head.weight"], after["head.weight"])


def test_labels_of_32_bits_train(backend: TorchBackend) -> None:
    model = nn.trace(MLP(10), {"image": nn.batched((1, 8, 8))})
    losses = []
    for dtype in ("int32", "int64"):
        label = {"label": nn.batched((), dtype)}
        graph = nn.compose(model, nn.losses.CrossEntropy(), label)
        store = backend.store(nn.initial_parameters(graph, 0))
        executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))
        batch = batches(1)[0]
        batch["label"] = batch["label"].astype(dtype)
        losses.append(float(executable.train_step(batch).loss))
    assert losses[0] == losses[1]


def test_batches_may_be_views_that_run_backwards(backend: TorchBackend) -> None:
    graph = training_graph(MLP(10))
    executable = backend.compile(graph, backend.store(nn.initial_parameters(graph, 0)))
    batch = batches(1)[0]
    mirrored = {"image": batch["image"][..., ::-1], "label": batch["label"][::-1]}
    copied = {name: array.copy() for name, array in mirrored.items()}
    one, two = executable.predict(mirrored), executable.predict(copied)
    np.testing.assert_array_equal(one["output"], two["output"])
    assert one["loss"] == two["loss"]


def test_losses_by_name_train_on_their_sum(backend: TorchBackend) -> None:
    def several(outputs: Any, targets: Any) -> dict[str, nn.Tensor]:
        scores = outputs["output"]
        main = nn.losses.cross_entropy(scores, targets["label"])
        return {"ce": main, "aux": nn.losses.mse(scores, scores * 0.5)}

    model = nn.trace(MLP(10), {"image": nn.batched((1, 8, 8))})
    graph = nn.compose(model, several, LABEL)
    states = []
    for losses in (("loss",), ("ce", "aux")):
        store = backend.store(nn.initial_parameters(graph, 0))
        spec = TrainSpec(SGD(lr=0.1), losses=losses)
        result = backend.compile(graph, store, train=spec).train_step(batches(1)[0])
        assert float(result.loss) == pytest.approx(float(result["ce"] + result["aux"]))
        states.append(store.export().parameters)
    for name, array in states[0].items():
        np.testing.assert_allclose(array, states[1][name], rtol=1e-6)
