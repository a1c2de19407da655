from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ModelError
from vega_tasks.classification.networks import MLP, ResNet


@dataclass(frozen=True)
class DropOutput:
    keep: str = "output"

    def __call__(self, graph: nn.Graph) -> nn.Graph:
        outputs = {self.keep: graph.outputs["output"]}
        return nn.Graph(
            graph.inputs, graph.controls, graph.parameters, graph.nodes, outputs, graph.specs
        )


class Shelf:
    """A catalog of a few components."""

    things: ClassVar = {
        ("network", "ResNet"): ResNet,
        ("network", "MLP"): MLP,
        ("network", "Perceptron"): MLP,
        ("network", "NotOne"): DropOutput,
        ("rewrite", "Rename"): DropOutput,
        ("rewrite", "Broken"): lambda: lambda graph: None,
    }

    def load(self, kind: str, name: str) -> Any:
        return self.things[kind, name]


def build(description: Any, **inputs: Any) -> nn.Graph:
    return nn.build_graph(description, Shelf(), inputs or {"image": (1, 8, 8)})


def test_a_description_builds_the_network() -> None:
    built = build({"type": "ResNet", "depth": 14, "width": 4, "num_classes": 7})
    assert built.hash == nn.trace(ResNet(14, 4, 7), {"image": nn.batched((1, 8, 8))}).hash


def test_overrides_and_rewrites_apply() -> None:
    built = build(
        {
            "type": "ResNet",
            "depth": 8,
            "overrides": {"layer1.0.conv1.out_channels": 5},
            "rewrites": [{"type": "Rename", "keep": "scores"}],
        }
    )
    assert list(built.outputs) == ["scores"]
    assert built.parameters["layer1.0.conv1.conv.weight"].shape[0] == 5


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ([], "described by a mapping"),
        ({}, "needs a 'type'"),
        ({"type": 3}, "needs a 'type'"),
        ({"type": "ResNet", "format": 2}, "format 2"),
        ({"type": "ResNet", "dept": 8}, "no hyperparameter 'dept'; did you mean 'depth'"),
        ({"type": "ResNet", "depth": "deep"}, "^depth: expected int, got 'deep'"),
        ({"type": "ResNet", "depth": 9}, r"ResNet: depth is 6n \+ 2"),
        ({"type": "ResNet", "shortcut": "none"}, "^shortcut: expected"),
        ({"type": "ResNet", "name": "x"}, "no hyperparameter 'name'"),
        ({"type": "ResNet", "overrides": ["a"]}, "'overrides' of a description is no dict"),
        ({"type": "ResNet", "rewrites": {"a": 1}}, "'rewrites' of a description is no list"),
        ({"type": "ResNet", "rewrites": ["Rename"]}, "a rewrite needs a 'type'"),
        ({"type": "ResNet", "rewrites": [{"type": "Broken"}]}, "which is no graph"),
        ({"type": "NotOne"}, "NotOne is a DropOutput, no network"),
    ],
)
def test_a_malformed_description_is_a_typed_error(description: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        build(description)


def hash_of(**description: Any) -> str:
    return nn.description_hash(description, Shelf())


def test_the_hash_of_a_description_is_of_what_it_means() -> None:
    short = hash_of(type="MLP")
    assert short == hash_of(type="MLP", format=1, overrides={}, rewrites=[])
    assert short == hash_of(type="MLP", hidden=[128, 64], dropout=0, num_classes=10.0)
    assert short == hash_of(type="MLP", hidden=np.array([128, 64]))
    assert short == hash_of(type="Perceptron")
    overridden = hash_of(type="MLP", overrides={"fc1.out_features": 16})
    assert overridden == hash_of(type="MLP", overrides={"fc1.out_features": 16.0})
    others = [
        hash_of(type="MLP", dropout=0.25),
        hash_of(type="MLP", hidden=[64, 128]),
        hash_of(type="MLP", rewrites=[{"type": "Rename"}]),
        hash_of(type="ResNet"),
    ]
    assert len({short, overridden, *others}) == 6
    with pytest.raises(ModelError, match="no hyperparameter 'dept'"):
        hash_of(type="ResNet", dept=8)


def test_whole_numbers_in_a_mapping_are_written_either_way() -> None:
    class Sizes(nn.Network):
        sizes: Mapping[str, Any]

    class OneNetwork(Shelf):
        def load(self, kind: str, name: str) -> Any:
            return Sizes

    def sized(value: Any) -> str:
        return nn.description_hash({"type": "Sizes", "sizes": {"a": value}}, OneNetwork())

    assert sized(16) == sized(16.0) != sized(16.5)
    assert sized([16, {"b": 2}]) == sized([16.0, {"b": 2.0}]) != sized([16, {"b": 3}])


def test_the_canonical_form_of_a_description() -> None:
    given = {"type": "MLP", "hidden": (8, np.int64(9)), "dropout": 0.5, "overrides": {}}
    assert nn.canonical(given) == {"format": 1, "type": "MLP", "hidden": [8, 9], "dropout": 0.5}


def test_auto_is_filled_from_the_data() -> None:
    description = {"type": "ResNet", "num_classes": "auto", "overrides": {"fc.num_classes": "auto"}}
    filled = nn.fill_auto(description, {"num_classes": 7})
    assert filled["num_classes"] == 7
    assert filled["overrides"] == {"fc.num_classes": 7}
    with pytest.raises(ModelError, match=r"^num_classes: is 'auto'.*they say \['channels'\]"):
        nn.fill_auto(description, {"channels": 3})
