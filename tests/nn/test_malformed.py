"""Whatever is wrong in a description, a graph or saved state ends in an error of Vega's own."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vega_core import nn
from vega_core.errors import ModelError, VegaError
from vega_core.nn.reference import evaluate
from vega_core.nn.sources import GraphFile
from vega_tasks.classification import networks

T = TypeVar("T")
PICTURE = {"image": (3, 16, 16)}
FUZZ = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


class Doubled(nn.Rewrite):
    """Doubles what nodes of one name give."""

    def __init__(self, node: str, times: int = 2) -> None:
        self.node, self.times = node, times

    def __call__(self, graph: nn.Graph) -> nn.Graph:
        def edit(site: nn.Site) -> Any:
            return site.keep()[0] * self.times if site.node.name == self.node else None

        return nn.rewritten(graph, edit)


class Shelf:
    """The networks of the classification task, and a few more."""

    things: ClassVar[dict[tuple[str, str], Any]] = {
        ("network", name): getattr(networks, name) for name in networks.__all__
    } | {("network", "Graph"): GraphFile, ("rewrite", "Doubled"): Doubled}

    def load(self, kind: str, name: str) -> Any:
        if (kind, name) not in self.things:
            raise ModelError(f"unknown {kind} {name!r}")
        return self.things[kind, name]


VALID: list[dict[str, Any]] = [
    {
        "type": "ResNet",
        "depth": 8,
        "width": 4,
        "overrides": {"layer1.0.conv1.out_channels": 5, "layer*.conv2.conv.bias": [True] * 3},
        "rewrites": [{"type": "Doubled", "node": "fc", "times": 3}],
    },
    {"type": "ResNet", "depth": 8, "overrides": {"layer2.0.in_channels": 6, "stem.mode": "eval"}},
    {"type": "MLP", "hidden": [8, 6], "dropout": 0.25, "num_classes": 4, "format": 1},
    {
        "modules": ["body", "top"],
        "body": {"type": "Graph", "file": "net.json"},
        "top": {"type": "MLP", "hidden": [3], "overrides": {"fc1.bias": False}},
        "overrides": {"top.num_classes": 3},
    },
    {"type": "MobileNetV2", "width_multiplier": 0.1, "num_classes": 3},
    {"type": "SimpleCnn"},
]

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.sampled_from([2**31, -(2**63), 1e308, 0.5, -0.0, float("inf"), float("nan"), 1.5]),
    st.sampled_from(["", "auto", "eval", "ResNet", "Graph", "net.json", "../x", "a.b"]),
    st.sampled_from(["*", "[", "\0", "imagenet"]),
    st.lists(st.integers(-2, 9), max_size=4),
    st.dictionaries(st.sampled_from(["type", "a", "x.y", ""]), st.integers(0, 3), max_size=2),
    st.just([[[]]]),
)  # fmt: skip
KEYS = st.sampled_from(
    ["type", "format", "modules", "overrides", "rewrites", "mode", "name", "depth", "parts", "file",
     "sha256", "catalog", "*", "*.bias", "layer1.0", "in_channels", "out_channels", "x", "",
     "layer1.0.conv2.in_channels", "*.in_channels", "stem.conv.groups", "*.stride", "*.kernel_size"]
)  # fmt: skip


def outcome(build: Callable[[], T]) -> T | str:
    """Returns what is built, or the message with which it is refused."""
    try:
        return build()
    except VegaError as error:
        return str(error)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield from places(item, (*path, key))


def mutated(data: st.DataObject, value: Any, times: int = 2) -> Any:
    """Returns plain data in which something is replaced, removed, added or moved."""
    value = copy.deepcopy(value)
    for _ in range(data.draw(st.integers(1, times))):
        known = list(places(value))
        if not known:
            break
        *way, last = data.draw(st.sampled_from(known))
        place = value
        for key in way:
            place = place[key]
        match data.draw(st.sampled_from(["replace", "remove", "add", "swap", "wrap"])):
            case "replace":
                place[last] = copy.deepcopy(data.draw(VALUES))
            case "remove":
                del place[last]
            case "add" if isinstance(place, dict):
                place[data.draw(KEYS)] = copy.deepcopy(data.draw(VALUES))
            case "swap":
                *other, end = data.draw(st.sampled_from(known))
                target = value
                for key in other:
                    target = target[key]
                if not isinstance(target, type(place)) or len(way) != len(other):
                    continue
                place[last], target[end] = target[end], place[last]
            case "wrap":
                place[last] = [place[last]]
    return value


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a graph for `Graph`."""
    path = tmp_path_factory.mktemp("graphs")
    graph = nn.trace(networks.ResNet(8, 4, 3), {"image": nn.batched((3, 16, 16))})
    (path / "net.json").write_text(json.dumps(nn.graph_to_dict(graph)))
    return path


@pytest.mark.parametrize("valid", VALID, ids=range(len(VALID)))
def test_the_descriptions_to_be_damaged_are_valid(valid: dict[str, Any], folder: Path) -> None:
    assert nn.build_graph(valid, Shelf(), PICTURE, folder=folder).nodes


@FUZZ
@given(data=st.data())
def test_a_damaged_description_is_built_or_refused(data: st.DataObject, folder: Path) -> None:
    description = mutated(data, data.draw(st.sampled_from(VALID)), 3)
    graph = outcome(lambda: nn.build_graph(description, Shelf(), PICTURE, folder=folder))
    assert graph
    if not isinstance(graph, str):
        assert nn.graph_from_dict(nn.graph_to_dict(graph)).hash == graph.hash
        checked = nn.canonical(description)
        assert nn.canonical(checked) == checked
        assert len(nn.description_hash(checked, Shelf(), folder=folder)) == 64


@FUZZ
@given(data=st.data())
def test_any_override_is_applied_or_refused(data: st.DataObject) -> None:
    """Every field of every module of some networks, with any value."""
    name = data.draw(st.sampled_from(["SimpleCnn", "MLP", "ResNet", "MobileNetV2"]))
    small: dict[str, dict[str, Any]] = {
        "ResNet": {"depth": 8},
        "MobileNetV2": {"width_multiplier": 0.1},
    }
    description = {"type": name, **small.get(name, {})}
    fields = data.draw(st.sampled_from(FIELDS[name]))
    value = data.draw(VALUES)
    described = {**description, "overrides": {fields: value}}
    assert outcome(lambda: nn.build_graph(described, Shelf(), PICTURE))


def _fields_of(description: dict[str, Any]) -> list[str]:
    """Returns the names of all fields, by asking for one that there is not."""
    from vega_core.nn.overrides import Overrides
    from vega_core.nn.tracing import Tracer

    overrides = Overrides({"nothing.at.all": 0})
    tracer = Tracer(overrides=overrides)
    network = nn.build_network(description, Shelf())
    with tracer.active():
        tracer.run(network, [tracer.input("image", nn.batched((3, 16, 16)))], {})
    return sorted(overrides.fields)


FIELDS = {
    "SimpleCnn": _fields_of({"type": "SimpleCnn"}),
    "MLP": _fields_of({"type": "MLP"}),
    "ResNet": _fields_of({"type": "ResNet", "depth": 8}),
    "MobileNetV2": _fields_of({"type": "MobileNetV2", "width_multiplier": 0.1}),
}


@FUZZ
@given(data=st.data())
def test_a_damaged_graph_is_read_or_refused(data: st.DataObject, graphs: Any) -> None:
    written = nn.graph_to_dict(data.draw(graphs))
    damaged = mutated(data, json.loads(json.dumps(written)), 2)
    graph = outcome(lambda: nn.graph_from_dict(damaged))
    assert graph
    if not isinstance(graph, str):
        again = nn.graph_from_dict(json.loads(json.dumps(nn.graph_to_dict(graph))))
        assert again.hash == graph.hash
        assert graph.in_mode("eval").pruned().stats().params >= 0


@FUZZ
@given(data=st.data())
def test_a_graph_that_is_read_can_be_computed(
    data: st.DataObject, graphs: Any, arrays: Any
) -> None:
    """What passes the checks has sizes that NumPy agrees with."""
    graph = data.draw(graphs)
    written = json.loads(json.dumps(nn.graph_to_dict(graph)))
    spots = [
        p
        for p in places(written["nodes"])
        if p[1:2] == ("op",) and len(p) > 2 and p[2] not in ("type", "version")
    ]
    *way, last = data.draw(st.sampled_from(spots))
    place = written["nodes"]
    for key in way:
        place = place[key]
    place[last] = data.draw(st.one_of(st.integers(-1, 4), st.booleans(), st.just([1, 1])))
    try:
        damaged = nn.graph_from_dict(written)
    except ModelError:
        return
    params, inputs = arrays(damaged, 0)
    found = evaluate(damaged, params, inputs, mode="train")
    for name, value in damaged.outputs.items():
        shape = [3 if size == nn.BATCH else size for size in damaged.specs[value].shape]
        assert list(found.outputs[name].shape) == shape


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"type": "ResNett"}, "unknown network 'ResNett'"),
        ({"type": "ResNet", "rewrites": [{"type": "X"}]}, "unknown rewrite 'X'"),
        ({1: 2}, "a key is a text, and got 1"),
        ({"type": "ResNet", "overrides": {"stem": {1: 2}}}, r"^overrides\.stem: a key is a text"),
        ({"type": "ResNet", "depth": object()}, r"^depth: expected plain data, got <object"),
        ({"type": "ResNet", "depth": {8}}, r"^depth: expected plain data, got \{8\}"),
        ({"type": "ResNet", "depth": "auto"}, r"^depth: is 'auto', and nothing says"),
        ({"type": "ResNet", "depth": True}, r"^depth: expected int, got True"),
        ({"type": "ResNet", "depth": float("nan")}, r"^depth: expected int, got nan"),
        ({"type": "ResNet", "depth": float("inf")}, r"^depth: expected int, got inf"),
        ({"type": "ResNet", "format": True}, "format True"),
        ({"type": "ResNet", "overrides": {"": 1}}, r"^overrides: a key is a text, and got ''"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(description: Mapping[Any, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        nn.build_graph(description, Shelf(), PICTURE)


def test_a_description_without_end_is_refused() -> None:
    endless: dict[str, Any] = {"type": "ResNet"}
    endless["overrides"] = {"a": endless}
    with pytest.raises(ModelError, match="nested too deeply"):
        nn.build_graph(endless, Shelf(), PICTURE)


def test_a_network_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vega_core.nn.draft._MOST_NODES", 1000)
    with pytest.raises(ModelError, match="more than 1000 operators"):
        nn.build_graph({"type": "ResNet", "depth": 602}, Shelf(), PICTURE)


SPEC = {"x": nn.batched((3,))}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, SPEC), "expected a module to trace, got 3"),
        ((nn.Linear, SPEC), "expected a module to trace, got <class"),
        ((nn.Linear(2), None), "expected the specifications of the inputs by name, got None"),
        ((nn.Linear(2), {"x": (3,)}), r"input 'x': expected .* batched.*, got \(3,\)"),
        ((nn.Linear(2), {3: nn.batched((3,))}), "input 3: expected a specification"),
        ((nn.Linear(2), {"x": nn.TensorSpec((-1, "3"))}), "input 'x': expected"),  # type: ignore[arg-type]
        ((nn.Linear(2), SPEC, 3), "expected overrides by dotted name, got 3"),
        ((nn.Linear(2, mode="on"), SPEC), "mode: expected 'train' or 'eval', got 'on'"),  # type: ignore[arg-type]
        ((nn.Linear(2, mode=3), SPEC), "mode: expected 'train' or 'eval', got 3"),  # type: ignore[arg-type]
    ],
)
def test_a_trace_refuses_what_is_of_another_type(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        nn.trace(*arguments)


@pytest.mark.parametrize("inputs", [3, None, {"x": 3}, {"x": None}, {"x": "ab"}, {"x": (2.5,)}])
def test_a_graph_needs_shapes_by_name(inputs: Any) -> None:
    with pytest.raises(ModelError, match=r"expected (inputs by name|the shape of one sample)"):
        nn.build_graph({"type": "ResNet"}, Shelf(), inputs)


class Odd(nn.Network):
    """A network with parts of an unknown mode and kind."""

    mode_of_norm: Any = None
    kind: Any = "weight"

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.BatchNorm(mode=self.mode_of_norm, name="norm")(x)
        return x + nn.parameter("p", (3,), kind=self.kind)


def test_unknown_modes_and_kinds_are_refused_while_tracing() -> None:
    assert nn.trace(Odd("eval", "constant"), SPEC).parameters["p"].kind == "constant"
    with pytest.raises(ModelError, match=r"norm\.mode: expected 'train' or 'eval', got 'ev"):
        nn.trace(Odd("evaluation"), SPEC)
    with pytest.raises(ModelError, match=r"p: 'wieght' is no kind of parameter; did you mean 'wei"):
        nn.trace(Odd(None, "wieght"), SPEC)
    with pytest.raises(ModelError, match=r"p: 'x' is no kind of parameter; kinds are weight, bias"):
        nn.trace(Odd(None, "x"), SPEC)


def test_errors_name_the_module_and_both_sides() -> None:
    """The kinds of the standard: shape mismatches and overrides, as a user sees them."""
    cases = {
        "layer1.0.conv1.conv.kernel_size": ([3, 3, 3], "layer1.0.conv1.conv: 3 sizes"),
        "layer2.0.conv1.groups": (3, "layer2.0.conv1.conv: 3 groups must divide the 16 input"),
        "layer1.0.stride": (0, "layer1.0.conv1.conv:"),
    }
    for key, (value, start) in cases.items():
        with pytest.raises(ModelError, match=rf"^{re.escape(start)}"):
            nn.trace(networks.ResNet(8), {"x": nn.batched((3, 16, 16))}, {key: value})


@pytest.mark.parametrize("size", [0, -1, -3, 2**40])
def test_inputs_of_odd_sizes_are_refused_or_traced(size: int) -> None:
    for network in (networks.ResNet(8), networks.MLP()):
        assert outcome(partial(nn.trace, network, {"x": nn.TensorSpec((-1, 3, size, 16))}))


def test_numbers_of_numpy_are_numbers() -> None:
    description = {
        "type": "MLP",
        "hidden": np.array([4, 5]),
        "dropout": np.float32(0.25),
        "num_classes": np.int64(3),
    }
    graph = nn.build_graph(description, Shelf(), PICTURE)
    assert nn.canonical(description)["hidden"] == [4, 5]
    assert json.dumps(nn.graph_to_dict(graph))
