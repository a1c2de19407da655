"""What a type checker says about modules that users define."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vega_core import nn

class Block(nn.Block):
    out_channels: int
    stride: int = 1

    def forward(self, x: nn.Tensor) -> tuple[nn.Tensor, nn.Tensor]:
        y = nn.Conv(self.out_channels, 3, self.stride, name="conv")(x)
        return y, nn.relu(y)

def use(x: nn.Tensor) -> nn.Tensor:
    a, b = Block(3, stride=2, name="block", mode="eval")(x)
    return a + b

class Edge(nn.Block):
    candidates: tuple[nn.Module, ...]

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        y = nn.choice("op", [*self.candidates, nn.identity, lambda x: nn.relu(x)], x)
        y = nn.by_mode(nn.stop_gradient(y), y) * nn.control("mask", 1.0, (x.channels, 1, 1))
        return y + nn.parameter("scale", (1, x.channels), nn.initializers.Normal(0.1), "bias")

def edit(site: nn.Site) -> nn.Tensor | None:
    return nn.relu(*site.keep()) if isinstance(site.node.op, nn.ops.Conv) else None

@dataclass(frozen=True)
class Relus(nn.Rewrite):
    ending: str

    def __call__(self, graph: nn.Graph) -> nn.Graph:
        return nn.rewritten(graph, edit)

class FromElsewhere(nn.GraphSource):
    path: Path
    scale: float = 1.0

    def graph(self, inputs: Mapping[str, nn.TensorSpec]) -> nn.Graph:
        return nn.trace(Edge((nn.Linear(3),)), inputs, {"op.0.bias": False, "*.mode": "eval"})

    def identity(self) -> Mapping[str, object]:
        return {"path": str(self.path)}

def count(graph: nn.Graph) -> int:
    chosen = {name: number - 1 for name, number in nn.candidates(graph).items()}
    place: nn.Branch = nn.branches(graph)["choice_1"]
    return len(nn.specialised(graph, chosen).nodes) + len(place)

def described(catalog: nn.Loader) -> nn.Graph:
    source = FromElsewhere(Path("x"), scale=2.0, mode="train")
    assert source.catalog is None
    return nn.build_graph({"type": "X"}, catalog, {"x": (3,), "y": nn.batched((4,))})
"""
BAD = [
    ('Block("wide")', "arg-type"),
    ("Block()", "call-arg"),
    ("Block(3, strides=2)", "call-arg"),
    ('Block(3, mode="frozen")', "arg-type"),
    ("Block(3)(3)", "arg-type"),
    ("Block(3)()", "call-arg"),
    ("setattr_free = Block(3); setattr_free.stride = 2", "misc"),
    ('nn.Conv(8, padding="valid")', "arg-type"),
    ('nn.control("c", "half")', "arg-type"),
    ('nn.control("c", 1.0, 4)', "arg-type"),
    ('nn.parameter("p", (3,), kind="weights")', "arg-type"),
    ('nn.parameter("p", (3,), 0.1)', "arg-type"),
    ('nn.choice("e", [nn.relu, 3], x)', "list-item"),
    ('nn.choice("e", [nn.relu], 3)', "arg-type"),
    ("nn.by_mode(x)", "call-arg"),
    ('Edge((nn.Linear(3), "relu"))', "arg-type"),
    ('FromElsewhere("x")', "arg-type"),
    ('FromElsewhere(Path("x"), size=3)', "call-arg"),
    ("Relus(3)", "arg-type"),
    ("Relus('x')(x)", "arg-type"),
    ("nn.GraphSource()", "abstract"),
    ("nn.rewritten(nn.trace(nn.Linear(3), {}), use)", "arg-type"),
    ('nn.specialised(nn.trace(nn.Linear(3), {}), {"e": "a"})', "dict-item"),
    ('nn.trace(nn.Linear(3), {"x": (3,)})', "dict-item"),
]


MYPY = (sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=")


@pytest.mark.soak
def test_mypy_checks_constructors_and_calls(tmp_path: Path) -> None:
    source = GOOD + "\ndef wrong(x: nn.Tensor) -> None:\n"
    first = source.count("\n") + 1
    source += "".join(f"    {line}\n" for line, _ in BAD)
    file = tmp_path / "module.py"
    file.write_text(source)
    done = subprocess.run(
        [*MYPY, str(file)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    found = {
        (int(line.split(":")[1]), line.rsplit("[", 1)[-1].rstrip("]"))
        for line in done.stdout.splitlines()
        if "error:" in line
    }
    assert found == {(first + index, code) for index, (_, code) in enumerate(BAD)}, done.stdout
