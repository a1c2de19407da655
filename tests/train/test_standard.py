from __future__ import annotations

import json
import math

import numpy as np
import pytest

from vega_core import nn
from vega_core.data import ArrayDataset, Field, Task
from vega_core.errors import ConfigError, DataError, ModelError, NotFiniteError, StateError
from vega_core.train import BEST, EVENTS, Callback, LocalHost
from vega_core.train.standard import StandardTrainer

torch = pytest.importorskip("torch")

MLP = {"type": "MLP", "hidden": [32], "dropout": 0.2, "num_classes": "auto"}
SGD = {"type": "SGD", "params": {"lr": 0.1, "momentum": 0.9}}
COSINE = {"type": "CosineAnnealing"}


@pytest.fixture(scope="module")
def backend():
    from vega_backend_torch.backend import TorchBackend

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield TorchBackend()
    torch.set_num_threads(threads)


@pytest.fixture
def train(make_context, backend):
    """Runs one evaluation; evaluations that are given one host are of one trial."""

    def train(budget=None, *, host=None, config=None, extra=None, attributes=None, **parameters):
        base = {
            "dataset": {"type": "Digits", "transforms": [{"type": "RandomShift", "pixels": 1}]},
            "model": MLP,
        }
        attributes = {"seed": 7, **(attributes or {})}
        context = make_context(
            {**base, **(config or {})},
            extra=extra,
            budget=budget,
            make_backend=lambda: backend,
            host=host or LocalHost(),
            **attributes,
        )
        defaults = {"optimizer": SGD, "lr_scheduler": COSINE, "epochs": 3}
        trainer = StandardTrainer(**{**defaults, **parameters})
        return trainer.run(context), trainer

    return train


def same_state(first, second):
    one, two = first.to_arrays(), second.to_arrays()
    return one.keys() == two.keys() and all(
        one[name].dtype == two[name].dtype and one[name].tobytes() == two[name].tobytes()
        for name in one
    )


@pytest.mark.parametrize(
    "model", [{"type": "MLP", "hidden": [64]}, {"type": "ResNet", "depth": 8, "width": 8}]
)
def test_a_small_network_learns_the_digits(train, model):
    host = LocalHost()
    config = {"model": {**model, "num_classes": "auto"}, "dataset": {"type": "Digits"}}
    metrics, trainer = train(host=host, config=config, epochs=5, attributes={"splits": ("test",)})
    assert metrics["accuracy"] > 0.9
    assert metrics["test_accuracy"] > 0.9
    assert [step for step, _ in host.reports] == [1, 2, 3, 4, 5]
    assert host.reports[-1][1] == {key: metrics[key] for key in ("train_loss", "loss", "accuracy")}
    assert host.reports[-1][1]["loss"] < host.reports[0][1]["loss"]
    assert trainer.setup.model.description["num_classes"] == 10


@pytest.mark.parametrize("steps", [0, 1, 7, 18, 19, 30, 54])
def test_a_run_that_was_stopped_ends_with_the_same_bytes(train, stops_at, steps):
    straight = LocalHost()
    expected, _ = train(host=straight)
    broken = stops_at(steps)
    train(host=broken)
    broken.left = math.inf
    assert broken.checkpoints["last"][1]["step"] < 54 or steps == 54
    again = json.loads(json.dumps(broken.checkpoints["last"][1]))
    broken.checkpoints["last"] = (broken.checkpoints["last"][0], again)
    metrics, _ = train(host=broken)
    assert metrics == expected
    assert same_state(broken.checkpoints["last"][0], straight.checkpoints["last"][0])
    assert broken.checkpoints["last"][1] == straight.checkpoints["last"][1]
    assert broken.reports == straight.reports


def test_a_promoted_trial_continues_its_schedule(train):
    straight, promoted = LocalHost(), LocalHost()
    expected, _ = train(3, host=straight)
    first, _ = train(1, host=promoted)
    assert first == straight.reports[0][1]
    assert promoted.checkpoints["last"][1]["epoch"] == 1
    metrics, _ = train(3, host=promoted)
    assert metrics == expected
    assert promoted.reports == straight.reports
    assert same_state(promoted.checkpoints["last"][0], straight.checkpoints["last"][0])


def test_a_budget_may_be_a_part_of_an_epoch(train):
    straight, pieces = LocalHost(), LocalHost()
    expected, _ = train(2, host=straight)
    for budget in (0.5, 1.25, 2):
        metrics, _ = train(budget, host=pieces)
    assert [step for step, _ in pieces.reports] == [0.5, 1, pytest.approx(1.25, abs=0.05), 2]
    assert metrics == expected
    assert same_state(pieces.checkpoints["last"][0], straight.checkpoints["last"][0])


def test_an_evaluation_that_was_finished_already_gives_its_metrics_again(train):
    host = LocalHost()
    expected, _ = train(2, host=host, attributes={"splits": ("test",)})
    reports = list(host.reports)
    assert train(2, host=host, attributes={"splits": ("test",)})[0] == expected
    assert host.reports == reports


def test_the_seed_decides(train):
    first, second, third = LocalHost(), LocalHost(), LocalHost()
    train(1, host=first)
    train(1, host=second)
    train(1, host=third, attributes={"seed": 8})
    assert same_state(first.checkpoints["last"][0], second.checkpoints["last"][0])
    assert not same_state(first.checkpoints["last"][0], third.checkpoints["last"][0])


def test_the_schedule_spans_the_largest_budget(train):
    _, trainer = train(1, epochs=None, attributes={"max_budget": 9})
    assert trainer.setup.rates.epochs == 9
    _, trainer = train(1, epochs=4)
    assert trainer.setup.rates.epochs == 4
    with pytest.raises(ConfigError, match=r"trainer\.epochs is 2, but the search gives budgets up"):
        train(3, epochs=2)


def test_early_stop_ends_the_trial_for_good(train):
    host = LocalHost()
    stop = {"metric": "accuracy", "patience": 1, "min_delta": 0.9}
    metrics, _ = train(3, host=host, early_stop=stop)
    assert [step for step, _ in host.reports] == [1, 2]
    position = host.checkpoints["last"][1]
    assert position["stopped"] == "'accuracy' has not improved for 1 validations"
    assert train(3, host=host, early_stop=stop)[0] == metrics
    assert len(host.reports) == 2


def test_a_loss_that_is_not_finite_ends_the_trial(train):
    host = LocalHost()
    optimizer = {"type": "SGD", "params": {"lr": 1e12}}
    with pytest.raises(NotFiniteError, match=r"loss is (nan|inf)"):
        train(host=host, optimizer=optimizer, lr_scheduler={"type": "Constant"})
    assert not host.checkpoints


def test_callbacks_are_called_in_the_documented_order(train):
    log = []

    def note(event):
        return lambda self, progress, *args: log.append((event, progress.epoch))

    recorder = type("Recorder", (Callback,), {event: note(event) for event in EVENTS})
    train(
        2,
        config={"dataset": {"type": "Digits", "batch_size": 560}},
        extra={"Recorder": recorder},
        callbacks=["Recorder"],
    )
    epochs = [
        [
            ("before_epoch", start),
            ("after_step", start + 0.5),
            ("after_step", start + 1),
            ("before_valid", start + 1),
            ("after_valid", start + 1),
            ("after_epoch", start + 1),
        ]
        for start in (0, 1)
    ]
    assert log == [("before_train", 0), *epochs[0], *epochs[1], ("after_train", 2)]


def test_callbacks_keep_their_state_in_the_checkpoint(train):
    class Counter(Callback):
        steps = 0

        def after_step(self, progress, result):
            assert float(result.loss) > 0
            self.steps += 1

        def state(self):
            return {"steps": self.steps}

        def load_state(self, state):
            self.steps = state["steps"]

    host = LocalHost()
    for budget in (1, 2):
        train(budget, host=host, extra={"Counter": Counter}, callbacks=[{"type": "Counter"}])
    assert host.checkpoints["last"][1]["callbacks"] == [{"steps": 36}]


def test_the_best_checkpoint_is_what_the_trial_ends_with(train):
    host = LocalHost()
    metrics, trainer = train(
        host=host,
        callbacks=[{"type": "BestCheckpoint", "metric": "accuracy"}, "ProgressLog"],
        optimizer={"type": "SGD", "params": {"lr": 1.0, "momentum": 0.95}},
        lr_scheduler={"type": "Constant"},
        grad_clip=1.0,
    )
    best = max(value["accuracy"] for _, value in host.reports)
    assert metrics["accuracy"] == best
    state, position = host.checkpoints[BEST]
    assert position["metrics"] == metrics
    assert same_state(trainer.state()[0], state)
    assert host.checkpoints["last"][1]["step"] == 54


def test_validation_and_checkpoints_come_as_often_as_asked(train):
    class Counting(LocalHost):
        saves = ()

        def save(self, state, position, name):
            super().save(state, position, name)
            self.saves = (*self.saves, position["epoch"])

    host = Counting()
    train(5, host=host, epochs=5, valid_interval=2, checkpoint_every=3)
    assert host.saves == (3, 5)
    assert ["loss" in metrics for _, metrics in host.reports] == [False, True, False, True, True]
    assert all("train_loss" in metrics for _, metrics in host.reports)
    host = Counting()
    train(2, host=host, valid_interval=0, checkpoint_every=0)
    assert host.saves == (2,)
    assert ["loss" in metrics for _, metrics in host.reports] == [False, True]


def test_parameters_that_were_handed_over_are_the_start(train):
    host = LocalHost()
    train(1, host=host)
    given = dict(host.checkpoints["last"][0].parameters)
    optimizer = {"type": "SGD", "params": {"lr": 0.0}}
    _, trainer = train(1, optimizer=optimizer, attributes={"parameters": given})
    ours = trainer.state()[0].parameters
    assert all(np.array_equal(ours[name], given[name]) for name in given)
    with pytest.raises(ModelError, match=r"'fc1.weight' \[32, 64\] float32 was handed over"):
        train(1, config={"model": {**MLP, "hidden": [16]}}, attributes={"parameters": given})
    exact = {name: array.astype("f8") for name, array in given.items()}
    with pytest.raises(ModelError, match=r"\[32, 64\] float64 was handed over, but .* float32"):
        train(1, attributes={"parameters": exact})


@pytest.mark.parametrize("lacking", [["fc1.bias"], ["fc1.weight", "head.bias"], None])
def test_parameters_that_are_handed_over_in_part_are_refused(train, lacking):
    host = LocalHost()
    train(1, host=host)
    given = dict(host.checkpoints["last"][0].parameters)
    for name in list(given) if lacking is None else lacking:
        del given[name]
    named = ", ".join(lacking or ["fc1.bias"])
    with pytest.raises(ModelError, match=rf"of the network's 4 parameters were not .*: {named}"):
        train(1, attributes={"parameters": given})


def learnt_weight(outputs, targets):
    scores = nn.Linear(10, name="projection")(outputs["output"])
    return nn.losses.cross_entropy(scores, targets["label"])


def test_parameters_of_the_loss_need_not_be_handed_over(train):
    host = LocalHost()
    options = {"loss": {"type": "Learnt"}, "extra": {"Learnt": lambda: learnt_weight}}
    train(1, host=host, **options)
    given = dict(host.checkpoints["last"][0].parameters)
    own = {name: array for name, array in given.items() if not name.startswith("loss.")}
    assert len(own) == len(given) - 2
    _, trainer = train(1, attributes={"parameters": own}, **options)
    assert trainer.setup.store.position > 0


def test_a_checkpoint_of_another_network_is_refused(train):
    host = LocalHost()
    train(1, host=host)
    with pytest.raises(StateError, match=r"fc1\.weight"):
        train(2, host=host, config={"model": {**MLP, "hidden": [16]}})


class Regression(ArrayDataset):
    task = Task("Regression", ("image",), ("target",), {"type": "MSE", "target": "target"})

    def __init__(self, split):
        x = np.random.default_rng(len(split)).normal(size=(100, 3)).astype("f4")
        super().__init__({"image": x, "target": (x @ np.array([[1], [2], [3]], "f4")) + 1})


def test_a_regression_trains_on_its_own_task(train):
    metrics, _ = train(
        20,
        epochs=20,
        config={
            "dataset": {"type": "Regression", "batch_size": 10},
            "model": {"type": "MLP", "hidden": [], "num_classes": 1},
        },
        extra={"Regression": Regression},
        optimizer={"type": "SGD", "params": {"lr": 0.05}},
    )
    assert metrics.keys() == {"train_loss", "loss"}
    assert metrics["loss"] < 1e-3


class Untasked(ArrayDataset):
    def __init__(self, split):
        super().__init__({"image": np.zeros((100, 3), "f4")})


class Mislabelled(ArrayDataset):
    task = Task("Classification", ("image",), ("label",), {"type": "CrossEntropy"})

    def __init__(self, split):
        super().__init__({"image": np.zeros((100, 3), "f4")})

    def __getitems__(self, indices):
        return {**super().__getitems__(indices), "label": np.full(len(indices), 3)}

    def spec(self):
        return {**super().spec(), "label": Field("int64", classes=3)}


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        ({"dataset": None}, ConfigError, "dataset: this trainer needs data"),
        ({"dataset": {"batch_size": 4}}, ConfigError, "has no 'type'"),
        ({"dataset": {"type": "Digits", "vall": 0.2}}, ConfigError, "dataset 'Digits': got an"),
        ({"dataset": {"type": "Digits", "batch_size": 5000}}, DataError, "only 1168 samples"),
        ({"dataset": {"type": "Untasked"}}, ConfigError, "Untasked states no task"),
        ({"dataset": {"type": "Mislabelled"}}, DataError, "value 3 at position 0 is outside"),
        ({"model": None}, ConfigError, "model: this trainer needs a network"),
        ({"model": {"type": "MLP", "hiden": [3]}}, ModelError, "hidden"),
    ],
)
def test_faults_of_the_configuration_are_named(train, config, error, message):
    with pytest.raises(error, match=message):
        train(config=config, extra={"Untasked": Untasked, "Mislabelled": Mislabelled})


class Unbounded(ArrayDataset):
    """Labels of which it is not said how many there are, one of each split as wanted."""

    task = Task("Classification", ("image",), ("label",), {"type": "CrossEntropy"})

    def __init__(self, split, *, train=1, val=1, test=1):
        label = np.arange(100) % 3
        label[50] = {"train": train, "val": val, "test": test}[split]
        super().__init__({"image": np.zeros((100, 3), "f4"), "label": label})


@pytest.mark.parametrize("split", ["train", "val", "test"])
@pytest.mark.parametrize(("label", "ignored"), [(3, -100), (-1, -100), (-100, 255)])
def test_labels_that_the_network_does_not_know_are_named(train, split, label, ignored):
    message = rf"Unbounded: field 'label' holds the label {label}, and .* 3 classes apart: 0 \.\. 2"
    with pytest.raises(DataError, match=message):
        train(
            config={
                "dataset": {"type": "Unbounded", "batch_size": 10, split: label},
                "model": {"type": "MLP", "hidden": [], "num_classes": 3},
            },
            extra={"Unbounded": Unbounded},
            attributes={"splits": ("test",)},
            loss={"type": "CrossEntropy", "ignore_index": ignored},
            metrics=[],
        )


@pytest.mark.parametrize(("label", "ignored"), [(2, -100), (-100, -100), (255, 255)])
def test_labels_that_do_not_count_may_be_any(train, label, ignored):
    metrics, _ = train(
        config={
            "dataset": {"type": "Unbounded", "batch_size": 10, "train": label, "val": label},
            "model": {"type": "MLP", "hidden": [], "num_classes": 3},
        },
        extra={"Unbounded": Unbounded},
        loss={"type": "CrossEntropy", "ignore_index": ignored},
        metrics=[],
    )
    assert math.isfinite(metrics["loss"])


def test_a_network_with_too_few_scores_is_refused(train):
    message = "the network tells 5 classes apart, and 'label' of the data has 10; num_classes: auto"
    with pytest.raises(ModelError, match=message):
        train(config={"model": {"type": "MLP", "num_classes": 5}})
    metrics, _ = train(1, config={"model": {"type": "MLP", "num_classes": 12}})
    assert metrics["accuracy"] > 0


def test_a_trial_without_a_backend_says_so(make_context):
    context = make_context({"dataset": {"type": "Digits"}, "model": MLP})
    with pytest.raises(Exception, match=r"no backend; set general\.backend"):
        StandardTrainer().run(context)


@pytest.mark.parametrize("name", ["epochs", "report_every", "valid_interval"])
def test_counts_that_cannot_be_are_named(name):
    with pytest.raises(ConfigError, match=rf"trainer\.{name} must be at least ., not -1"):
        StandardTrainer(**{name: -1})
