"""Spellings of the paper and of earlier releases: they load, with a notice for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vega_core.config import aliases
from vega_core.config.names import renamed

Load = Callable[..., Any]
Lines = Callable[..., list[str]]

PAPER_3_4 = """\
general:
  worker:
    devices_per_job: 1
pipeline: [hpo]
hpo:
  pipe_step:
    type: NasPipeStep
  dataset:
    type: Cifar10
  search_algorithm:
    type: AshaHpo
  search_space:
    type: SearchSpace
  trainer:
    type: Trainer
    epochs: 10
  model:
    model_desc:
      modules: [backbone]
      backbone:
        type: ResNet
        num_classes: 10
"""

PAPER_4_1 = """\
pipeline: [hpo]
hpo:
  pipe_step:
    type: NasPipeStep
  dataset:
    type: Cifar10
  search_algorithm:
    type: AshaHpo
  search_space:
    type: SearchSpace
    hyperparameters:
      - key: dataset.batch_size
        type: INT_CAT
        range: [8, 16, 32, 64, 128, 256]
      - key: dataset.transformers
        type: STRING
        range: ['Cutout', 'Rotate', 'Brightness', 'Color']
      - key: trainer.optim.params.lr
        type: FLOAT_EXP
        range: [0.00001, 0.1]
      - key: trainer.optim.type
        type: STRING
        range: ['Adam', 'SGD']
      - key: trainer.optim.params.momentum
        type: FLOAT
        range: [0.0, 0.99]
      - key: network.custom.G1_nodes
        type: INT
        range: [3, 10]
      - key: network.custom.G1_K
        type: INT
        range: [2, 5]
      - key: network.custom.G1_P
        type: FLOAT
        range: [0.1, 1.0]
    condition:
      - key: condition_for_sgd_momentum
        child: trainer.optim.params.momentum
        parent: trainer.optim.type
        type: EQUAL
        range: ["SGD"]
  trainer:
    type: Trainer
    epochs: 10
  model:
    model_desc:
      type: ResNet
      num_classes: 10
"""

PAPER_4_2 = """\
pipeline: [nas]
nas:
  pipe_step: {type: SearchPipeStep}
  dataset: {type: Cifar10}
  search_algorithm: {type: RandomSearch}
  model:
    modules: ['resnet']
    resnet:
      type: ResNet
      num_classes: 10
  search_space:
    type: SearchSpace
    hyperparameters:
      - key: resnet.cell.inchannels
        type: MutilyPositionArray
        range: [64]
        length: 8
        times: 3
        n: 2
      - key: resnet.cell.strides
        type: IntArray
        range: (1,2)
        length: 8
      - key: resnet.conv5.inchannels
        type: IntArray
        range: [(0,16), (0,16), (0,16), (0,32),
                (0,32), (0,32), (0,32), (0,32)]
"""


def test_the_listing_of_section_3_4(load: Load) -> None:
    config = load(PAPER_3_4)
    step = config.steps["hpo"]
    assert step.pipe_step == {"type": "SearchPipeStep"}
    assert step.model == {"type": "ResNet", "num_classes": 10}
    assert [str(item) for item in config.notices] == [
        "file.yml:3:5: 'general.worker.devices_per_job' has no effect: a trial runs on one device",
        "file.yml:7:5: 'NasPipeStep' is now 'SearchPipeStep'",
        "file.yml:12:3: the search space of 'hpo' is empty: it gives no 'hyperparameters'",
        "file.yml:18:5: 'model.model_desc' is now 'model'",
    ]


def test_the_listing_of_section_4_1(load: Load) -> None:
    config = load(PAPER_4_1)
    space = config.steps["hpo"].search_space
    assert [item["key"] for item in space["hyperparameters"]] == [
        "dataset.batch_size", "dataset.transforms", "trainer.optimizer.params.lr",
        "trainer.optimizer.type", "trainer.optimizer.params.momentum", "model.custom.G1_nodes",
        "model.custom.G1_K", "model.custom.G1_P",
    ]  # fmt: skip
    assert space["condition"][0]["child"] == "trainer.optimizer.params.momentum"
    assert space["condition"][0]["parent"] == "trainer.optimizer.type"
    assert "file.yml:18:9: 'trainer.optim.params.lr' is now 'trainer.optimizer.params.lr'" in [
        str(item) for item in config.notices
    ]


def test_the_listing_of_section_4_2(load: Load) -> None:
    config = load(PAPER_4_2)
    space = config.steps["nas"].search_space
    assert [item["key"] for item in space["hyperparameters"]] == [
        "model.cell.inchannels", "model.cell.strides", "model.conv5.inchannels",
    ]  # fmt: skip
    assert config.steps["nas"].model == {"type": "ResNet", "num_classes": 10}


MODERN = {
    "pipe_step": {"type": "SearchPipeStep"},
    "dataset": {
        "type": "Mnist",
        "path": "/nowhere/mnist",
        "batch_size": 256,
        "transforms": [{"type": "RandomShift", "pixels": 2}],
    },
    "search_algorithm": {"type": "AshaHpo", "num_samples": 9, "max_budget": 81},
    "search_space": {
        "type": "SearchSpace",
        "hyperparameters": [
            {"key": "dataset.batch_size", "type": "CATEGORY", "range": [8, 16]},
            {"key": "trainer.optimizer.params.lr", "type": "FLOAT_EXP", "range": [1e-5, 0.1]},
            {"key": "trainer.optimizer.type", "type": "STRING", "range": ["Adam", "SGD"]},
            {"key": "trainer.optimizer.params.momentum", "type": "FLOAT", "range": [0.0, 0.99]},
            {"key": "model.depth", "type": "CATEGORY", "range": [18, 20]},
            {"key": "model.layer1.conv1.inchannels", "type": "CATEGORY", "range": [18, 20]},
        ],
        "condition": [
            {
                "key": "momentum",
                "child": "trainer.optimizer.params.momentum",
                "parent": "trainer.optimizer.type",
                "type": "EQUAL",
                "range": ["SGD"],
            }
        ],
        "forbidden": [{"trainer.optimizer.type": "Adam", "model.depth": 20}],
    },
    "objectives": ["accuracy", "macs"],
    "constraints": {"macs": "<= 1e8"},
    "model": {"type": "ResNet", "depth": 18, "num_classes": 10},
    "trainer": {
        "type": "Trainer",
        "epochs": 1,
        "optimizer": {"type": "SGD", "params": {"lr": 0.1}},
        "lr_scheduler": {
            "type": "MultiStepLR",
            "params": {"milestones": [75, 150], "gamma": 0.5},
        },
        "loss": {"type": "CrossEntropyLoss", "label_smoothing": 0.1},
        "report_every": 5,
        "metrics": [{"type": "accuracy", "topk": [1, 5]}],
    },
}

NOTICES = """\
2:3: 'pytorch' is now 'torch'
3:3: 'general.device_category' has no effect: the backend finds its devices
4:3: 'general.logger' has no effect: run.log holds what the driver logs
5:3: 'general.parallel_search' has no effect: 'general.workers' says how many trials run at once
6:10: 'general.task.local_base_path' is now 'general.output'
6:36: 'general.task.task_id' has no effect: 'general.output' names the run directory
9:15: 'NasPipeStep' is now 'SearchPipeStep'
12:14: 'dataset.common.data_path' is now 'dataset.path'
12:34: 'dataset.common.num_workers' has no effect
13:13: 'dataset.train.batch_size' is now 'dataset.batch_size'
13:30: 'dataset.train.transforms' is now 'dataset.transforms'
13:76: 'dataset.train.shuffle' has no effect: training shuffles and drops the last partial batch, \
evaluation does neither
14:11: 'dataset.val.batch_size' has no effect: evaluation uses what training does
17:5: 'search_algorithm.codec' has no effect
18:32: 'search_algorithm.policy.num_samples' is now 'search_algorithm.num_samples'
18:48: 'search_algorithm.policy.max_epochs' is now 'search_algorithm.max_budget'
19:5: 'search_algorithm.objective_keys' is now 'objectives'
19:32: 'flops' is now 'macs'
20:3: 'hyperparameter_space' is now 'search_space'
23:10: 'trainer.optim.lr' is now 'trainer.optimizer.params.lr'
24:10: 'trainer.optim.type' is now 'trainer.optimizer.type'
25:10: 'trainer.optim.momentum' is now 'trainer.optimizer.params.momentum'
26:10: 'network.backbone.base_depth' is now 'model.depth'
27:10: 'backbone.layer1.conv1.inchannels' is now 'model.layer1.conv1.inchannels'
37:5: 'model.model_desc' is now 'model'
39:32: 'model.base_depth' is now 'model.depth'
39:48: 'model.num_class' is now 'model.num_classes'
40:17: 'constraints.flops' is now 'constraints.macs'
43:5: 'trainer.optim' is now 'trainer.optimizer'
43:24: 'trainer.optimizer.lr' is now 'trainer.optimizer.params.lr'
44:39: 'trainer.lr_scheduler.milestones' is now 'trainer.lr_scheduler.params.milestones'
44:62: 'trainer.lr_scheduler.gamma' is now 'trainer.lr_scheduler.params.gamma'
45:36: the parameters of CrossEntropyLoss now stand beside 'type'
46:5: 'trainer.report_freq' is now 'trainer.report_every'
47:5: 'trainer.save_steps' has no effect: checkpoints are always saved and loaded
48:5: 'trainer.with_valid' has no effect
49:3: 'evaluator' is now 'trainer.metrics'
53:15: 'FullyTrainPipeStep' is now 'TrainPipeStep'
53:41: 'pipe_step.models_folder' is now 'models.from'
"""


def test_a_configuration_of_an_earlier_release(load: Load, old: str) -> None:
    config = load(old, check_data=False)
    assert config.steps["nas"].plain() == MODERN
    assert config.general.output == "./tasks"
    train = config.steps["fully_train"]
    assert train.pipe_step == {"type": "TrainPipeStep"}
    assert train.models.from_ == "nas"
    # The type is that of the trainer that the step takes over.
    assert {"type": "Trainer", **train.trainer} == {**MODERN["trainer"], "epochs": 160}
    assert train.dataset == MODERN["dataset"]


def test_every_old_spelling_has_one_notice(load: Load, old: str) -> None:
    lines = [str(item) for item in load(old, check_data=False).notices]
    assert lines == [f"file.yml:{line}" for line in NOTICES.splitlines()]


def test_a_modern_configuration_has_none(load: Load, old: str) -> None:
    config = load(old, check_data=False)
    import yaml

    again = load(yaml.safe_dump(config.effective(), sort_keys=False), check_data=False)
    assert again.notices == ()
    assert again.effective() == config.effective()


def test_both_spellings_at_once(load: Load, base: str) -> None:
    # Different keys of one block are joined; an override wins; two values are a fault.
    text = base.replace("    optimizer:", "    optim: {params: {momentum: 0.5}}\n    optimizer:")
    assert load(text).steps["hpo"].trainer["optimizer"]["params"] == {"lr": 0.1, "momentum": 0.5}
    config = load(base, "hpo.trainer.optim.params.lr=0.3")
    assert config.steps["hpo"].trainer["optimizer"]["params"] == {"lr": 0.3}


def test_two_values_for_one_key_are_a_fault(faults: Lines, base: str) -> None:
    text = base.replace("    optimizer:", "    optim: {params: {lr: 0.5}}\n    optimizer:")
    assert faults(text) == [
        "file.yml:15:22: trainer.optimizer.params.lr: given twice; also at line 16"
    ]


@pytest.mark.parametrize("key", [*aliases.GENERAL_UNUSED])
def test_general_keys_without_effect(notices: Lines, base: str, key: str) -> None:
    outer, *inner = key.split(".")[1:]
    value = "{" + f"{inner[0]}: 1" + "}" if inner else "1"
    (line,) = notices(f"general: {{{outer}: {value}}}\n{base}")
    assert line.startswith("file.yml:1:")
    assert f"'{key}' has no effect" in line


@pytest.mark.parametrize("key", [*aliases.GENERAL_REFUSED])
def test_general_keys_that_are_refused(faults: Lines, base: str, key: str) -> None:
    (line,) = faults(f"general: {{{key.split('.')[1]}: {{a: 1}}}}\n{base}")
    assert line.startswith(f"file.yml:1:11: {key}: not supported; ")


@pytest.mark.parametrize(
    ("given", "expected"),
    [("pytorch", "torch"), ("p", "torch"), ("t", "tensorflow"), ("torch", "torch"),
     ("tensorflow", "tensorflow")],
)  # fmt: skip
def test_backends(load: Load, base: str, given: str, expected: str) -> None:
    assert load(f"general: {{backend: {given}}}\n{base}").general.backend == expected


def test_what_a_component_has_itself_is_no_alias(catalog: Any, load: Load, base: str) -> None:
    class Mine:
        def __init__(self, split: str, *, data_path: str, num_workers: int = 0) -> None: ...

    catalog.table["dataset"]["Mine"] = Mine
    text = base.replace("type: Digits", "type: Mine, data_path: x, num_workers: 3")
    config = load(text)
    assert config.notices == ()
    assert config.steps["hpo"].dataset["data_path"] == "x"


def test_advice(faults: Lines, base: str) -> None:
    (line,) = faults(base.replace("epochs: 9", "amp: true"))
    assert line.endswith("trainer.amp: not supported; write 'precision: bfloat16'")
    (line,) = faults(base.replace("batch_size: 64", "train_portion: 0.9"))
    assert line.endswith("not supported; the part for validation is 'val'")
    (line,) = faults(base.replace("  trainer:", "  evaluator: {device_evaluator: {}}\n  trainer:")
                     .replace("{}", "{a: 1}"))  # fmt: skip
    assert "evaluator.device_evaluator: not supported" in line


def test_splits_that_differ(faults: Lines, base: str) -> None:
    text = base.replace("batch_size: 64", "train: {val: 0.1}, test: {val: 0.2}")
    (line,) = faults(text)
    assert line.endswith("dataset.test.val: give it once for all splits: 'dataset.val'")


PARTS = """\
pipeline: [a]
a:
  pipe_step: {type: SearchPipeStep}
  search_algorithm: {type: RandomSearch}
  model:
    modules: [body, top]
    body: {type: ResNet, num_classes: 1}
    top: {type: MLP, num_classes: 10}
    overrides: {"body.stem.conv.bias": true}
  search_space:
    hyperparameters:
      - {key: body.depth, type: CATEGORY, range: [8, 14]}
      - {key: network.top.hidden, type: CATEGORY, range: [[8], [16]]}
      - {key: body.layer1.conv1.inchannels, type: CATEGORY, range: [8, 14]}
"""


def test_several_parts(load: Load, faults: Lines) -> None:
    step = load(PARTS).steps["a"]
    assert step.model == {
        "modules": ["body", "top"],
        "body": {"type": "ResNet", "num_classes": 1},
        "top": {"type": "MLP", "num_classes": 10},
        "overrides": {"body.stem.conv.bias": True},
    }
    assert [item["key"] for item in step.search_space["hyperparameters"]] == [
        "model.body.depth", "model.top.hidden", "model.body.layer1.conv1.inchannels",
    ]  # fmt: skip


def test_parts_that_are_wrong(faults: Lines) -> None:
    assert "at least one part" in faults(PARTS.replace("[body, top]", "[]"))[0]
    lines = faults(PARTS.replace("[body, top]", "[tip, body]"))
    assert any("model.modules: there is no part 'tip' below" in line for line in lines)
    assert any("model.top: unknown key; did you mean 'tip'" in line for line in lines)
    (line,) = faults(PARTS.replace("type: MLP", "type: MLPP"))
    assert "file.yml:8:11: model.top.type" in line or "model.top.type: unknown network" in line
    (line,) = faults(PARTS.replace("num_classes: 10", "num_classes: ten"))
    assert "model.top.num_classes" in line
    (line,) = faults(PARTS.replace('{"body.stem.conv.bias": true}', "[1]"))
    assert "model.overrides" in line


def test_what_stands_beside_a_single_part_is_its_own(load: Load) -> None:
    text = PARTS.replace("[body, top]", "[body]")
    text = text.replace("    top: {type: MLP, num_classes: 10}\n", "")
    text = text.replace(
        "      - {key: network.top.hidden, type: CATEGORY, range: [[8], [16]]}\n", ""
    )
    step = load(text).steps["a"]
    assert step.model == {
        "type": "ResNet", "num_classes": 1, "overrides": {"stem.conv.bias": True},
    }  # fmt: skip
    assert step.search_space["hyperparameters"][0]["key"] == "model.depth"


def test_a_single_part_beside_a_ref(load: Load) -> None:
    text = PAPER_4_2.replace("[nas]", "[nas, b]") + (
        "b:\n  pipe_step: {type: TrainPipeStep}\n"
        "  model: {ref: nas.model, modules: [net], net: {depth: 8}}\n"
    )
    assert load(text).steps["b"].model == {"type": "ResNet", "num_classes": 10, "depth": 8}


def test_a_ref_follows_the_section_to_its_new_name(load: Load, notices: Lines) -> None:
    text = PAPER_3_4.replace("[hpo]", "[hpo, b]").replace("  search_space:\n    type: SearchSpace",
        "  hyperparameter_space:\n    hyperparameters: "
        "[{key: dataset.batch_size, type: CATEGORY, range: [8]}]") + (
        "b:\n  ref: hpo\n  search_space: {ref: hpo.hyperparameter_space}\n"
    )  # fmt: skip
    config = load(text)
    assert config.steps["b"].search_space == config.steps["hpo"].search_space
    assert config.effective()["b"]["search_space"]["ref"] == "hpo.search_space"
    assert "'hpo.hyperparameter_space' is now 'hpo.search_space'" in " ".join(notices(text))


def test_renaming_takes_the_longest_beginning() -> None:
    names = {"a": "x", "a.b": "y.z"}
    assert renamed("a.b.c", names) == "y.z.c"
    assert renamed("a.c", names) == "x.c"
    assert renamed("ab.c", names) == "ab.c"
