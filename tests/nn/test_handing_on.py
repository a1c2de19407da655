"""What a network is given, by position and by name, and by the part before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.nn.parts import Parts

INPUTS = {"x": nn.batched((4,))}


class Difference(nn.GraphSource):
    """A graph of two inputs, called as those that come by position are, or by name."""

    second: str

    def graph(self, inputs: Mapping[str, nn.TensorSpec]) -> nn.Graph:
        class Net(nn.Network):
            def forward(self, **given: nn.Tensor) -> nn.Tensor:
                first, second = given.values()
                return first - second

        return nn.trace(Net(), dict.fromkeys(("input_0", self.second), INPUTS["x"]))

    def identity(self) -> Mapping[str, Any]:
        return {"second": self.second}


def test_a_graph_takes_arguments_by_position_and_by_name_together() -> None:
    class Net(nn.Network):
        given: str
        taken: str = "other"

        def forward(self, x: nn.Tensor) -> Any:
            return Difference(self.taken, name="d")(x, **{self.given: nn.relu(x)})

    (_, node) = nn.trace(Net("other"), INPUTS).nodes
    assert node.inputs == ("x", "relu_1")
    with pytest.raises(ModelError, match="takes the inputs input_0, b, and was given input_0, oth"):
        nn.trace(Net("other", "b"), INPUTS)
    with pytest.raises(ModelError, match=r"^d: 'input_0' is given by position and by name"):
        nn.trace(Net("input_0"), INPUTS)


def test_a_part_names_what_it_hands_on_with_texts() -> None:
    class Numbered(nn.Network):
        def forward(self, x: nn.Tensor) -> Any:
            return {1: x, "output": x}

    class Head(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return x

    with pytest.raises(ModelError, match=r"body returned \{1: .*: expected a tensor or tensors by"):
        nn.trace(Parts((("body", Numbered()), ("head", Head()))), INPUTS)
