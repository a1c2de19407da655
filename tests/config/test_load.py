"""Configurations with faults: each told with its place, all of them at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from vega_core.config import InvalidConfigError, bind, load_config

Faults = Callable[..., list[str]]
Load = Callable[..., Any]


def test_a_sound_configuration(load: Load, base: str) -> None:
    config = load(base)
    assert config.pipeline == ["hpo"]
    assert config.general.backend == "torch"
    assert config.general.workers == 1
    assert config.steps["hpo"].trainer["optimizer"] == {"type": "SGD", "params": {"lr": 0.1}}
    assert config.steps["hpo"].plain()["objectives"] == {"accuracy": "max"}
    assert config.source == "file.yml"
    assert config.notices == ()


def test_a_configuration_is_frozen(load: Load, base: str) -> None:
    config = load(base)
    with pytest.raises(ValueError, match="frozen"):
        config.general.workers = 3


def test_a_mapping_of_the_same_form(catalog: Any, load: Load, base: str) -> None:
    data = load(base).effective()
    config = load_config(data, catalog=catalog)
    assert config.effective() == data
    data["hpo"]["trainer"]["epochs"] = "9"
    with pytest.raises(InvalidConfigError) as caught:
        load_config(data, catalog=catalog)
    assert str(caught.value) == (
        "configuration: hpo.trainer.epochs: expected a whole number, got the text '9'"
    )


# What is exchanged in the sound configuration, what the fault points at, and the rest of its line.
MISTAKES = [
    # unknown key, at every level
    ("trainer:", "trainr:", "trainr", "trainr: unknown key; did you mean 'trainer'?"),
    ("epochs: 9", "epoch: 9", "epoch:",
     "trainer.epoch: unknown key; did you mean 'epochs'?"),
    ("num_samples: 9", "num_samples: 9, eat: 3", "eat:",
     "search_algorithm.eat: unknown key; did you mean 'eta'?"),
    ("params: {lr", "parms: {lr", "parms:",
     "trainer.optimizer.parms: unknown key; did you mean 'params'?"),
    ("{lr: 0.1}", "{lr: 0.1, momentun: 0.9}", "momentun",
     "trainer.optimizer.params.momentun: unknown key; did you mean 'momentum'?"),
    ("{lr: 0.1}", "{lr: 0.1, xyz: 0.9}", "xyz",
     "trainer.optimizer.params.xyz: unknown key; SGD takes: lr, momentum, weight_decay"),
    ("hyperparameters:", "hyperparams:", "hyperparams",
     "search_space.hyperparams: unknown key; did you mean 'hyperparameters'?"),
    ("depth: 8", "dept: 8", "dept", "model.dept: unknown key; did you mean 'depth'?"),
    ("pipeline: [hpo]", "pipeline: [hpo]\ngenral: {}", "genral",
     "genral: unknown key 'genral'; did you mean 'general'?"),
    ("pipeline: [hpo]", "pipeline: [hpo]\ngeneral: {sed: 1}", "sed",
     "general.sed: unknown key; did you mean 'seed'?"),
    # wrong type
    ("epochs: 9", "epochs: nine", "epochs: nine",
     "trainer.epochs: expected a whole number, got the text 'nine'"),
    ("epochs: 9", "epochs: 9.0", "epochs: 9",
     "trainer.epochs: expected a whole number, got 9.0"),
    ("lr: 0.1", "lr: '0.1'", "lr: '",
     "trainer.optimizer.params.lr: expected a number, got the text '0.1'"),
    ("lr: 0.1", "lr: true", "lr: true",
     "trainer.optimizer.params.lr: expected a number, got true"),
    ("batch_size: 64", "batch_size: 0", "batch_size",
     "dataset.batch_size: expected greater than or equal to 1, got 0"),
    ("trainer:", "trainer: 3\nspare:", "trainer: 3", "trainer: expected a mapping, got 3"),
    ("{accuracy: max}", "{accuracy: up}", "accuracy",
     "objectives.accuracy: expected 'max', 'min', 'maximize', 'minimize', 'maximise' or "
     "'minimise', got the text 'up'"),
    ("{accuracy: max}", "3", "objectives",
     "objectives: expected text or a list or a mapping, got 3"),
    ("pipeline: [hpo]", "pipeline: [hpo]\ngeneral: {workers: 2.5}", "workers",
     "general.workers: expected a whole number, got 2.5"),
    ("pipeline: [hpo]", "pipeline: [hpo]\ngeneral: {workers: -1}", "workers",
     "general.workers: expected greater than or equal to 0, got -1"),
    ("pipeline: [hpo]", "pipeline: [hpo]\ngeneral: {trial_timeout: .inf}", "trial_timeout",
     "general.trial_timeout: expected a finite number, got inf"),
    ("pipeline: [hpo]", "pipeline: hpo", "pipeline",
     "pipeline: expected a list of steps, got the text 'hpo'"),
    ("pipeline: [hpo]", "pipeline: []", "pipeline",
     "pipeline: expected a list of steps, got an empty one"),
    ("pipeline: [hpo]", "pipeline: [hpo]\nplugins: x", "plugins",
     "plugins: expected a list, got the text 'x'"),
    # components
    ("AshaHpo", "AshaHop", "type: AshaHop",
     "search_algorithm.type: unknown algorithm 'AshaHop'; did you mean 'AshaHpo'?"),
    ("AshaHpo", "BohbHpo", "type: BohbHpo",
     "search_algorithm.type: algorithm 'BohbHpo' is not installed: pip install vega-algos-hpo"),
    ("type: Digits", "type: Digit", "type: Digit",
     "dataset.type: unknown dataset 'Digit'; did you mean 'Digits'?"),
    ("type: Digits", "type: 3", "type: 3", "dataset.type: expected the name of a type, got 3"),
    ("type: Digits, ", "", "dataset",
     "dataset: the key 'type' is missing; one of: Cifar10, Digits, Mnist"),
    ("type: SGD", "type: SDG", "type: SDG",
     "trainer.optimizer.type: unknown optimizer 'SDG'; did you mean 'SGD'?"),
    ("optimizer: {type: SGD, params: {lr: 0.1}}", "lr_scheduler: {type: MultiStepLR}",
     "lr_scheduler", "trainer.lr_scheduler.params: MultiStepLR needs the key 'milestones'"),
    (", num_classes: auto", "", "model", "model: ResNet needs the key 'num_classes'"),
    ("batch_size: 64", "transforms: [{type: RandomShft}]", "type: RandomShft",
     "dataset.transforms[0].type: unknown transform 'RandomShft'; did you mean 'RandomShift'?"),
    ("batch_size: 64", "transforms: [RandomShift, {type: RandomShift, pixels: x}]", "pixels",
     "dataset.transforms[1].pixels: expected a whole number, got the text 'x'"),
    ("epochs: 9", "metrics: [accurcy]", "accurcy",
     "trainer.metrics[0]: unknown metric 'accurcy'; did you mean 'accuracy'?"),
    ("depth: 8", "rewrites: [{type: Nope}]", "type: Nope",
     "model.rewrites[0].type: unknown rewrite 'Nope'"),
    ("{lr: 0.1}", "{lr: 0.1, type: SGD}", "type: SGD}}",
     "trainer.optimizer.params.type: unknown key; SGD takes: lr, momentum, weight_decay"),
    ("pipeline: [hpo]", "pipeline: [hpo]\ngeneral: {backend: trch}", "backend",
     "general.backend: unknown backend 'trch'; did you mean 'torch'?"),
    # steps
    ("pipeline: [hpo]", "pipeline: [hpo, hpo]", "hpo]",
     "pipeline[1]: duplicate step 'hpo'; a step runs once"),
    ("pipeline: [hpo]", "pipeline: [hpu]", "hpu",
     "pipeline[0]: there is no step 'hpu'; did you mean 'hpo'?"),
    ("  pipe_step: {type: SearchPipeStep}\n", "", "hpo:", "hpo: the key 'pipe_step' is missing"),
    # the search space
    ("[1e-4, 1e-1]", "[1e-1, 1e-4]", "range",
     "search_space.hyperparameters[0].range: trainer.optimizer.params.lr: range [0.1, 0.0001] is "
     "reversed; write [0.0001, 0.1]"),
    ("[1e-4, 1e-1]", "[]", "range",
     "search_space.hyperparameters[0].range: trainer.optimizer.params.lr: range is empty"),
    ("params.lr, type", "params.rl, type", "key: trainer",
     "search_space.hyperparameters[0].key: 'trainer.optimizer.params.rl' binds to nothing; did "
     "you mean 'trainer.optimizer.params.lr'?"),
    ("key: trainer.optimizer.params.lr", "key: data.batch_size", "key: data",
     "search_space.hyperparameters[0].key: 'data.batch_size' binds to nothing; did you mean "
     "'dataset.batch_size'?"),
    ("FLOAT_EXP, range: [1e-4, 1e-1]", "CATEGORY, range: [0.1, x]", "range: [0.1, x]",
     "search_space.hyperparameters[0].range: trainer.optimizer.params.lr: expected a number, got "
     "the text 'x'"),
]  # fmt: skip


def place(text: str, what: str) -> str:
    """Where a piece of text first stands, found by searching for it."""
    at = text.index(what)
    return f"file.yml:{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"


@pytest.mark.parametrize(("old", "new", "where", "rest"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_one_line_with_its_place(
    faults: Faults, base: str, old: str, new: str, where: str, rest: str
) -> None:
    assert old in base
    text = base.replace(old, new, 1)
    assert f"{place(text, where)}: {rest}" in faults(text)


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(faults: Faults, base: str) -> None:
    text = base
    for old, new in (
        ("type: Digits", "type: Digit"),
        ("depth: 8", "depth: deep"),
        ("AshaHpo", "AshaHop"),
        ("[1e-4, 1e-1]", "[2, 1]"),
        ("{accuracy: max}", "{accuracy: up}"),
        ("epochs: 9", "epoch: 9\n    epoch: 3"),
        ("lr: 0.1", "lr: x, moment: 1"),
    ):
        text = text.replace(old, new, 1)
    text += "other: 3\ntrain:\n  pipe_step: {type: TrainPipeStep}\n  models: {from: hop}\n"
    text = text.replace("[hpo]", "[hpo, train, hpo, tune]")
    lines = faults(text)
    places = [tuple(map(int, line.split(":")[1:3])) for line in lines]
    assert places == sorted(places)
    assert [line.split(": ", 2)[1] for line in lines] == [
        "pipeline[2]", "pipeline[3]", "dataset.type", "model.depth", "search_algorithm.type",
        "search_space.hyperparameters[0].range", "objectives.accuracy", "trainer.epoch",
        "trainer.epoch", "trainer.optimizer.params.lr", "trainer.optimizer.params.moment",
        "other", "models.from",
    ]  # fmt: skip


def test_conditions(faults: Faults, base: str) -> None:
    text = base.replace(
        "  objectives",
        "      - {key: dataset.batch_size, type: CATEGORY, range: [32, 64]}\n"
        "    condition:\n"
        "      - {child: trainer.optimizer.params.lr, parent: dataset.batch_size, type: EQUAL, "
        "range: [32]}\n"
        "      - {child: dataset.batch_size, parent: trainer.optimizer.params.lr, type: IN, "
        "range: [0.01, 0.1]}\n"
        "  objectives",
    )
    (line,) = faults(text)
    second = f"{place(text, '{child: dataset')}: search_space.condition[1]: "
    assert line.startswith(f"{second}conditions form a cycle: ")
    assert "trainer.optimizer.params.lr -> dataset.batch_size" in line
    unknown = text.replace("parent: dataset.batch_size", "parent: dataset.batchsize")
    assert faults(unknown)[0].startswith(
        f"{place(unknown, 'parent')}: search_space.condition[0].parent: unknown parent "
        "'dataset.batchsize'; did you mean 'dataset.batch_size'?"
    )


def test_several_faults_of_one_space(faults: Faults, base: str) -> None:
    text = base.replace(
        "  objectives",
        "      - {key: dataset.batch_size, type: INTT, range: [1, 2]}\n"
        "      - {key: dataset.batch_size, type: INT, range: [2, 1]}\n"
        "      - {key: model.depth, type: INT, rnge: [2, 1]}\n"
        "    condition:\n"
        "      - {child: model.width, parent: model.depth, type: EQUAL, range: [1]}\n"
        "    forbidden:\n"
        "      - {model.depht: 8}\n"
        "  objectives",
    )
    where = [line.split(": ", 2)[1] for line in faults(text)]
    assert where == [
        "search_space.hyperparameters[1].type",
        "search_space.hyperparameters[2].range",
        "search_space.hyperparameters[3]",
    ]


def test_names_of_a_type_that_may_not_be_chosen(faults: Faults, load: Load, base: str) -> None:
    text = base.replace(
        "  objectives",
        "      - {key: trainer.optimizer.type, type: CATEGORY, range: [SGD, Adam]}\n"
        "      - {key: trainer.optimizer.params.momentum, type: FLOAT, range: [0, 1]}\n"
        "  objectives",
    )
    assert faults(text) == [
        f"{place(text, 'key: trainer.optimizer.params.momentum')}: "
        "search_space.hyperparameters[2].key: 'trainer.optimizer.params.momentum' is no parameter "
        "of Adam; give it a condition"
    ]
    conditional = text.replace(
        "  objectives",
        "    condition:\n      - {child: trainer.optimizer.params.momentum, parent: "
        "trainer.optimizer.type, type: EQUAL, range: [SGD]}\n  objectives",
    )
    assert load(conditional)
    wrong = conditional.replace("range: [SGD, Adam]", "range: [SGD, Adem]")
    assert faults(wrong)[0] == (
        f"{place(wrong, 'range: [SGD')}: search_space.hyperparameters[1].range: "
        "trainer.optimizer.type: unknown optimizer 'Adem'; did you mean 'Adam'?"
    )


def test_names_in_the_model(load: Load, faults: Faults, base: str) -> None:
    def named(name: str, rest: str = "type: INT, range: [8, 32]") -> str:
        return base.replace("  objectives", f"      - {{key: {name}, {rest}}}\n  objectives")

    assert load(named("model.depth"))
    assert load(named("model.layer1.0.conv1.out_channels"))
    assert "did you mean 'model.depth'" in faults(named("model.dept"))[0]
    assert (
        "expected a whole number" in faults(named("model.depth", "type: FLOAT, range: [1, 2]"))[0]
    )
    assert load(named("model.num_classes", "type: CATEGORY, range: [auto]"))


HIDDEN = "model: {type: MLP, hidden: [16, 16], num_classes: auto}"


@pytest.mark.parametrize(
    ("model", "name", "rest"),
    [
        (HIDDEN, "model.hidden.0", ""),
        (HIDDEN, "model.hidden.0.out_features", ""),
        (HIDDEN, "model.overrides.fc1.bias", ""),
        (HIDDEN, "model.hidden.2", "; '2' is no index of the list 'model.hidden' of 2"),
        (HIDDEN, "model.hidden.x", "; 'x' is no index of the list 'model.hidden' of 2"),
        (HIDDEN.replace(" hidden: [16, 16],", ""), "model.hidden.0",
         "; 'model.hidden' is not configured as a list"),
        (HIDDEN, "dataset.batch_size.x", "; 'dataset.batch_size' has no keys: it is 64"),
        (HIDDEN, "trainer.grad_clip.x", "; 'trainer.grad_clip' takes no keys"),
    ],
)  # fmt: skip
def test_names_that_lead_into_values(
    load: Load, faults: Faults, base: str, model: str, name: str, rest: str
) -> None:
    text = base.replace("model: {type: ResNet, depth: 8, num_classes: auto}", model)
    text = text.replace("  objectives", f"      - {{key: {name}, type: INT, range: [8, 9]}}\n"
                        "  objectives")  # fmt: skip
    if rest:
        assert faults(text) == [
            f"{place(text, f'key: {name}')}: search_space.hyperparameters[1].key: '{name}' binds "
            f"to nothing{rest}"
        ]
    else:
        step = load(text).steps["hpo"].plain()
        assert bind(step, {name: 8})["model"] != step["model"]


def test_values_that_do_not_fit_inside_a_list(faults: Faults, base: str) -> None:
    text = base.replace("model: {type: ResNet, depth: 8, num_classes: auto}", HIDDEN)
    text = text.replace("  objectives", "      - {key: model.hidden.0, type: FLOAT, range: [8, 9]}"
                        "\n  objectives")  # fmt: skip
    assert faults(text) == [
        f"{place(text, 'range: [8, 9]')}: search_space.hyperparameters[1].range: model.hidden.0: "
        "expected a whole number, got 8.0"
    ]


def test_whole_components_as_values(load: Load, faults: Faults, base: str) -> None:
    def named(key: str, values: str) -> str:
        item = f"      - {{key: {key}, type: CATEGORY, range: [{values}]}}\n"
        return base.replace("  objectives", f"{item}  objectives")

    space = load(named("trainer.optimizer", "{type: Momentum, lr: 0.1}, {type: Adam}"))
    assert space.steps["hpo"].search_space["hyperparameters"][1]["range"] == [
        {"type": "SGD", "params": {"lr": 0.1}}, {"type": "Adam"},
    ]  # fmt: skip
    text = named("trainer.optimizer", "{type: Adam}, {type: SGD, params: {lr: x}}")
    assert faults(text) == [
        f"{place(text, 'lr: x')}: search_space.hyperparameters[1].range[1].params.lr: expected a "
        "number, got the text 'x'"
    ]
    assert load(named("dataset.transforms", "[RandomShift, Cutout], [{type: RandomShift}]"))
    (line,) = faults(named("dataset.transforms", "[RandomShift, Cutut], []"))
    assert line.endswith("range[0][1]: unknown transform 'Cutut'; did you mean 'Cutout'?")
    assert load(named("trainer.metrics", "accuracy"))


def test_names_in_lists_and_free_forms(load: Load, faults: Faults, base: str) -> None:
    text = base.replace("batch_size: 64", "transforms: [{type: RandomShift, pixels: 1}]")
    named = text.replace("trainer.optimizer.params.lr, type", "dataset.transforms.0.pixels, type")
    named = named.replace("FLOAT_EXP, range: [1e-4, 1e-1]", "INT, range: [0, 3]")
    assert load(named)
    assert "'dataset.transforms.1.pixels' binds to nothing" in faults(
        named.replace("transforms.0", "transforms.1"))[0]  # fmt: skip


def test_a_trainer_with_params_takes_any_name(load: Load, faults: Faults) -> None:
    text = """\
    pipeline: [tune]
    tune:
      pipe_step: {type: SearchPipeStep}
      search_algorithm: {type: RandomSearch}
      search_space:
        hyperparameters:
          - {key: x, type: FLOAT, range: [0, 1]}
          - {key: trainer.params.y, type: FLOAT, range: [0, 1]}
          - {key: some.thing, type: FLOAT, range: [0, 1]}
      objectives: {loss: min}
      trainer: {type: Function, function: "my:objective"}
    """
    assert load(text).steps["tune"].search_space["type"] == "SearchSpace"
    assert "binds to nothing" in faults(text.replace("trainer.params.y", "trainer.param.y"))[0]


def test_the_backend_is_needed_only_to_train_a_model(faults: Faults, load: Load, base: str,
                                                     catalog: Any) -> None:  # fmt: skip
    del catalog.table["backend"]["torch"]
    assert faults(base) == ["file.yml:1:1: general.backend: unknown backend 'torch'"]
    assert load(base.replace("  model: {type: ResNet, depth: 8, num_classes: auto}\n", ""))


def test_steps_that_do_not_run_are_told(load: Load, base: str) -> None:
    text = base + "later:\n  pipe_step: {type: Nothing}\n  trainer: {type: None}\n"
    assert [str(item) for item in load(text).notices] == [
        f"{place(text, 'later')}: the step 'later' is not in 'pipeline' and does not run"
    ]


def test_models_from(faults: Faults, load: Load, base: str) -> None:
    text = base.replace("[hpo]", "[hpo, train, last]") + (
        "train:\n  pipe_step: {type: TrainPipeStep}\n  models: {from: hpo, select: top-3}\n"
        "last:\n  pipe_step: {type: TrainPipeStep}\n"
    )
    assert load(text).steps["train"].models.select == "top-3"
    assert "; did you mean 'hpo'?" in faults(text.replace("from: hpo", "from: hop"))[0]
    assert faults(text.replace("from: hpo", "from: last"))[0] == (
        f"{place(text, 'from')}: models.from: a step cannot take its models from 'last', which "
        "runs later"
    )
    assert "from itself" in faults(text.replace("from: hpo", "from: train"))[0]
    (line,) = faults(text.replace("top-3", "top-0"))
    assert line.startswith(f"{place(text, 'select')}: models.select: expected text of the form")
    (line,) = faults(text.replace("from: hpo, ", ""))
    assert line == f"{place(text, 'models')}: models: the key 'from' is missing"


def test_a_step_that_takes_over_may_be_partial(load: Load, faults: Faults, base: str) -> None:
    text = base.replace("[hpo]", "[hpo, train]") + (
        "train:\n  pipe_step: {type: TrainPipeStep}\n  trainer: {epochs: 60}\n"
        "  dataset: {batch_size: 128}\n  model: {depth: 20}\n"
    )
    config = load(text)
    assert config.steps["train"].plain() == {
        "pipe_step": {"type": "TrainPipeStep"},
        "trainer": {"epochs": 60},
        "dataset": {"batch_size": 128},
        "model": {"depth": 20},
    }
    assert config.own("train") == {
        "pipe_step.type", "trainer.epochs", "dataset.batch_size", "model.depth",
    }  # fmt: skip
    assert faults(text.replace("epochs: 60", "epoch: 60"))[0] == (
        f"{place(text, 'epochs: 60')}: trainer.epoch: unknown key; did you mean 'epochs'?"
    )


def test_paths_start_at_the_file(catalog: Any, tmp_path: Path, base: str) -> None:
    text = base.replace("type: Digits,", "type: Mnist, path: data/idx,")
    path = tmp_path / "file.yml"
    path.write_text(text)
    with pytest.raises(InvalidConfigError) as caught:
        load_config(path, catalog=catalog)
    missing = tmp_path / "data" / "idx"
    assert str(caught.value) == (
        f"{path}:4:26: dataset.path: no such file or folder: {missing}; --no-data skips this check"
    )
    config = load_config(path, catalog=catalog, check_data=False)
    assert config.steps["hpo"].dataset["path"] == str(missing)
    missing.mkdir(parents=True)
    assert load_config(path, catalog=catalog).folder == tmp_path


def test_paths_are_absolute_wherever_the_run_is(
    catalog: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    text = base.replace("[hpo]", "[hpo, train]").replace(
        "type: Digits,", "type: Mnist, path: data/idx,").replace(
        "  objectives", "      - {key: dataset.path, type: CATEGORY, range: [data/idx, ./b]}\n"
        "    forbidden:\n      - {dataset.path: ./b}\n  objectives") + (
        "train:\n  pipe_step: {type: TrainPipeStep}\n  dataset: {ref: hpo.dataset}\n"
    )  # fmt: skip
    (tmp_path / "sub" / "data" / "idx").mkdir(parents=True)
    (tmp_path / "sub" / "b").mkdir()
    (tmp_path / "sub" / "file.yml").write_text(text)
    monkeypatch.chdir(tmp_path)
    config = load_config("sub/file.yml", catalog=catalog)
    monkeypatch.chdir("/")
    first, second = (str(tmp_path / "sub" / name) for name in ("data/idx", "b"))
    for step in ("hpo", "train"):
        assert config.steps[step].plain()["dataset"]["path"] == first
    effective = config.effective()
    assert effective["hpo"]["dataset"]["path"] == first
    space = effective["hpo"]["search_space"]
    assert space["hyperparameters"][1]["range"] == [first, second]
    assert space["forbidden"] == [{"dataset.path": second}]
    assert load_config(effective, catalog=catalog).effective() == effective
    missing = text.replace("range: [data/idx, ./b]", "range: [data/idx, ./c]")
    (tmp_path / "sub" / "file.yml").write_text(missing)
    with pytest.raises(InvalidConfigError, match=r"\.range\[1\]: no such file or folder: .*/sub/c"):
        load_config(tmp_path / "sub" / "file.yml", catalog=catalog)


def test_local_code_starts_at_the_file(load: Load) -> None:
    text = """\
    pipeline: [a]
    a:
      pipe_step: {type: SearchPipeStep}
      trainer: {type: Function, function: "./my.py:objective", params: {a: ../b, c: ./d e, f: x}}
    """
    assert load(text).steps["a"].trainer == {
        "type": "Function",
        "function": "/nowhere/my.py:objective",
        "params": {"a": "/b", "c": "./d e", "f": "x"},
    }


def test_local_plugins(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from vega_core import Provider, hookimpl\nfrom vega_core.pipeline import Step\n\n"
        "class Mine(Step):\n    def run(self, context): ...\n\n"
        "@hookimpl\ndef vega_steps():\n    yield Provider('Mine', f'{__file__}:Mine')\n"
    )
    path = tmp_path / "file.yml"
    path.write_text("plugins: [./mine.py]\npipeline: [a]\na:\n  pipe_step: {type: Mine}\n")
    config = load_config(path)
    assert config.steps["a"].pipe_step == {"type": "Mine"}
    assert config.effective()["plugins"] == [str(tmp_path / "mine.py")]
    path.write_text("plugins: [./other.py]\npipeline: [a]\na:\n  pipe_step: {type: Mine}\n")
    with pytest.raises(InvalidConfigError, match=r"file\.yml:1:1: plugins: "):
        load_config(path)


@pytest.mark.skipif(find_spec("vega_backend_torch") is None, reason="the step trains on PyTorch")
def test_no_framework_is_imported() -> None:
    code = (
        "import sys\nfrom vega_core.config import load_config\n"
        "load_config({'pipeline': ['a'], 'a': {'pipe_step': {'type': 'SearchPipeStep'},"
        "'trainer': {'type': 'Trainer', 'epochs': 3}, 'dataset': {'type': 'Digits'},"
        "'model': {'type': 'ResNet', 'num_classes': 'auto'}}})\n"
        "print(sorted({'torch', 'tensorflow', 'mindspore'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
