"""Constraints: what they may bound is known before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Faults = Callable[..., list[str]]
Load = Callable[..., Any]


def bounded(base: str, constraints: str) -> str:
    return base.replace("  objectives", f"  constraints: {constraints}\n  objectives", 1)


def place(text: str, what: str) -> str:
    at = text.index(what)
    return f"file.yml:{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"


@pytest.mark.parametrize(
    "constraints",
    ['{params: "<= 1e5", macs: [">= 1", "< 1e9"]}', '"params <= 1e5 and flops in [1, 1e9]"',
     '["params <= 1e5", "macs < 3"]', "[]", "{}"],
)  # fmt: skip
def test_what_is_counted_of_every_model(load: Load, base: str, constraints: str) -> None:
    assert load(bounded(base, constraints))


@pytest.mark.parametrize(
    ("constraints", "what", "rest"),
    [
        ('{macs: "<= 1", parms: "<= 1e5"}', "parms",
         ".parms: 'parms' is not known before training; did you mean 'params'?"),
        ('["params <= 1", "macss < 3"]', '"macss',
         "[1]: 'macss' is not known before training; did you mean 'macs'?"),
        ('"params <= 1 and accuracy >= 0.5"', "constraints",
         ": 'accuracy' is not known before training; known are: flops, macs, params"),
    ],
)  # fmt: skip
def test_another_metric(faults: Faults, base: str, constraints: str, what: str, rest: str) -> None:
    text = bounded(base, constraints)
    assert faults(text) == [f"{place(text, what)}: constraints{rest}"]


def test_what_an_analytic_evaluator_reports_is_its_own_affair(
    catalog: Any, load: Load, faults: Faults, base: str
) -> None:
    class Bits:
        analytic = True

    class Latency:
        analytic = False

    class Statistics:
        analytic = True

    catalog.table["evaluator"] = {"Bits": Bits, "Latency": Latency, "Statistics": Statistics}
    text = bounded(base, '{bit_ops: "<= 1e9"}')
    for evaluator in ("{type: Latency}", "[{type: Latency}, {type: Statistics}]"):
        assert faults(f"{text}  evaluator: {evaluator}\n")
    for evaluator in ("{type: Bits}", "[{type: Latency}, {type: Bits}]"):
        assert load(f"{text}  evaluator: {evaluator}\n")


def test_a_step_without_a_model(faults: Faults, load: Load, base: str) -> None:
    text = bounded(base, '{params: "<= 1e5"}')
    bare = text.replace("  model: {type: ResNet, depth: 8, num_classes: auto}\n", "")
    message = "constraints: they bound what is counted of a model, and the step has no 'model'"
    assert faults(bare) == [f"{place(bare, 'constraints')}: {message}"]
    # A model may come from the step before.
    second = bare.replace("pipeline: [hpo]", "").replace("hpo:", "again:")
    second = second.replace("type: SearchPipeStep", "type: TrainPipeStep")
    assert load(text.replace("[hpo]", "[hpo, again]") + second)
    assert faults(bare.replace("[hpo]", "[hpo, again]") + second)
