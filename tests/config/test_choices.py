"""A searched ``type``: one spelling of each, what stays, and types that would not do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from vega_core.config import bind
from vega_core.config.signatures import Signatures
from vega_core.plugins import Catalog, Plugin, Provider

Faults = Callable[..., list[str]]
Load = Callable[..., Any]


def searching(base: str, *items: str, forbidden: str = "") -> str:
    lines = "".join(f"      - {item}\n" for item in items)
    return base.replace("  objectives", f"{lines}{forbidden}  objectives", 1)


def place(text: str, what: str) -> str:
    at = text.index(what)
    return f"file.yml:{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"


MODEL = "{key: model.type, type: CATEGORY, range: [ResNet, MLP]}"
DATA = "{key: dataset.type, type: CATEGORY, range: [Digits, Mnist]}"


def test_of_a_model_stays_what_both_networks_take(load: Load, base: str) -> None:
    step = load(searching(base, MODEL)).steps["hpo"].plain()
    assert bind(step, {"model.type": "MLP"})["model"] == {"type": "MLP", "num_classes": "auto"}
    assert bind(step, {"model.type": "ResNet"})["model"] == step["model"]


def test_overrides_and_rewrites_are_of_one_network(load: Load, base: str, catalog: Any) -> None:
    catalog.table["rewrite"]["Plain"] = dataclass(type("Plain", (), {}))
    text = searching(base, MODEL).replace(
        "depth: 8", "format: 1, overrides: {a.b: 3}, rewrites: [{type: Plain}]"
    )
    model = bind(load(text).steps["hpo"].plain(), {"model.type": "MLP"})["model"]
    assert model == {"type": "MLP", "format": 1, "num_classes": "auto"}


def test_of_a_dataset_and_a_trainer(load: Load, base: str, catalog: Any) -> None:
    @dataclass(kw_only=True)
    class Mine:
        epochs: int = 1
        optimizer: dict[str, Any] = field(default_factory=dict)

    catalog.table["trainer"]["Mine"] = Mine
    text = searching(base, DATA, "{key: trainer.type, type: CATEGORY, range: [Trainer, Mine]}")
    text = text.replace("batch_size: 64", "batch_size: 64, val: 0.2, test: 0.1")
    text = text.replace("epochs: 9", "epochs: 9\n    grad_clip: 1.0")
    step = load(text).steps["hpo"].plain()
    bound = bind(step, {"dataset.type": "Mnist", "trainer.type": "Mine"})
    assert bound["dataset"] == {"type": "Mnist", "batch_size": 64, "val": 0.2}
    assert bound["trainer"] == {
        "type": "Mine", "epochs": 9, "optimizer": {"type": "SGD", "params": {"lr": 0.1}},
    }  # fmt: skip


def test_what_another_type_needs_must_be_searched(load: Load, faults: Faults, base: str,
                                                  catalog: Any) -> None:  # fmt: skip
    @dataclass(frozen=True)
    class Deep:
        levels: int

    catalog.table["network"]["Deep"] = Deep
    text = searching(base, MODEL.replace("MLP", "Deep"))
    assert faults(text) == [
        f"{place(text, 'range: [ResNet, Deep')}: search_space.hyperparameters[1].range: Deep needs "
        "the key 'levels': search 'model.levels' as well"
    ]
    levels = "{key: model.levels, type: INT, range: [1, 3]}"
    condition = ("    condition:\n      - {child: model.levels, parent: model.type, type: EQUAL, "
                 "range: [Deep]}\n")  # fmt: skip
    text = searching(base, MODEL.replace("MLP", "Deep"), levels, forbidden=condition)
    step = load(text).steps["hpo"].plain()
    sample = {"model.levels": 2, "model.type": "Deep"}
    assert bind(step, sample)["model"] == {"type": "Deep", "levels": 2}


def test_params_never_stay(faults: Faults, load: Load, base: str) -> None:
    optimizer = "{key: trainer.optimizer.type, type: CATEGORY, range: [SGD, Adam]}"
    assert load(searching(base, optimizer))  # SGD is the configured one
    text = searching(base.replace("type: FLOAT_EXP", "type: FLOAT"), optimizer)
    text = text.replace("{type: SGD, params: {lr: 0.1}}", "{type: Adam, params: {lr: 0.1}}")
    assert load(text)  # the learning rate is searched
    text = text.replace("key: trainer.optimizer.params.lr", "key: trainer.epochs")
    text = text.replace("FLOAT, range: [1e-4, 1e-1]", "INT, range: [1, 3]")
    (line,) = faults(text)
    assert line.endswith("SGD needs the key 'lr': search 'trainer.optimizer.params.lr' as well")


def test_a_value_that_stays_must_fit_every_type(faults: Faults, base: str, catalog: Any) -> None:
    @dataclass(frozen=True)
    class Odd:
        num_classes: int
        depth: Literal["shallow", "deep"] = "deep"

    catalog.table["network"]["Odd"] = Odd
    text = searching(base, MODEL.replace("MLP", "Odd"))
    assert faults(text) == [
        f"{place(text, 'depth: 8')}: model.depth: 'model.type' may be Odd: expected 'shallow' or "
        "'deep', got 8"
    ]


SPELLINGS = [
    ("type: SGD", "type: sgd", "trainer.optimizer.type", "SGD"),
    ("type: SGD", "type: Momentum", "trainer.optimizer.type", "SGD"),
    ("type: ResNet", "type: resnet", "model.type", "ResNet"),
    ("type: Digits", "type: digits", "dataset.type", "Digits"),
    ("type: RandomShift", "type: randomshift", "dataset.transforms.0.type", "RandomShift"),
]


@pytest.mark.parametrize(("old", "new", "name", "own"), SPELLINGS)
def test_another_spelling_is_no_other_type(
    load: Load, base: str, old: str, new: str, name: str, own: str
) -> None:
    text = base.replace("batch_size: 64", "transforms: [{type: RandomShift, pixels: 2}]")
    text = searching(text.replace(old, new), f"{{key: {name}, type: CATEGORY, range: [{own}]}}")
    config = load(text)
    step = config.steps["hpo"].plain()
    assert config.notices == ()
    assert bind(step, {name: own}) == step
    path = ("hpo", *(int(key) if key.isdecimal() else key for key in name.split(".")))
    line, column = config.root.nearest(path).place[1:]
    assert f"file.yml:{line}:{column}" == place(text, new)


def test_spellings_in_the_space(load: Load, faults: Faults, base: str) -> None:
    text = searching(
        base,
        "{key: trainer.optimizer.type, type: CATEGORY, range: [momentum, Adam, Momentum]}",
        "{key: trainer.optimizer.params.momentum, type: FLOAT, range: [0, 0.9]}",
        "{key: dataset.transforms, type: CATEGORY, range: [cutout, [rotate, {type: COLOR}]]}",
        forbidden="    condition:\n      - {child: trainer.optimizer.params.momentum, parent: "
        "trainer.optimizer.type, type: EQUAL, range: [sgd]}\n"
        "    forbidden:\n      - {trainer.optimizer.type: sgd, dataset.transforms: CUTOUT}\n",
    ).replace("[momentum, Adam, Momentum]", "[Momentum, adam]")
    space = load(text).steps["hpo"].search_space
    ranges = [item["range"] for item in space["hyperparameters"]]
    assert ranges[1] == ["SGD", "Adam"]
    assert ranges[3] == ["Cutout", ["Rotate", {"type": "Color"}]]
    assert space["condition"][0]["range"] == ["SGD"]
    assert space["forbidden"] == [{"trainer.optimizer.type": "SGD", "dataset.transforms": "Cutout"}]
    twice = text.replace("[Momentum, adam]", "[Momentum, SGD]")
    assert any("hyperparameters[1].range" in line for line in faults(twice))


def test_spellings_elsewhere(load: Load, base: str) -> None:
    text = base.replace("[hpo]", "[hpo, b]").replace("AshaHpo", "ashahpo")
    text = text.replace("epochs: 9", "epochs: 9\n    metrics: [Accuracy]")
    text = f"general: {{backend: Torch}}\n{text}b:\n  pipe_step: {{type: trainpipestep}}\n"
    text += "  trainer: {ref: hpo.trainer, optimizer: {type: sgd, params: {momentum: 0.5}}}\n"
    config = load(text)
    assert config.general.backend == "torch"
    assert config.steps["hpo"].search_algorithm["type"] == "AshaHpo"
    assert config.steps["hpo"].trainer["metrics"] == ["accuracy"]
    assert config.steps["b"].pipe_step == {"type": "TrainPipeStep"}
    # A copied block of another spelling is of the same type, and so does not start anew.
    assert config.steps["b"].trainer["optimizer"] == {
        "type": "SGD", "params": {"lr": 0.1, "momentum": 0.5},
    }  # fmt: skip


def test_the_plugin_is_named_only_where_it_must_be() -> None:
    def plugin(name: str, *providers: Provider) -> Plugin:
        return Plugin(name, providers={"optimizer": providers})

    one = Provider("Lion", "a:Lion", "", aliases=("lion1",))
    other = Provider("Lion", "b:Lion", "", aliases=("lion2",))
    alone = Signatures(Catalog([plugin("one", one)]))
    for name in ("Lion", "lion", "lion1", "one:Lion", "one:lion1"):
        assert alone.own_name("optimizer", name) == "Lion"
    both = Signatures(Catalog([plugin("one", one), plugin("other", other)]))
    assert both.own_name("optimizer", "lion1") == "one:Lion"
    assert both.own_name("optimizer", "other:lion2") == "other:Lion"
    assert both.own_name("optimizer", "Lion") == "Lion"  # ambiguous: reported elsewhere
    assert both.own_name("optimizer", "Nope") == "Nope"
    assert both.own_name("network", "torch:my.Net") == "torch:my.Net"


def test_what_bind_needs_is_not_written_down(load: Load, base: str) -> None:
    config = load(searching(base, MODEL))
    assert "choices" in config.steps["hpo"].plain()
    assert "choices" not in config.effective()["hpo"]
