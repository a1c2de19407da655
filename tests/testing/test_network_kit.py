"""The kit of networks accepts a right one and finds what is wrong with others."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.nn.initializers import Full
from vega_core.nn.primitive import Primitive
from vega_core.testing import NetworkCase, NetworkConformance
from vega_core.testing.network.alternatives import alternatives
from vega_core.testing.network.overriding import faults_of_overrides, overrides_of

INPUTS = {"x": (2, 4, 4)}
counter = itertools.count()


class Right(nn.Network):
    """A convolution and a dense layer."""

    width: int = 4
    kernel: Literal[1, 3] = 3
    norm: bool = True
    hidden: Sequence[int] = (5,)
    rate: float = 0.1

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.Conv(self.width, self.kernel, name="conv")(x)
        if self.norm:
            x = nn.BatchNorm(name="norm")(x)
        x = nn.flatten(nn.relu(x))
        for index, width in enumerate(self.hidden):
            x = nn.relu(nn.Linear(width, name=f"fc{index}")(x))
        return nn.Linear(3, name="head")(nn.Dropout(self.rate, name="drop")(x))


class OtherNames(Right):
    """In each trace."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(3, name=f"head{next(counter)}")(nn.flatten(x))


class OtherShapes(Right):
    """In each trace."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(next(counter) + 1, name="head")(nn.flatten(x))


class CountedNames(Right):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(3, name="head")(nn.Linear(4)(nn.flatten(x)))


class WithoutParameters(Right):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.flatten(nn.relu(x))


class Crashes(Right):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(8 // (5 - self.width), name="head")(nn.flatten(x))


class CrashesInside(Right):
    """In a module of the network."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(3, name="head")(Divided(name="inside")(nn.flatten(x)))


class Divided(nn.Block):
    parts: int = 1

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(12 // self.parts, name="fc")(x)


class CrashesOnInputs(Right):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        _, channels, height, _ = x.shape
        return nn.Linear(channels * height, name="head")(nn.flatten(x))


class RefusesAll(Right):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        if self != type(self)():
            raise ModelError("no")
        return Fixed(self.mode)(nn.flatten(x))


class Fixed(nn.Block):
    """Has a value that nothing else than which is taken."""

    only: Literal["train", "eval"] | None = None
    overridable = ("only",)

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        if self.only is not None:
            raise ModelError("no")
        scale = nn.parameter("scale", (32, 3), nn.initializers.Normal(1.0))
        return nn.matmul(x, scale)


class Dead(Right):
    """Its units are below zero for every input."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.Linear(6, weight_init=Full(0.0), name="fc")(nn.flatten(x))
        return nn.Linear(3, name="head")(nn.relu(x - 1))


class Explodes(Right):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.Linear(6, weight_init=Full(float("inf")), name="fc")(nn.flatten(x))
        return nn.Linear(3, name="head")(x)


class MixesSamples(Right):
    """Takes the mean of the batch away, in evaluation too."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.Linear(3, name="head")(nn.flatten(x))
        return x - nn.reduce_mean(x, (0,), keepdims=True)


class OneNumber(Right):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.reduce_mean(nn.Linear(3, name="head")(nn.flatten(x)))


class Unreached(Right):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.flatten(x)
        idle = nn.stop_gradient(nn.Linear(3, name="idle")(x))
        return nn.Linear(3, name="head")(x) + idle


@dataclass(frozen=True)
class Lying(Primitive):
    """Says another shape where it is asked for the second time."""

    def infer(self, *inputs):
        (x,) = inputs
        return (nn.TensorSpec((*x.shape[:-1], x.shape[-1] + next(counter))),)

    def reference(self, call):
        return call.inputs


class Lies(Right):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(3, name="head")(nn.flatten(x)).apply(Lying())


def kit(network, inputs=None, **attributes):
    case = NetworkCase("it", network, inputs or INPUTS)
    return type("Kit", (NetworkConformance,), {"networks": lambda self: [case], **attributes})()


def failures(network, **attributes):
    failed = set()
    for name, run in kit(network, **attributes).runs():
        try:
            run()
        except AssertionError:
            failed.add(name.removeprefix("test_").removesuffix("[it]"))
    return failed


def pytorch(self):
    backends = pytest.importorskip("vega_backend_torch.backend")
    return backends.TorchBackend()


@pytest.mark.parametrize("network", [Right(), Right(hidden=(), norm=False), {"type": "MLP"}])
def test_a_right_network_passes(network):
    if isinstance(network, dict):
        pytest.importorskip("vega_tasks")
    assert failures(network) == set()


def test_a_right_network_trains():
    pytest.importorskip("torch")
    assert failures(Right(), backend=pytorch) == set()


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (OtherNames(), "it_is_deterministic"),
        (OtherShapes(), "it_is_deterministic"),
        (CountedNames(), "parameters_have_names_of_their_own"),
        (WithoutParameters(), "statistics_are_positive"),
        (Crashes(), "overrides"),
        (CrashesInside(), "overrides"),
        (RefusesAll(), "overrides"),
        (CrashesOnInputs(), "inputs_that_do_not_fit"),
        (Dead(), "outputs_vary_over_the_batch"),
        (Explodes(), "it_begins_finite"),
        (Explodes(), "outputs_vary_over_the_batch"),
        (MixesSamples(), "samples_do_not_depend_on_the_others"),
        (OneNumber(), "samples_do_not_depend_on_the_others"),
        (Lies(), "its_graph_goes_through_json"),
    ],
)
def test_a_wrong_network_fails(network, expected):
    assert expected in failures(network)


def test_a_parameter_that_nothing_reaches():
    pytest.importorskip("torch")
    run = dict(kit(Unreached(), backend=pytorch).runs())["test_it_trains[it]"]
    with pytest.raises(AssertionError, match=r"no gradient reaches \['idle.bias', 'idle.weight'\]"):
        run()


def test_descriptions_with_overrides():
    network = {"type": "Right", "overrides": {"conv.out_channels": 6}}

    class Catalog:
        def load(self, kind, name):
            assert (kind, name) == ("network", "Right")
            return Right

    catalog = {"catalog": lambda self: Catalog()}
    assert failures(network, **catalog) == set()
    case = NetworkCase("it", network, INPUTS)
    assert case.modules(Catalog())["conv"].out_channels == 6
    assert ("conv.out_channels", 7) in overrides_of(case.modules(Catalog()))


def test_each_hyperparameter_of_each_module_is_set():
    case = NetworkCase("it", Right(hidden=(5, 5)), INPUTS)
    keys = {key for key, _ in overrides_of(case.modules(None))}
    assert keys >= {"width", "kernel", "norm", "hidden", "rate", "conv.out_channels", "drop.rate"}
    assert keys >= {f"{fc}.{field}" for fc in ("fc0", "fc1") for field in ("out_features", "bias")}
    fewer = {key for key, _ in overrides_of(case.modules(None), every_module=False)}
    assert "fc0.bias" in fewer
    assert "fc1.bias" not in fewer


def test_faults_name_the_override():
    (fault,) = faults_of_overrides(NetworkCase("it", Crashes(), INPUTS), None)
    assert fault.startswith("width: 5 gives ZeroDivisionError")


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (int, 4, [5, 3, 8]),
        (int, 1, [2, 0]),
        (float, 0.5, [0.25, 1.0]),
        (float, 0.0, [0.5]),
        (bool, True, [False]),
        (Literal["a", "b", "c"], "b", ["a", "c"]),
        (Literal[1, 3], 3, [1]),
        (Literal["train", "eval"] | None, None, ["train", "eval"]),
        (int | None, 4, [5, 3, 8, None]),
        (int | None, None, [2]),
        (tuple[int, ...], (2, 3), [(3, 3), (1, 3), (4, 3), (2,), (2, 3, 3)]),
        (tuple[int, int], (2, 3), [(3, 3), (1, 3), (4, 3)]),
        (Sequence[int], (), []),
        (Sequence[int] | None, None, [(2,), (2, 2)]),
        (int | tuple[int, ...], 3, [4, 2, 6]),
        (str, "x", ["x?"]),
        (Full | None, None, []),
        (Full | None, Full(1.0), [None]),
    ],
)
def test_alternatives(annotation, value, expected):
    assert alternatives(annotation, value) == expected


def test_inputs_of_integers():
    class Looks(nn.Network):
        def forward(self, ids: nn.Tensor) -> nn.Tensor:
            x = nn.reduce_mean(nn.Embedding(5, 4, name="table")(ids), (1,), keepdims=False)
            return nn.Linear(2, name="head")(x)

    spec = {"ids": nn.batched((3,), "int64")}
    case = NetworkCase("it", Looks(), spec, integers=(0, 5))
    assert set(np.unique(case.batch(64)["ids"])) == set(range(5))
    kits = type("Kit", (NetworkConformance,), {"networks": lambda self: [case]})
    for _, run in kits().runs():
        run()
