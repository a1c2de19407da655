"""Networks of any structure, for tests of what holds for all graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from vega_core import nn

Plan = tuple[tuple[Any, ...], ...]


class Planned(nn.Block):
    """Does the steps of a plan; a step is a word and its arguments."""

    plan: Plan

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        for place, step in enumerate(self.plan):
            x = self.step(x, f"s{place}", *step)
        return x

    def step(self, x: nn.Tensor, name: str, word: str, *args: Any) -> nn.Tensor:
        match word:
            case "conv":
                return nn.Conv(args[0], args[1], name=name)(x)
            case "depthwise":
                return nn.Conv(x.channels, 3, groups=x.channels, name=name)(x)
            case "norm":
                return nn.BatchNorm(mode=args[0], name=name)(x)
            case "relu":
                return nn.relu(x)
            case "dropout":
                return nn.Dropout(args[0], name=name)(x)
            case "stop":
                return nn.stop_gradient(x)
            case "rate":
                return x * nn.control(f"{name}.rate", args[0])
            case "mask":
                return x * nn.control(f"{name}.mask", args[0], (x.channels, 1, 1))
            case "scale":
                init = nn.initializers.Normal(0.5)
                return x + nn.parameter(f"{name}.scale", (1, x.channels, 1, 1), init, args[0])
            case "twice":
                body = Inside(args[0], name=name)
                return body(body(x))
            case "residual":
                return x + Inside(args[0], name=name)(x)
            case "by_mode":
                first, second = (Inside(p, name=f"{name}.{i}")(x) for i, p in enumerate(args[0]))
                return nn.by_mode(first, second)
            case "choice":
                return nn.choice(name, [Inside(plan) for plan in args[0]], x)
        raise AssertionError(word)


class Inside(nn.Block):
    """A plan whose output has the shape of its input."""

    plan: Plan

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        y = Planned(self.plan, name="body")(x)
        return nn.Conv(x.channels, 1, name="last")(y)


class Whole(nn.Network):
    """A plan with a dense layer at its end."""

    plan: Plan

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        y = Planned(self.plan, name="body")(x)
        return {"maps": y, "logits": nn.Linear(2, name="fc")(nn.flatten(y))}


def _steps(plans: st.SearchStrategy[Plan]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.one_of(
        st.tuples(st.just("twice"), plans),
        st.tuples(st.just("residual"), plans),
        st.tuples(st.just("by_mode"), st.tuples(plans, plans)),
        st.tuples(st.just("choice"), st.lists(plans, min_size=1, max_size=3).map(tuple)),
    )


_LEAVES = st.one_of(
    st.tuples(st.just("conv"), st.integers(1, 3), st.sampled_from([1, 3])),
    st.tuples(st.just("depthwise")),
    st.tuples(st.just("norm"), st.sampled_from([None, "train", "eval"])),
    st.tuples(st.just("relu")),
    st.tuples(st.just("dropout"), st.sampled_from([0.0, 0.3])),
    st.tuples(st.just("stop")),
    st.tuples(st.just("rate"), st.sampled_from([0.5, 2.0])),
    st.tuples(st.just("mask"), st.sampled_from([0.5, 1.0])),
    st.tuples(st.just("scale"), st.sampled_from(["weight", "bias", "constant"])),
)


def _plans_of(steps: st.SearchStrategy[tuple[Any, ...]]) -> st.SearchStrategy[Plan]:
    return st.lists(steps, max_size=3).map(tuple)


PLANS: st.SearchStrategy[Plan] = st.recursive(
    _plans_of(_LEAVES), lambda plans: _plans_of(st.one_of(_LEAVES, _steps(plans))), max_leaves=6
)


@pytest.fixture(scope="session")
def graphs() -> st.SearchStrategy[nn.Graph]:
    """Graphs with shared modules, controls, choices, modes and parameters as values."""
    return PLANS.map(lambda plan: nn.trace(Whole(plan), {"x": nn.batched((2, 3, 3))}))


@pytest.fixture(scope="session")
def arrays() -> Callable[[nn.Graph, int], tuple[dict[str, Any], dict[str, Any]]]:
    """Parameters that are not all zero, and inputs."""

    def drawn(graph: nn.Graph, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
        rng = np.random.default_rng(seed)
        params = {
            name: np.abs(rng.standard_normal(spec.shape)) + 0.1
            for name, spec in graph.parameters.items()
        }
        return params, {"x": rng.standard_normal((3, 2, 3, 3))}

    return drawn
