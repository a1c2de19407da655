from __future__ import annotations

import pytest

from vega_core import nn
from vega_core.backend import SGD, Adam, TrainSpec
from vega_core.errors import ModelError
from vega_tasks.classification.networks import ResNet


def graph() -> nn.Graph:
    model = nn.trace(ResNet(8, 4), {"image": nn.batched((1, 8, 8))})
    return nn.compose(model, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})


def test_patterns_choose_parameters_and_statistics() -> None:
    spec = TrainSpec(SGD(), trainable=("fc.*", "stem*"), statistics=("layer1*",))
    assert spec.trained(graph()) == (
        "stem.conv.weight",
        "stem.norm.weight",
        "stem.norm.bias",
        "fc.weight",
        "fc.bias",
    )
    assert all(name.startswith("layer1") for name in spec.moving(graph()))
    assert len(spec.moving(graph())) == 4
    everything = TrainSpec(SGD())
    both = {*everything.trained(graph()), *everything.moving(graph())}
    assert both == set(graph().parameters)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (TrainSpec(SGD(), losses=("los",)), "no output 'los' to minimize; did you mean 'loss'"),
        (TrainSpec(SGD(), losses=("output",)), r"must have the shape \(\), and has \(N, 10\)"),
        (TrainSpec(SGD(), losses=()), "nothing is to be trained"),
        (TrainSpec(SGD(), trainable=()), "nothing is to be trained"),
        (TrainSpec(SGD(), trainable=("head.*",)), r"trainable: 'head\.\*' matches no name"),
        (TrainSpec(SGD(), statistics=("fc.weight",)), "statistics: 'fc.weight' matches no name"),
    ],
)
def test_a_specification_that_does_not_fit_is_refused(spec: TrainSpec, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        spec.check(graph())


def test_structure_is_what_decides_the_program() -> None:
    base = TrainSpec(SGD(lr=0.1), clip_norm=1.0)
    assert base.structure() == TrainSpec(SGD(lr=9.0, momentum=0.9), clip_norm=2.0).structure()
    assert base.controls() == {"lr": 0.1, "momentum": 0.0, "weight_decay": 0.0, "clip_norm": 1.0}
    others = [
        TrainSpec(SGD(lr=0.1)),
        TrainSpec(Adam(lr=0.1), clip_norm=1.0),
        TrainSpec(SGD(lr=0.1), trainable=("fc.*",), clip_norm=1.0),
        TrainSpec(SGD(lr=0.1), statistics=(), clip_norm=1.0),
        TrainSpec(SGD(lr=0.1), clip_norm=1.0, precision="bfloat16"),
    ]
    assert len({base.structure(), *(other.structure() for other in others)}) == 6
