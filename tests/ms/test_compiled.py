"""The text of every operator in MindSpore's graph mode, which gives what eager code does."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import mindspore as ms
import numpy as np
import pytest

from vega_backend_ms.lower import COMPILED, NAMESPACE
from vega_backend_ms.lowering.draws import halves
from vega_backend_ms.source import Source
from vega_core import nn
from vega_core.arrays import Array
from vega_core.backend.writing import built
from vega_core.testing.backend.probe import probe
from vega_core.testing.operators import CASES

pytestmark = pytest.mark.soak

FIRST = {type(case.op): name for name, case in reversed(CASES.items())}
"""One case of each operator."""

KEY = 0x7EDCBA9876543210

CELL = """

class Compiled(nn.Cell):
    def __init__(self, params):
        super().__init__()
        self.params = params

    def construct(self, inputs, controls, key):
        return forward(self.params, inputs, controls, key)
"""

Results = tuple[list[Array], list[Array], list[Array]]
"""Outputs, gradients, and parameters after them."""


class Draws(nn.Network):
    """Everything that is drawn."""

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        return {
            "rows": nn.Dropout(0.3, (-1,), name="rows")(x),
            "elements": nn.Dropout(0.6, name="elements")(x),
            "uniform": nn.random_uniform(x, -2, 3),
            "normal": nn.random_normal(x, -1, 4),
        }


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """What fails to compile leaves folders behind, so that each test runs in one of its own."""
    monkeypatch.chdir(tmp_path)
    # Graph mode cannot read `del`.
    monkeypatch.setattr(Source, "deletes", False)
    yield tmp_path
    ms.set_context(mode=ms.PYNATIVE_MODE)


def one_key(key: int, node: int) -> int:
    """Returns the key of every node."""
    return key


def compiled(source: Source, params: Any, folder: Path) -> Any:
    """Returns the text as a Cell; MindSpore reads it anew, from the module that it is in."""
    file, module = folder / "graph.py", ModuleType(f"vega_{folder.name}")
    # Graph mode has no integers of 64 bits without a sign, so that here all nodes have one key.
    file.write_text(re.sub(r"combined\(key, \d+\)", "key", source.text) + CELL)
    module.__dict__.update({**NAMESPACE, **COMPILED, **source.names})
    module.__dict__.update(nn=ms.nn, __file__=str(file))
    sys.modules[module.__name__] = module
    exec(compile(file.read_text(), str(file), "exec"), module.__dict__)
    return module.Compiled(params)


def ran(
    graph: nn.Graph,
    arrays: Mapping[str, Array],
    controls: tuple[Any, ...] = (),
    folder: Path | None = None,
) -> Results:
    """Runs a training step: in graph mode where there is a folder for it, else eagerly."""
    graph = graph.in_mode("train")
    source = Source(graph, frozenset(name for name in graph.parameters if "running" in name))
    params = [ms.Parameter(ms.Tensor(arrays[name]), name) for name in graph.parameters]
    trained = [p for p in params if graph.parameters[p.name].trained]
    inputs = tuple(ms.Tensor(arrays[name]) for name in graph.inputs)
    if folder:
        ms.set_context(mode=ms.GRAPH_MODE)
        cell, key = compiled(source, ms.ParameterTuple(params), folder), ms.Tensor(halves(KEY))
        controls = tuple(ms.Tensor(control, ms.float32) for control in controls)
    else:
        program, key = built(source, {**NAMESPACE, "combined": one_key}), KEY

        def cell(*arguments: Any) -> Any:
            return program.run(params, *arguments)

    place = list(graph.outputs).index("loss") if "loss" in graph.outputs else 0

    def loss_and_outputs(inputs: Any, controls: Any, key: Any) -> Any:
        outputs = cell(inputs, controls, key)
        return outputs[place], outputs

    if "loss" in graph.outputs and trained:
        step = ms.value_and_grad(loss_and_outputs, None, ms.ParameterTuple(trained), has_aux=True)
        (_, outputs), gradients = step(inputs, controls, key)
    else:
        outputs, gradients = cell(inputs, controls, key), ()
    results = [[x.asnumpy() for x in part] for part in (outputs, gradients, params)]
    ms.set_context(mode=ms.PYNATIVE_MODE)
    return results[0], results[1], results[2]


def check_alike(results: Results, eager: Results) -> None:
    for part, expected in zip(results, eager, strict=True):
        for one, other in zip(part, expected, strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FIRST.values())
def test_compiled_code_gives_what_eager_code_does(name: str, folder: Path) -> None:
    made = probe(CASES[name])
    arrays = {**made.params, **made.batch}
    check_alike(ran(made.graph, arrays, folder=folder), ran(made.graph, arrays))


def test_compiled_code_draws_what_eager_code_does(folder: Path) -> None:
    graph = nn.trace(Draws(), {"x": nn.batched((6,))})
    arrays = {"x": np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)}
    rates = (0.3,) * len(graph.controls)
    check_alike(ran(graph, arrays, rates, folder), ran(graph, arrays, rates))
