"""Names and sharing (design, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import pytest

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_core.nn.tracing import current

X = {"x": nn.batched((4,))}


class Pair(nn.Block):
    """Two dense layers without names, and one with."""

    features: int = 4

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.relu(nn.Linear(self.features)(x))
        x = nn.Linear(self.features)(x)
        return nn.Linear(self.features, name="last")(x)


def weights(graph: nn.Graph) -> list[str]:
    return [name for name in graph.parameters if name.endswith("weight")]


def test_names_are_explicit_or_counted_a_type_and_frame() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return Pair()(Pair(name="body")(Pair()(x)))

    graph = nn.trace(Net(), X)
    assert weights(graph) == [
        f"{block}.{layer}.weight"
        for block in ("pair_1", "body", "pair_2")
        for layer in ("linear_1", "linear_2", "last")
    ]


def test_modules_in_fields_get_the_fields_name_and_index() -> None:
    class Net(nn.Network):
        backbone: nn.Module
        layers: Sequence[nn.Module] = ()

        def forward(self, x: nn.Tensor) -> nn.Tensor:
            for layer in self.layers:
                x = layer(x)
            return self.backbone(x)  # type: ignore[no-any-return]

    layers = (nn.Linear(4), nn.Linear(4, name="named"), nn.Linear(4))
    graph = nn.trace(Net(nn.Linear(2), layers), X)
    assert weights(graph) == [
        "layers.0.weight",
        "named.weight",
        "layers.2.weight",
        "backbone.weight",
    ]


def test_one_object_called_twice_shares_its_childrens_parameters() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            shared = Pair(name="shared")
            return shared(shared(x))

    graph = nn.trace(Net(), X)
    assert weights(graph) == [
        "shared.linear_1.weight",
        "shared.linear_2.weight",
        "shared.last.weight",
    ]
    names = [node.name for node in graph.nodes]
    assert len(set(names)) == len(names) == 8
    assert graph.stats().params == 3 * 20
    assert graph.stats().macs == 6 * 16


def test_sharing_reaches_across_frames() -> None:
    class Inner(nn.Block):
        shared: nn.Module

        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return self.shared(x)  # type: ignore[no-any-return]

    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            layer = nn.Linear(4, name="layer")
            return Inner(layer, name="b")(Inner(layer, name="a")(x))

    assert weights(nn.trace(Net(), X)) == ["a.layer.weight"]


def test_equal_records_do_not_share() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(4)(nn.Linear(4)(x))

    assert nn.Linear(4) == nn.Linear(4)
    assert weights(nn.trace(Net(), X)) == ["linear_1.weight", "linear_2.weight"]


def test_two_modules_of_one_name_are_an_error() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(4, name="fc")(nn.Linear(4, name="fc")(x))

    class Outer(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return Net(name="head")(x)  # type: ignore[no-any-return]

    with pytest.raises(ModelError, match=r"^two modules have the name 'fc' in 'head'"):
        nn.trace(Outer(), X)


def test_a_counted_name_evades_an_explicit_one() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(4)(nn.Linear(4, name="linear_1")(x))

    assert weights(nn.trace(Net(), X)) == ["linear_1.weight", "linear_2.weight"]


def test_sharing_between_unlike_shapes_names_both() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            layer = nn.Linear(3, name="layer")
            return layer(layer(x))

    with pytest.raises(ShapeError, match=r"^layer\.weight: shared, .*\(3, 4\).*\(3, 3\)"):
        nn.trace(Net(), X)


def test_a_shape_error_names_the_module_and_both_shapes() -> None:
    class Block(nn.Block):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            y = nn.Conv(24, name="conv")(x)
            return x + y

    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return Block(name="layer1.0")(x)  # type: ignore[no-any-return]

    message = r"^layer1\.0: cannot broadcast \(N, 16, 8, 8\) with \(N, 24, 8, 8\)$"
    with pytest.raises(ShapeError, match=message):
        nn.trace(Net(), {"x": nn.batched((16, 8, 8))})


def test_an_authors_error_names_the_module_once() -> None:
    class Picky(nn.Block):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            raise ModelError("depth must be even")

    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return Picky(name="b")(x)  # type: ignore[no-any-return]

    with pytest.raises(ModelError, match=r"^b: depth must be even$"):
        nn.trace(Net(), X)


def test_a_module_outside_of_a_trace_says_so() -> None:
    with pytest.raises(ModelError, match="outside of a trace"):
        nn.Linear(3)(None)  # type: ignore[arg-type]


def test_a_tensor_of_another_trace_is_refused() -> None:
    kept: list[nn.Tensor] = []

    class Keep(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            kept.append(x)
            return nn.relu(x)

    class Use(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return x + kept[0]

    nn.trace(Keep(), X)
    with pytest.raises(ModelError, match="another trace"):
        nn.trace(Use(), X)


def test_a_tensor_has_no_truth() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.relu(x) if x else x

    with pytest.raises(TypeError, match="no elements"):
        nn.trace(Net(), X)


def test_several_inputs_come_by_name_and_outputs_may_have_names() -> None:
    class Net(nn.Network):
        def forward(self, b: nn.Tensor, a: nn.Tensor) -> dict[str, nn.Tensor]:
            return {"sum": a + b, "difference": a - b}

    graph = nn.trace(Net(), {"a": nn.batched((4,)), "b": nn.batched((4,))})
    assert list(graph.outputs) == ["sum", "difference"]
    assert graph.nodes[0].inputs == ("a", "b")


@pytest.mark.parametrize("result", [None, 3, (1, 2), {"a": 1}])
def test_a_network_must_return_tensors(result: object) -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> object:
            return result

    with pytest.raises(ModelError, match="Net returned"):
        nn.trace(Net(), X)


def test_modules_are_frozen_records() -> None:
    block = Pair(3, name="b")
    assert repr(block).endswith("Pair(name='b', mode=None, features=3)")
    with pytest.raises(AttributeError):
        block.features = 4  # type: ignore[misc]


class Holder(nn.Block):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(4, name="b")(x)


class Bare(nn.Block):
    """Emits an operator with parameters under a counted name."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return current().emit(nn.ops.Gemm(4), (x,))[0]


@pytest.mark.parametrize(
    ("block", "name"), [(Holder, "a.b"), (Bare, "a.gemm_1"), (Pair, "a.linear_2")]
)
@pytest.mark.parametrize("first", [True, False])
def test_one_dotted_name_means_one_place(block: type[nn.Block], name: str, first: bool) -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            modules = [block(name="a"), nn.Linear(4, name=name)]
            for module in modules if first else modules[::-1]:
                x = module(x)
            return x

    places = "in 'a' and in the network" if first else "in the network and in 'a'"
    with pytest.raises(ModelError, match=rf"^the name {name!r} is given twice, {places}; rename"):
        nn.trace(Net(), X)


def test_a_module_as_default_of_a_field_is_refused() -> None:
    message = r"Act\.norm: a module as default would share .*default_factory"
    with pytest.raises(ValueError, match=message):

        class Act(nn.Block):
            norm: nn.Module = nn.BatchNorm()

    with pytest.raises(ValueError, match=r"Row\.layers: a module as default"):

        class Row(nn.Block):
            layers: Sequence[nn.Module] = (nn.Linear(4),)

    class Good(nn.Block):
        norm: nn.Module = field(default_factory=nn.BatchNorm)

        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return self.norm(x)  # type: ignore[no-any-return]

    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return Good(name="p")(Good(name="q")(x))

    assert weights(nn.trace(Net(), X)) == ["q.norm.weight", "p.norm.weight"]
