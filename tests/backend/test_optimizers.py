"""Update rules against values worked out by hand; tests/torch holds them against PyTorch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest

from vega_core.backend import GRDA, SGD, Adam, AdamW, Group, Optimizer, RMSprop
from vega_core.backend.reference import ReferenceUpdate, clipped
from vega_core.errors import ConfigError
from vega_core.nn import ParameterSpec

SPECS = {
    "a.weight": ParameterSpec((), kind="weight"),
    "a.bias": ParameterSpec((), kind="bias"),
    "n.weight": ParameterSpec((), kind="norm"),
    "e.weight": ParameterSpec((), kind="embedding"),
}


def run(
    optimizer: Optimizer, gradients: list[float], **controls: float
) -> tuple[float, Mapping[str, object]]:
    update = ReferenceUpdate(optimizer, SPECS, {"a.weight": np.asarray(1.0)})
    for gradient in gradients:
        update.step({"a.weight": np.asarray(gradient)}, controls)
    return float(update.params["a.weight"]), update.slots["a.weight"]


def test_sgd_has_no_dampening_and_the_rate_outside() -> None:
    weight, slots = run(SGD(lr=0.1, momentum=0.5), [1.0, 2.0])
    assert slots["velocity"] == 0.5 * 1.0 + 2.0
    assert weight == pytest.approx(1 - 0.1 * 1.0 - 0.1 * 2.5)


def test_a_change_of_rate_scales_the_whole_step() -> None:
    update = ReferenceUpdate(SGD(lr=0.1, momentum=0.5), SPECS, {"a.weight": np.asarray(1.0)})
    update.step({"a.weight": np.asarray(1.0)})
    update.step({"a.weight": np.asarray(0.0)}, {"lr": 1.0})
    assert float(update.params["a.weight"]) == pytest.approx(1 - 0.1 - 1.0 * 0.5)


def test_nesterov() -> None:
    weight, _ = run(SGD(lr=0.1, momentum=0.5, nesterov=True), [1.0])
    assert weight == pytest.approx(1 - 0.1 * (1.0 + 0.5 * 1.0))


@pytest.mark.parametrize("cls", [Adam, AdamW])
def test_adams_first_step_is_the_rate(cls: type[Adam | AdamW]) -> None:
    # Both means, corrected, are the gradient and its square.
    weight, slots = run(cls(lr=0.01, weight_decay=0.0), [5.0])
    assert weight == pytest.approx(1 - 0.01 * 5 / (5 + 1e-8))
    assert slots["steps"] == 1


def test_adam_by_hand() -> None:
    weight, _ = run(Adam(lr=0.1, betas=(0.5, 0.75), eps=0.1), [1.0, 3.0])
    first = 1 - 0.1 * 1 / (1 + 0.1)
    mean, square = 0.5 * 0.5 + 0.5 * 3, 0.75 * 0.25 + 0.25 * 9
    corrected = (mean / (1 - 0.25)) / (math.sqrt(square / (1 - 0.75**2)) + 0.1)
    assert weight == pytest.approx(first - 0.1 * corrected)


def test_decay_is_in_the_gradient_or_apart() -> None:
    coupled, _ = run(SGD(lr=0.1, weight_decay=0.5), [1.0])
    assert coupled == pytest.approx(1 - 0.1 * (1 + 0.5 * 1))
    apart, _ = run(AdamW(lr=0.1, weight_decay=0.5), [1.0])
    assert apart == pytest.approx(1 * (1 - 0.1 * 0.5) - 0.1, abs=1e-7)


def test_rmsprop_by_hand() -> None:
    weight, slots = run(RMSprop(lr=0.1, alpha=0.75, eps=0.5, momentum=0.5), [2.0, 2.0])
    first = 2 / (math.sqrt(0.25 * 4) + 0.5)
    second = 2 / (math.sqrt(0.75 * 1 + 0.25 * 4) + 0.5)
    assert slots["momentum_buffer"] == pytest.approx(0.5 * first + second)
    assert weight == pytest.approx(1 - 0.1 * first - 0.1 * (0.5 * first + second))


def test_grda_is_the_published_closed_form() -> None:
    """At a constant rate: the start minus the sum of the steps, shrunk by c lr^(1/2) (t lr)^mu."""
    lr, c, mu, start = 0.5, 0.1, 0.7, np.array([1.0, -0.3, 0.02, 0.0])
    update = ReferenceUpdate(GRDA(lr=lr, c=c, mu=mu), {"a": ParameterSpec((4,))}, {"a": start})
    rng, total = np.random.default_rng(0), np.zeros(4)
    for step in range(1, 40):
        gradient = rng.normal(size=4) * 0.05
        total += gradient
        update.step({"a": gradient})
        moved, threshold = start - lr * total, c * lr**0.5 * (step * lr) ** mu
        expected = np.sign(moved) * np.maximum(np.abs(moved) - threshold, 0)
        np.testing.assert_allclose(update.params["a"], expected, atol=1e-12)
    assert (update.params["a"] == 0).any()
    assert (update.params["a"] != 0).any()


def test_the_threshold_of_grda_never_falls_with_the_rate() -> None:
    update = ReferenceUpdate(GRDA(lr=1.0, c=0.5), SPECS, {"a.weight": np.asarray(1.0)})
    heights = []
    for step in range(10):
        update.step({"a.weight": np.asarray(0.0)}, {"lr": 0.5**step})
        heights.append(float(update.slots["a.weight"]["threshold"]))
    assert heights == sorted(heights)
    assert heights[0] == pytest.approx(0.5)
    assert float(update.params["a.weight"]) == pytest.approx(max(1 - heights[-1], 0))


def decayed(optimizer: Optimizer) -> set[str]:
    update = ReferenceUpdate(optimizer, SPECS, {name: np.asarray(1.0) for name in SPECS})
    update.step({name: np.asarray(0.0) for name in SPECS})
    return {name for name, value in update.params.items() if value != 1}


@pytest.mark.parametrize("cls", [SGD, AdamW])
def test_norms_and_biases_do_not_decay_unless_asked(cls: type[Optimizer]) -> None:
    assert decayed(cls(lr=0.1, weight_decay=0.5)) == {"a.weight", "e.weight"}
    assert decayed(cls(lr=0.1, weight_decay=0.5, decay_all=True)) == set(SPECS)
    groups = (Group("n.*", decay_scale=1.0),)
    assert decayed(cls(lr=0.1, weight_decay=0.5, groups=groups)) == {*SPECS} - {"a.bias"}


def test_groups_scale_rates_and_the_first_match_holds() -> None:
    groups = [{"pattern": "a.b*", "lr_scale": 3.0}, {"pattern": "a.*", "lr_scale": 10.0}]
    optimizer = SGD(lr=0.1, groups=groups)  # type: ignore[arg-type]
    update = ReferenceUpdate(optimizer, SPECS, {name: np.asarray(0.0) for name in SPECS})
    update.step({name: np.asarray(1.0) for name in SPECS})
    moved = {name: -float(value) for name, value in update.params.items()}
    assert moved == pytest.approx(
        {"a.weight": 1.0, "a.bias": 0.3, "n.weight": 0.1, "e.weight": 0.1}
    )


def test_what_has_no_gradient_is_not_touched() -> None:
    update = ReferenceUpdate(
        SGD(lr=0.1, momentum=0.9, weight_decay=0.1),
        SPECS,
        {name: np.asarray(1.0) for name in SPECS},
    )
    update.step({"a.weight": np.asarray(1.0)})
    update.step({"a.bias": np.asarray(1.0)})
    once = ReferenceUpdate(SGD(lr=0.1, momentum=0.9, weight_decay=0.1), SPECS, {})
    once.params["a.weight"] = np.asarray(1.0)
    once.step({"a.weight": np.asarray(1.0)})
    assert update.params["a.weight"] == once.params["a.weight"]
    assert update.slots["a.weight"] == once.slots["a.weight"]


def test_clipping_is_by_the_norm_of_all() -> None:
    gradients = {"a": np.array([3.0, 0.0]), "b": np.array([[4.0]])}
    small = clipped(gradients, 1.0)
    np.testing.assert_allclose(small["a"], [0.6, 0.0], rtol=1e-6)
    np.testing.assert_allclose(small["b"], [[0.8]], rtol=1e-6)
    np.testing.assert_array_equal(clipped(gradients, 10.0)["b"], gradients["b"])


def test_rates_are_no_structure() -> None:
    base = Adam(lr=0.1, betas=(0.5, 0.9)).structure()
    assert base == Adam(lr=0.2, betas=(0.9, 0.99), eps=1e-3, weight_decay=1.0).structure()
    assert base != Adam(decay_all=True).structure()
    assert base != Adam(groups=(Group("a"),)).structure()
    assert base != AdamW().structure()
    assert SGD(nesterov=True).structure() != SGD().structure()
    assert Adam(betas=(0.5, 0.9)).controls() == {
        "lr": 1e-3,
        "eps": 1e-8,
        "weight_decay": 0.0,
        "beta1": 0.5,
        "beta2": 0.9,
    }


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(lr=-1), r"SGD.lr: -1.0 is not in \[0, inf\)"),
        (lambda: SGD(momentum=1.0), r"SGD.momentum: 1.0 is not in \[0, 1\)"),
        (lambda: Adam(betas=(0.9, 1.0)), r"Adam.beta2: 1.0"),
        (lambda: RMSprop(alpha=1.0), r"RMSprop.alpha: 1.0 is not in \[0, 1\)"),
        (lambda: Adam(betas=(0.9,)), r"Adam.betas: \(0.9,\) is not two numbers"),  # type: ignore[arg-type]
        (lambda: AdamW(betas=(0.9, 0.99, 0.5)), r"AdamW.betas: .* is not two numbers"),  # type: ignore[arg-type]
        (lambda: Adam(betas=0.9), r"Adam.betas: 0.9 is not two numbers"),  # type: ignore[arg-type]
        (lambda: RMSprop(weight_decay=float("nan")), r"RMSprop.weight_decay: nan"),
        (lambda: GRDA(mu=0.0), r"GRDA.mu: 0.0 is not positive"),
        (lambda: GRDA(c=-1.0), r"GRDA.c: -1.0 is not in \[0, inf\)"),
    ],
)
def test_impossible_rates_are_refused(make: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()  # type: ignore[operator]


def test_an_optimizer_of_ones_own_says_which_rates_are_shares() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Scaled(SGD):
        rates = (*SGD.rates, "alpha")
        alpha: float = 2.0
        betas: str = "structure"

    assert Scaled().controls()["alpha"] == 2.0
    assert Scaled().structure()["betas"] == "structure"
    with pytest.raises(ConfigError, match=r"Scaled\.momentum: 1\.0"):
        Scaled(momentum=1.0)
