from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega_core.backend.schedules import (
    Constant,
    CosineAnnealing,
    Exponential,
    MultiStepLR,
    Polynomial,
    Schedule,
    StepLR,
    WarmupCosine,
)
from vega_core.errors import ConfigError

ALL = [
    Constant(),
    StepLR(2),
    MultiStepLR([1, 3]),
    Exponential(0.5),
    CosineAnnealing(),
    CosineAnnealing(t_max=2, eta_min=0.01),
    WarmupCosine(1.5),
    Polynomial(),
]


def rates(schedule: Schedule, epochs: float = 4, steps: int = 2, lr: float = 1.0) -> list[float]:
    bound = schedule.bind(lr=lr, steps_per_epoch=steps, epochs=epochs)
    return [bound(step)["lr"] for step in range(int(epochs * steps) + 1)]


def test_rates_by_hand() -> None:
    half, quarter = math.cos(math.pi / 4) / 2, 1 / 4
    assert rates(Constant()) == [1.0] * 9
    assert rates(StepLR(2, 0.1)) == pytest.approx([1] * 4 + [0.1] * 4 + [0.01])
    assert rates(MultiStepLR([1, 3], 0.5)) == pytest.approx([1] * 2 + [0.5] * 4 + [0.25] * 3)
    assert rates(Exponential(0.5)) == pytest.approx(
        [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 1 / 16]
    )
    assert rates(CosineAnnealing(), steps=1) == pytest.approx([1, 0.5 + half, 0.5, 0.5 - half, 0])
    assert rates(CosineAnnealing(2, 0.2), steps=1) == pytest.approx([1, 0.6, 0.2, 0.2, 0.2])
    warm = rates(WarmupCosine(2, 0.5), steps=1)
    assert warm == pytest.approx([0.5, 0.75, 1.0, 0.5, 0.0])
    assert rates(Polynomial(2), steps=1) == pytest.approx([1, 9 / 16, quarter, 1 / 16, 0])


def test_schedules_agree_with_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    pairs = [
        (StepLR(2, 0.3), lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.3)),
        (MultiStepLR([1, 3], 0.3), lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [1, 3], 0.3)),
        (Exponential(0.7), lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.7)),
        (
            CosineAnnealing(eta_min=0.01),
            lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 5, 0.01),
        ),
        (Polynomial(0.9), lambda o: torch.optim.lr_scheduler.PolynomialLR(o, 5, 0.9)),
    ]
    for ours, make in pairs:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
        theirs = make(optimizer)
        expected = []
        for _ in range(5):
            expected.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            theirs.step()
        assert rates(ours, epochs=5, steps=1, lr=0.5)[:5] == pytest.approx(expected)


@given(st.sampled_from(ALL), st.integers(1, 50), st.floats(1, 20), st.integers(0, 2000))
def test_rates_stay_in_range_and_are_functions_of_the_step(
    schedule: Schedule, steps: int, epochs: float, step: int
) -> None:
    bound = schedule.bind(lr=0.3, steps_per_epoch=steps, epochs=epochs)
    assert 0 <= bound(step)["lr"] <= 0.3 + 1e-12
    assert bound(step) == schedule.bind(lr=0.3, steps_per_epoch=steps, epochs=epochs)(step)


def test_steps_beyond_the_end_keep_the_last_rate() -> None:
    for schedule in ALL:
        bound = schedule.bind(lr=1.0, steps_per_epoch=2, epochs=4)
        assert bound(9) == bound(8)


def test_impossible_settings_are_refused() -> None:
    for make in (lambda: StepLR(0), lambda: CosineAnnealing(t_max=0), lambda: WarmupCosine(-1)):
        with pytest.raises(ConfigError, match="is not positive"):
            make()
    with pytest.raises(ConfigError, match="0 steps an epoch"):
        Constant().bind(lr=1.0, steps_per_epoch=0, epochs=1)
