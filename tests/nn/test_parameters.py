from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from vega_core import nn
from vega_core.nn import initializers as init
from vega_tasks.classification.networks import MLP, ResNet


def graph(width: int = 4) -> nn.Graph:
    return nn.trace(ResNet(8, width), {"image": nn.batched((1, 8, 8))})


def test_every_parameter_begins_as_specified() -> None:
    params = nn.initial_parameters(graph(), 0)
    assert list(params) == list(graph().parameters)
    for name, spec in graph().parameters.items():
        assert params[name].shape == spec.shape
        assert params[name].dtype == spec.dtype
        if spec.kind in ("norm", "statistic"):
            one = name.endswith(("weight", "running_var"))
            assert np.all(params[name] == (1 if one else 0))
        else:
            assert np.unique(params[name]).size == params[name].size


def test_a_parameter_is_a_function_of_seed_and_name_alone() -> None:
    params = nn.initial_parameters(graph(), 3)
    again = nn.initial_parameters(graph(), 3)
    other = nn.initial_parameters(graph(), 4)
    deeper = nn.initial_parameters(nn.trace(ResNet(14, 4), {"image": nn.batched((1, 8, 8))}), 3)
    for name in params:
        np.testing.assert_array_equal(params[name], again[name])
        np.testing.assert_array_equal(params[name], deeper[name])
    assert not np.array_equal(params["stem.conv.weight"], other["stem.conv.weight"])


def test_values_are_pinned() -> None:
    # A change here changes every recorded run.
    params = nn.initial_parameters(nn.trace(MLP(2, (3,)), {"x": nn.batched((2,))}), 7)
    expected = [[0.10463646, 0.23645385], [-0.52470416, 0.40415016], [0.08776702, -0.45428419]]
    np.testing.assert_allclose(params["fc1.weight"], expected, rtol=1e-6)


@pytest.mark.parametrize("layer", [nn.Linear, nn.Conv, nn.ConvTranspose])
def test_a_bias_begins_as_it_is_told(layer: type[nn.Module]) -> None:
    inputs = {"x": nn.batched((3, 8, 8))}

    def begins(**options: Any) -> dict[str, init.Initializer]:
        made: Any = layer
        graph = nn.trace(made(5, **options), inputs)
        return {spec.kind: spec.init for spec in graph.parameters.values()}

    assert isinstance(begins()["bias"], init.Uniform)
    assert begins(bias_init=init.Full(0.5)) == {**begins(), "bias": init.Full(0.5)}
    assert begins(bias=False, bias_init=init.ZEROS).keys() == {"weight"}


SHAPE = (64, 32, 3, 3)
FAN_IN, FAN_OUT = 32 * 9, 64 * 9


@pytest.mark.parametrize(
    ("initializer", "distribution"),
    [
        (init.Normal(0.3), stats.norm(0, 0.3)),
        (init.Uniform(0.3), stats.uniform(-0.3, 0.6)),
        (init.KaimingNormal(), stats.norm(0, math.sqrt(2 / FAN_IN))),
        (init.KaimingNormal("fan_out", 1.0), stats.norm(0, math.sqrt(1 / FAN_OUT))),
        (
            init.KaimingUniform(),
            stats.uniform(-1 / math.sqrt(FAN_IN), 2 / math.sqrt(FAN_IN)),
        ),
        (
            init.XavierUniform(),
            stats.uniform(
                -math.sqrt(6 / (FAN_IN + FAN_OUT)), 2 * math.sqrt(6 / (FAN_IN + FAN_OUT))
            ),
        ),
    ],
)
def test_initializers_follow_their_distribution(
    initializer: init.Initializer, distribution: stats.rv_continuous
) -> None:
    draws = initializer(np.random.default_rng(0), SHAPE)
    assert draws.shape == SHAPE
    assert draws.dtype == np.float32
    assert stats.kstest(draws.ravel(), distribution.cdf).pvalue > 0.01


def test_biases_follow_the_weights_fan_in() -> None:
    specs = nn.trace(MLP(5, (8,)), {"x": nn.batched((50,))}).parameters
    assert specs["fc1.bias"].init == init.Uniform(1 / math.sqrt(50))
    assert specs["head.bias"].init == init.Uniform(1 / math.sqrt(8))
    assert [spec.kind for spec in specs.values()] == ["weight", "bias"] * 2
