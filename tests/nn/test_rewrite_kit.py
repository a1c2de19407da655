"""The core's rewrites keep the kit of rewrites, and the kit finds what is wrong with others."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.nn import rewrites as core
from vega_core.testing import RewriteCase, RewriteConformance

INPUTS = {"x": (4, 6, 6)}


class Net(nn.Network):
    """A bit of everything that rewrites look for."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.relu(nn.BatchNorm(name="norm")(nn.Conv(6, bias=False, name="conv")(x)))
        y = nn.relu(nn.BatchNorm(name="norm2")(nn.Conv(6, groups=2, name="body")(x)))
        x = nn.concat([x, x + y])
        x = nn.ConvTranspose(6, 3, 1, 1, groups=2, name="up")(x)
        x = nn.max_pool(nn.BatchNorm(name="norm3")(x), 2, 2)
        x = nn.relu(nn.Linear(5, name="hidden")(nn.flatten(x)))
        return nn.Linear(3, name="head")(nn.BatchNorm(name="norm4")(x))


def case(name: str, rewrite: Any, preserves: bool = False) -> RewriteCase:
    return RewriteCase(name, rewrite, Net(), INPUTS, preserves)


class TestCore(RewriteConformance):
    graphs = 6

    def rewrites(self) -> Sequence[RewriteCase]:
        return [
            case("fold", {"type": "FoldBatchNorm"}, True),
            case("fold one", core.FoldBatchNorm("norm3"), True),
            case("widen", {"type": "Widen", "node": "conv", "channels": 10}, True),
            case("widen dense", core.Widen("hidden", 13), True),
            case("widen transposed", core.Widen("up", 10), True),
            case("deepen", {"type": "Deepen", "node": "relu_1"}, True),
            case("deepen dense", core.Deepen("relu_3", norm=True), True),
            case("deepen any", core.Deepen("up", 1, activation="none"), True),
            case("swap", {"type": "SwapOperator", "old": "Relu", "new": "Swish"}),
            case("swap one", core.SwapOperator("Relu", "PRelu", "relu_2")),
            case("head", {"type": "ReplaceHead", "num_classes": 7}),
            case("freeze", {"type": "Freeze", "parameters": "norm"}, True),
            case("quantize", {"type": "FakeQuant", "bits": "w4a4", "layers": {"body": [1, 1]}}),
            case("prune", {"type": "PruneChannels", "remove": {"conv": [0], "hidden": [1, 4]}}),
        ]


def test_all_of_the_cores_rewrites_are_tried() -> None:
    from vega_core.plugins.builtin import REWRITES

    tried = {type(c.made(TestCore().catalog())).__name__ for c in TestCore().rewrites()}
    assert tried == {provider.name for provider in REWRITES}


counter = itertools.count()


@dataclass(frozen=True)
class Halve(nn.Rewrite):
    """Halves a layer, and says what becomes of its parameters."""

    node: str = "hidden"

    def __call__(self, graph: nn.Graph) -> nn.Graph:
        def edit(site: nn.Site) -> Any:
            op: Any = site.node.op
            if site.node.name != self.node or not isinstance(op, nn.ops.Gemm):
                return None
            return site.keep(replace(op, out_features=max(op.out_features // 2, 1)))

        return nn.rewritten(graph, edit)

    def _carry(self, graph: nn.Graph, params: Mapping[str, Array]) -> Mapping[str, Any]:
        new = self(graph).parameters
        return {
            name: params[name][tuple(map(slice, spec.shape))]
            for name, spec in new.items()
            if spec.shape != params[name].shape
        }


class SaysNothing(Halve):
    def _carry(self, graph: nn.Graph, params: Mapping[str, Array]) -> Mapping[str, Any]:
        return {}


class DoesNothing(Halve):
    def __call__(self, graph: nn.Graph) -> nn.Graph:
        return graph


class Chance(Halve):
    def __call__(self, graph: nn.Graph) -> nn.Graph:
        def edit(site: nn.Site) -> Any:
            return site.keep()[0] * float(next(counter)) if site.node.name == self.node else None

        return nn.rewritten(graph, edit)


class Crashes(Halve):
    def __call__(self, graph: nn.Graph) -> nn.Graph:
        return super().__call__(graph) if "hidden" in self.node else graph.nodes[10**6]  # type: ignore[return-value]


class Loses(Halve):
    def _carry(self, graph: nn.Graph, params: Mapping[str, Array]) -> Mapping[str, Any]:
        return {name: array * float("nan") for name, array in super()._carry(graph, params).items()}


@dataclass
class Thawed(nn.Rewrite):
    node: str = "hidden"

    def __call__(self, graph: nn.Graph) -> nn.Graph:
        return core.Widen(self.node, 6)(graph)


def failures(rewrite: nn.Rewrite, preserves: bool = False) -> set[str]:
    class Kit(RewriteConformance):
        graphs = 1

        def rewrites(self) -> Sequence[RewriteCase]:
            return [case("it", rewrite, preserves)]

    found = set()
    for name, run in Kit().runs():
        try:
            run()
        except AssertionError:
            found.add(name.partition("[")[0])
        except Exception:
            found.add(f"{name.partition('[')[0]} raised")
    return found


@pytest.mark.parametrize(
    ("rewrite", "preserves", "expected"),
    [
        (Halve(), False, set()),
        (Halve(), True, {"test_it_preserves_what_it_says"}),
        (SaysNothing(), False, {"test_parameters_fit raised"}),
        (DoesNothing(), False, {"test_it_changes_something"}),
        (Chance(), False, {"test_it_is_deterministic", "test_its_description_goes_through_yaml"}),
        (Thawed(), False, {"test_it_is_a_frozen_record"}),
        (Crashes(), False, {"test_parameters_that_are_wrong"}),
        (
            Loses(),
            False,
            {"test_parameters_fit", "test_any_graph", "test_parameters_that_are_wrong"},
        ),
    ],
)
def test_what_the_kit_finds(rewrite: nn.Rewrite, preserves: bool, expected: set[str]) -> None:
    found = failures(rewrite, preserves)
    assert (found == expected) if not expected else expected & found, found
