"""Values of a search that no model can have, and descriptions that fail their data."""

from __future__ import annotations

import re

import pytest
import yaml

from vega_core.config import InvalidConfigError, catalog_of, load_config
from vega_core.pipeline.plan import plan_run
from vega_core.pipeline.trying import _MODELS

pytest.importorskip("vega_tasks.classification.datasets.digits")
pytest.importorskip("vega_backend_torch")

CONFIG = """\
general: {workers: 0}
pipeline: [hpo]
hpo:
  pipe_step: {type: SearchPipeStep}
  dataset: {type: Digits, batch_size: 64}
  search_algorithm: {type: RandomSearch, num_samples: 2}
  objectives: {accuracy: max}
  trainer: {type: Trainer, epochs: 1}
  model: MODEL
  search_space:
    hyperparameters:
      - {key: trainer.optimizer.params.lr, type: FLOAT_EXP, range: [0.001, 0.1]}
      - SEARCHED
"""
RESNET = "{type: ResNet, depth: 8, width: 4, num_classes: auto}"
DEPTHS = "{key: model.depth, type: CATEGORY, range: [8, 14]}"


@pytest.fixture
def check(tmp_path):
    """Checks a configuration; gives what is wrong with it, a line each."""

    def check(model=RESNET, searched=DEPTHS, **parts):
        text = CONFIG.replace("MODEL", model).replace("SEARCHED", searched)
        if parts:
            config = yaml.safe_load(text)
            config["hpo"]["search_space"] |= parts
            text = yaml.safe_dump(config)
        (tmp_path / "run.yml").write_text(text)
        config = load_config(tmp_path / "run.yml")
        try:
            plan_run(config, catalog_of(config))
        except InvalidConfigError as error:
            return str(error).replace(f"{tmp_path}/", "").splitlines()
        return []

    return check


def test_what_can_be_built_is_right(check):
    assert check() == []
    assert check(searched="{key: model.width, type: INT, range: [2, 9000]}") == []
    dropout = "{key: model.dropout, type: FLOAT, range: [0.0, 0.5]}"
    assert check("{type: MLP, num_classes: 12}", dropout) == []


@pytest.mark.parametrize(
    ("searched", "pattern"),
    [
        (
            "{key: model.depth, type: CATEGORY, range: [8, 9, 14, 10]}",
            r"13:\d+: .*hyperparameters\[1\]\.range: model\.depth cannot be 9 or 10: .*got 9$",
        ),
        (
            "{key: model.depth, type: INT, range: [8, 20]}",
            r"13:\d+: .*model\.depth cannot be 9, 10, 11, 12 or 13 \(and 4 more\): .*6n \+ 2",
        ),
        (
            "{key: model.num_classes, type: CATEGORY, range: [5, 10, 12]}",
            r"13:\d+: .*cannot be 5: the network tells 5 classes apart, and 'label' of the data",
        ),
        (
            "{key: model.layer1.0.conv1.outchannel, type: CATEGORY, range: [3, 5]}",
            r"13:\d+: .*\[1\]\.key: .*matches no hyperparameter; did you mean '.*\.out_channels'",
        ),
    ],
)
def test_values_that_no_model_can_have(check, searched, pattern):
    (line,) = check(searched=searched)
    assert re.match(rf"run\.yml:{pattern}", line), line


def test_a_value_that_some_combination_allows_is_right(check):
    """Five groups fit no width but the second; a bottleneck has no groups at depth 8."""
    model = "{type: ResNet, depth: 50, width: 64, num_classes: auto}"
    groups = "{key: model.groups, type: CATEGORY, range: [1, 5]}"
    widths = {"key": "model.width_per_group", "type": "CATEGORY", "range": [64, 32]}
    depths = {"key": "model.depth", "type": "CATEGORY", "range": [50, 8]}
    config = yaml.safe_load(groups)
    assert check(model, groups) == []
    assert check(model, hyperparameters=[config, widths, depths]) == []
    (line,) = check(hyperparameters=[config])  # depth 8 as configured
    assert "model.groups cannot be 5: ResNet: groups are of bottlenecks" in line


def test_a_conditional_name_is_tried_where_it_is(check):
    names = [
        {"key": "model.type", "type": "CATEGORY", "range": ["MLP", "ResNet"]},
        {"key": "model.depth", "type": "CATEGORY", "range": [8, 14]},
    ]
    condition = [
        {
            "key": "c",
            "child": "model.depth",
            "parent": "model.type",
            "type": "EQUAL",
            "range": ["ResNet"],
        }
    ]
    model = "{type: MLP, num_classes: auto}"
    assert check(model, hyperparameters=names, condition=condition) == []


def test_a_large_space_is_tried_in_part(check, monkeypatch):
    built = []
    from vega_core.pipeline.data import Preview

    monkeypatch.setattr(Preview, "try_model", lambda self, sample: built.append(sample))
    names = [
        {"key": f"model.layer{one}.0.conv1.out_channels", "type": "INT", "range": [1, 1000]}
        for one in range(1, 20)
    ]
    assert check(hyperparameters=names) == []
    assert len(built) == _MODELS


def test_fewer_classes_than_the_data_have(check):
    (line,) = check(RESNET.replace("auto", "5"))
    message = "model.num_classes: the network tells 5 classes apart, and 'label' of the data has 10"
    assert re.match(rf"run\.yml:9:\d+: {re.escape(message)}", line), line


@pytest.mark.parametrize(
    ("model", "pattern"),
    [
        (
            "{type: MLP, num_classes: auto, overrides: {fc1.bias: false, fc9.bias: false}}",
            r"9:70: model\.overrides\.fc9\.bias: override 'fc9\.bias' matches no hyperparameter",
        ),
        (
            "{type: MLP, num_classes: auto, overrides: {fc1.bias: 3}}",
            r"9:53: model\.overrides\.fc1\.bias: fc1\.bias: expected bool, got 3",
        ),
        (
            "{type: MLP, num_classes: auto, overrides: {'fc*.out_features': [x, 3]}}",
            r"9:53: .*override 'fc\*\.out_features': fc1\.out_features: expected int, got 'x'",
        ),
        (
            "{type: MLP, num_classes: auto, overrides: {'fc*.out_features': [3]}}",
            r"9:53: .*override 'fc\*\.out_features' has 1 values and matches 2 times",
        ),
        (
            "{type: MLP, num_classes: auto, overrides: {fc1.in_features: 0}}",
            r"9:53: .*fc1\.in_features: a number of channels is positive, got 0",
        ),
        (
            "{modules: [a, b], a: {type: MLP, overrides: {fc8.bias: false}}, b: {type: MLP}}",
            r"9:55: model\.a\.overrides\.fc8\.bias: override 'a\.fc8\.bias' matches no",
        ),
    ],
)
def test_an_override_that_fails_is_told_with_its_place(check, model, pattern):
    (line,) = check(model, "{key: trainer.grad_clip, type: FLOAT, range: [1.0, 2.0]}")
    assert re.match(rf"run\.yml:{pattern}", line), line
