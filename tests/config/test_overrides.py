"""``--set key=value`` and ``ref``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Load = Callable[..., Any]
Lines = Callable[..., list[str]]


def step(config: Any) -> Any:
    return config.steps["hpo"]


def test_values_are_yaml(load: Load, base: str) -> None:
    config = load(
        base,
        "hpo.trainer.epochs=3",
        "hpo.trainer.optimizer.params.lr=1e-4",
        "hpo.dataset.transforms=[{type: RandomShift, pixels: 2}]",
        "hpo.search_space.hyperparameters.0.range=[1e-3, 1e-2]",
        "hpo.trainer.grad_clip=",
        "general.backend=pytorch",
        "general.output=runs/a b",
    )
    assert step(config).trainer["epochs"] == 3
    assert step(config).trainer["optimizer"]["params"]["lr"] == 1e-4
    assert step(config).dataset["transforms"] == [{"type": "RandomShift", "pixels": 2}]
    assert step(config).search_space["hyperparameters"][0]["range"] == [1e-3, 1e-2]
    assert step(config).trainer["grad_clip"] is None
    assert config.general.backend == "torch"
    assert config.general.output == "runs/a b"


def test_pairs_are_taken_as_they_are(load: Load, base: str) -> None:
    config = load(base, ("general.output", "1e-4"), ("general.workers", 2))
    assert config.general.output == "1e-4"
    assert config.general.workers == 2


def test_blocks_on_the_way_are_made(load: Load, base: str) -> None:
    config = load(base, "hpo.trainer.lr_scheduler.type=CosineAnnealing",
                  "hpo.trainer.lr_scheduler.params.min_lr=1e-5")  # fmt: skip
    expected = {"type": "CosineAnnealing", "params": {"min_lr": 1e-5}}
    assert step(config).trainer["lr_scheduler"] == expected


def test_what_follows_the_overrides_of_a_model_is_one_key(load: Load, base: str) -> None:
    config = load(
        base,
        "hpo.model.overrides.layer1.0.conv1.out_channels=24",
        "hpo.model.overrides.layer*.conv2.out_channels=[8, 16]",
    )
    assert step(config).model["overrides"] == {
        "layer1.0.conv1.out_channels": 24,
        "layer*.conv2.out_channels": [8, 16],
    }
    config = load(base, "hpo.model.overrides={a.b: 1}", "hpo.model.overrides.c.d=2")
    assert step(config).model["overrides"] == {"a.b": 1, "c.d": 2}


def test_later_overrides_win_and_the_file_is_not_needed(load: Load) -> None:
    config = load(
        "pipeline: []", "pipeline=[a]", "a.pipe_step.type=TrainPipeStep", "general.seed=1",
        "general.seed=2",
    )  # fmt: skip
    assert config.pipeline == ["a"]
    assert config.general.seed == 2


FAULTS = [
    ("hpo.trainr.epochs=3", "--set hpo.trainr.epochs: unknown key; did you mean 'trainer'?"),
    ("hpo.trainer.epoch=3", "--set hpo.trainer.epoch: unknown key; did you mean 'epochs'?"),
    ("hpo.trainer.epochs=x",
     "--set hpo.trainer.epochs: expected a whole number, got the text 'x'"),
    ("hpo.search_space.hyperparameters.7.range=[1]",
     "--set hpo.search_space.hyperparameters.7.range: '7' is no index of the list "
     "'hpo.search_space.hyperparameters' of 1"),
    ("hpo.search_space.hyperparameters.x.range=[1]",
     "--set hpo.search_space.hyperparameters.x.range: 'x' is no index of the list "
     "'hpo.search_space.hyperparameters' of 1"),
    ("hpo.trainer.epochs.x=1", "--set hpo.trainer.epochs.x: 'hpo.trainer.epochs' has no keys: it "
     "is 9"),
    ("hpo.trainer.epochs=[1", "--set hpo.trainer.epochs: not valid YAML: while parsing "
     "a flow sequence that starts at line 1, did not find expected ',' or ']'"),
    ("hpo.trainer.epochs={a: 1, a: 2}",
     "--set hpo.trainer.epochs: duplicate key; first given at line 1"),
    ("hpo.trainer.epochs", "--set hpo.trainer.epochs: write it as key=value"),
    ("=3", "--set : write it as key=value"),
    ("hpo.model.type=ResNt", "--set hpo.model.type: unknown network 'ResNt'; did you mean "
     "'ResNet'?"),
]  # fmt: skip


@pytest.mark.parametrize(("override", "line"), FAULTS)
def test_a_fault_names_the_override(faults: Lines, base: str, override: str, line: str) -> None:
    assert line in faults(base, override)


def test_old_spellings_in_overrides(notices: Lines, load: Load, base: str) -> None:
    assert notices(base, "hpo.trainer.optim.momentum=0.5") == [
        "--set hpo.trainer.optim.momentum: 'trainer.optimizer.momentum' is now "
        "'trainer.optimizer.params.momentum'",
        "--set hpo.trainer.optim.momentum: 'trainer.optim' is now 'trainer.optimizer'",
    ]


REF = """\
pipeline: [a, b]
a:
  pipe_step: {type: SearchPipeStep}
  dataset: {type: Digits, batch_size: 64, transforms: [RandomShift]}
  trainer: {epochs: 9, optimizer: {type: SGD, params: {lr: 0.1, momentum: 0.9}}, report_every: 5}
  search_algorithm: {type: RandomSearch}
  search_space:
    hyperparameters: [{key: dataset.batch_size, type: CATEGORY, range: [8]}]
b:
  pipe_step: {type: TrainPipeStep}
"""


def test_a_section_is_copied_and_overridden(load: Load) -> None:
    config = load(
        REF + "  dataset: {ref: a.dataset}\n"
        "  trainer: {ref: a.trainer, epochs: 30, optimizer: {params: {lr: 0.2}}, report_every: 7}\n"
    )
    trainer = config.steps["b"].trainer
    assert trainer["epochs"] == 30
    assert trainer["optimizer"] == {"type": "SGD", "params": {"lr": 0.2, "momentum": 0.9}}
    assert trainer["report_every"] == 7
    assert config.steps["b"].dataset["batch_size"] == 64
    assert "ref" not in trainer
    assert config.own("b") == {
        "pipe_step.type", "trainer.epochs", "trainer.optimizer.params.lr", "trainer.report_every",
    }  # fmt: skip
    assert config.effective()["b"]["trainer"] == {
        "ref": "a.trainer", "epochs": 30, "optimizer": {"params": {"lr": 0.2}}, "report_every": 7,
    }  # fmt: skip


def test_another_type_starts_anew(load: Load) -> None:
    config = load(REF + "  trainer: {ref: a.trainer, optimizer: {type: Adam}}\n")
    assert config.steps["b"].trainer["optimizer"] == {"type": "Adam"}
    assert config.steps["b"].trainer["epochs"] == 9


def test_a_whole_step_is_copied(load: Load) -> None:
    text = REF + "  ref: a\n  trainer: {epochs: 2}\n"
    step = load(text).steps["b"]
    assert step.pipe_step == {"type": "TrainPipeStep"}
    assert step.dataset["batch_size"] == 64
    assert step.trainer["epochs"] == 2
    assert step.trainer["optimizer"]["type"] == "SGD"
    assert step.search_space is None
    same = load(text.replace("TrainPipeStep", "SearchPipeStep")).steps["b"]
    assert same.search_space is not None


def test_chains_and_blocks_that_do_not_run(load: Load) -> None:
    text = REF.replace("[a, b]", "[b]") + (
        "  trainer: {ref: c.trainer}\nc:\n  trainer: {ref: a.trainer, epochs: 4}\n"
    )
    config = load(text)
    assert config.steps["b"].trainer["epochs"] == 4
    assert config.steps["b"].trainer["optimizer"]["type"] == "SGD"
    assert list(config.steps) == ["b"]
    assert load_again(load, config).effective() == config.effective()


def load_again(load: Load, config: Any) -> Any:
    import yaml

    return load(yaml.safe_dump(config.effective(), sort_keys=False))


REF_FAULTS = [
    ("trainer: {ref: c.trainer}", "trainer.ref: 'c.trainer' leads to nothing: no step 'c'"),
    ("trainer: {ref: a.trainr}",
     "trainer.ref: 'a.trainr' leads to nothing: the step 'a' has no section 'trainr'; did you mean "
     "'trainer'?"),
    ("trainer: {ref: trainer}", "trainer.ref: expected 'step.section', got 'trainer'"),
    ("trainer: {ref: a.trainer.optimizer}", "trainer.ref: expected 'step.section', got "
     "'a.trainer.optimizer'"),
    ("trainer: {ref: 3}", "trainer.ref: expected 'step.section', got '3'"),
    ("ref: aa", "ref: 'aa' leads to nothing: no step 'aa'; did you mean 'a'?"),
    ("ref: a.trainer", "ref: expected 'step', got 'a.trainer'"),
    ("trainer: {ref: b.trainer}", "trainer.ref: refs form a cycle: b.trainer -> b.trainer"),
    ("ref: b", "ref: refs form a cycle: b -> b"),
    ("trainer: {optimizer: {type: SGD, ref: a.nothing, params: {lr: 0.1}}}",
     "trainer.optimizer.ref: a ref stands for a whole section: 'trainer: {ref: step.trainer}'"),
    ("dataset: {type: Digits, transforms: [{ref: a.dataset, type: RandomShift}]}",
     "dataset.transforms[0].ref: a ref stands for a whole section: "
     "'dataset: {ref: step.dataset}'"),
    ("trainer: {optimizer: {type: SGD, params: {lr: 0.1, ref: a.trainer}}}",
     "trainer.optimizer.params.ref: unknown key; SGD takes: lr, momentum, weight_decay"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "message"), REF_FAULTS)
def test_a_ref_that_leads_nowhere(faults: Lines, section: str, message: str) -> None:
    column = 3 + section.index("ref")
    assert f"file.yml:11:{column}: {message}" in faults(f"{REF}  {section}\n")


def test_a_longer_cycle(faults: Lines) -> None:
    text = REF.replace("{epochs: 9", "{ref: b.trainer, epochs: 9") + "  trainer: {ref: a.trainer}\n"
    (line,) = [line for line in faults(text) if "cycle" in line]
    assert "refs form a cycle: a.trainer -> b.trainer -> a.trainer" in line


def test_a_fault_in_what_is_copied_is_told_once_where_it_stands(faults: Lines) -> None:
    text = REF.replace("momentum: 0.9", "momentum: x") + "  trainer: {ref: a.trainer}\n"
    assert faults(text) == [
        "file.yml:5:65: trainer.optimizer.params.momentum: expected a number, got the text 'x'"
    ]


def test_an_override_of_a_step_that_is_not_there(faults: Lines, base: str) -> None:
    (fault,) = faults(base, "hop.trainer.epochs=3")
    assert fault == "--set hop.trainer.epochs: unknown key 'hop'; did you mean 'hpo'?"
