"""Rewrites that descriptions list: registered, checked like any component, applied in order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_tasks.classification.networks import ResNet

PICTURE = {"image": (3, 8, 8)}


@dataclass(frozen=True)
class Append(nn.Rewrite):
    """Puts an activation behind every node whose name ends so."""

    ending: str
    kind: Literal["sigmoid", "softmax"] = "sigmoid"
    only: tuple[int, ...] | None = None

    def __call__(self, graph: nn.Graph) -> nn.Graph:
        places = [n.name for n in graph.nodes if n.name.endswith(self.ending)]
        if not places:
            raise ModelError(f"no node ends with {self.ending!r}")
        chosen = places if self.only is None else [places[i] for i in self.only]

        def edit(site: nn.Site) -> Any:
            if site.node.name not in chosen:
                return None
            (y,) = site.keep()
            return nn.sigmoid(y) if self.kind == "sigmoid" else nn.softmax(y, 1)

        return nn.rewritten(graph, edit)


class Narrow(nn.Rewrite):
    """Sets the outputs of one node; no dataclass."""

    def __init__(self, node: str, *, channels: int = 1) -> None:
        if channels < 1:
            raise ValueError("channels are positive")
        self.node, self.channels = node, channels

    def __call__(self, graph: nn.Graph) -> nn.Graph:
        def edit(site: nn.Site) -> Any:
            op: Any = site.node.op
            if site.node.name != self.node:
                return None
            return site.keep(replace(op, out_channels=self.channels))

        return nn.rewritten(graph, edit)


def nothing(graph: nn.Graph) -> None:
    return None


class Shelf:
    things: ClassVar[dict[tuple[str, str], Any]] = {
        ("network", "ResNet"): ResNet,
        ("rewrite", "Append"): Append,
        ("rewrite", "Narrow"): Narrow,
        ("rewrite", "Nothing"): lambda: nothing,
        ("rewrite", "Number"): lambda: 3,
        ("rewrite", "Open"): lambda **anything: nn.Graph.pruned,
    }

    def load(self, kind: str, name: str) -> Any:
        return self.things[kind, name]


def described(*rewrites: Any) -> dict[str, Any]:
    return {"type": "ResNet", "depth": 8, "width": 4, "rewrites": list(rewrites)}


def build(*rewrites: Any) -> nn.Graph:
    return nn.build_graph(described(*rewrites), Shelf(), PICTURE)


def names(graph: nn.Graph) -> list[str]:
    return [node.name for node in graph.nodes]


FC = {"type": "Append", "ending": "fc"}
SIGMOID = {"type": "Append", "ending": "fc.sigmoid_1", "kind": "softmax"}


def test_rewrites_are_applied_in_order() -> None:
    graph = build(FC, SIGMOID)
    assert names(graph)[-3:] == ["fc", "fc.sigmoid_1", "fc.sigmoid_1.softmax_1"]
    assert names(build({**FC, "only": [0]}))[-2:] == ["fc", "fc.sigmoid_1"]
    with pytest.raises(ModelError, match=r"^rewrites\.0: no node ends with 'fc\.sigmoid_1'$"):
        build(SIGMOID, FC)


def test_what_is_no_dataclass_and_what_takes_anything_will_do() -> None:
    graph = build({"type": "Narrow", "node": "layer1.0.conv1.conv", "channels": 3.0})
    assert graph.parameters["layer1.0.conv2.conv.weight"].shape == (4, 3, 3, 3)
    assert build({"type": "Open", "whatever": 3}).hash == build().hash


@pytest.mark.parametrize(
    ("rewrite", "message"),
    [
        ("Append", r"^rewrites\.1: a rewrite needs a 'type', and got 'Append'"),
        ({"ending": "fc"}, r"^rewrites\.1: a rewrite needs a 'type'"),
        ({"type": "Append"}, r"^rewrites\.1: Append needs the hyperparameter 'ending'"),
        (
            {**FC, "kinds": "x"},
            r"^rewrites\.1\.kinds: Append has no hyperparameter 'kinds'; did you mean 'kind'",
        ),
        ({**FC, "kind": "tanh"}, r"^rewrites\.1\.kind: expected Literal.* got 'tanh'"),
        ({**FC, "ending": 3}, r"^rewrites\.1\.ending: expected str, got 3"),
        ({**FC, "only": [1.5]}, r"^rewrites\.1\.only: expected"),
        ({**FC, "only": "auto"}, r"^rewrites\.1\.only: is 'auto'"),
        ({"type": "Append", "ending": "x"}, r"^rewrites\.1: no node ends with 'x'"),
        ({"type": "Narrow"}, r"^rewrites\.1: Narrow needs the hyperparameter 'node'"),
        ({"type": "Narrow", "node": "fc", "chanels": 3}, r"did you mean 'channels'"),
        ({"type": "Narrow", "node": 3}, r"^rewrites\.1\.node: expected str, got 3"),
        ({"type": "Narrow", "node": "x", "channels": 0}, r"^rewrites\.1: Narrow: channels are pos"),
        ({"type": "Nothing"}, r"^rewrites\.1: Nothing returned None, which is no graph"),
        ({"type": "Nothing", "x": 1}, r"^rewrites\.1\.x: <lambda> has no"),
        ({"type": "Number"}, r"^rewrites\.1: Number transforms nothing"),
    ],
)
def test_what_a_rewrite_does_not_take_is_named(rewrite: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        build(FC, rewrite)


def test_shapes_that_no_longer_fit_name_the_rewrite_and_the_node() -> None:
    message = r"^rewrites\.1: add_1|^rewrites\.1: layer1\.0\.add_1: cannot broadcast"
    with pytest.raises(ShapeError, match=message):
        build(FC, {"type": "Narrow", "node": "layer1.0.conv2.conv", "channels": 3})


def test_the_hash_of_a_description_knows_what_rewrites_mean() -> None:
    def hash_of(*rewrites: Any) -> str:
        return nn.description_hash(described(*rewrites), Shelf())

    assert hash_of(FC) == hash_of({**FC, "kind": "sigmoid", "only": None})
    different = [
        hash_of(*r) for r in [(), (FC,), (SIGMOID,), (FC, SIGMOID), ({**FC, "only": [0]},)]
    ]
    assert len(set(different)) == 5
    narrow = {"type": "Narrow", "node": "x", "channels": 2}
    assert hash_of(narrow) == hash_of({**narrow, "channels": 2.0}) != hash_of()


@dataclass(frozen=True)
class Filed(nn.Rewrite):
    """Depends on what a file holds."""

    file: Path

    def __call__(self, graph: nn.Graph) -> nn.Graph:
        return graph


def test_the_hash_of_a_description_knows_what_a_rewrites_file_holds(tmp_path: Path) -> None:
    class Files(Shelf):
        def load(self, kind: str, name: str) -> Any:
            return Filed if name == "Filed" else super().load(kind, name)

    def hash_of(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        filed = described({"type": "Filed", "file": name})
        return nn.description_hash(filed, Files(), folder=tmp_path)

    assert hash_of("a", "x") == hash_of("b", "x") != hash_of("a", "y")


def test_an_unknown_rewrite_is_named_with_its_place() -> None:
    class Empty(Shelf):
        def load(self, kind: str, name: str) -> Any:
            if name == "Apend":
                raise ModelError(f"no {kind} {name!r}")
            return super().load(kind, name)

    wrong = described(FC, {"type": "Apend"})
    for act in (
        lambda: nn.build_graph(wrong, Empty(), PICTURE),
        lambda: nn.description_hash(wrong, Empty()),
        lambda: nn.with_files(wrong, Empty(), lambda file: (file, "")),
    ):
        with pytest.raises(ModelError, match=r"^rewrites\.1\.type: no rewrite 'Apend'"):
            act()


PROGRAM = """
import sys; sys.path.insert(0, {folder!r})
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("rewrites", {file!r})
module = module_from_spec(spec); sys.modules["rewrites"] = module; spec.loader.exec_module(module)
print(module.build(module.FC, module.SIGMOID).hash)
"""


def test_a_rewrite_gives_the_same_graph_everywhere() -> None:
    program = PROGRAM.format(folder=".", file=__file__)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == build(FC, SIGMOID).hash


def test_a_rewrite_is_abstract() -> None:
    kinds: Sequence[type[Any]] = [nn.Rewrite, nn.GraphSource]
    for kind in kinds:
        with pytest.raises(TypeError, match="abstract"):
            kind()
