"""Rewrites on 200 random networks: what preserves their function, and what removes channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.dependency import Dependencies, Resizing, channel_dependencies
from vega_core.nn.primitive import Call
from vega_core.nn.reference import evaluate
from vega_core.nn.rewrites import Deepen, FoldBatchNorm, PruneChannels, Widen, applied
from vega_core.testing.rewrite.nets import random_arrays, random_graph

BATCHES = [range(start, start + 25) for start in range(0, 200, 25)]
LAYERS = (nn.ops.Conv, nn.ops.ConvTranspose, nn.ops.Gemm)


def preserving(graph: nn.Graph, seed: int) -> Iterator[nn.Rewrite]:
    """Yields rewrites of a network that should compute what it did."""
    rng = np.random.default_rng(seed)
    yield FoldBatchNorm()
    layers = [node.name for node in graph.nodes if isinstance(node.op, LAYERS)]
    for name in rng.permutation(layers)[:2]:
        channels = graph.specs[name].shape[1]
        for more in (1, channels):
            yield Widen(str(name), channels + more)
    places = [n.name for n in graph.nodes if isinstance(n.op, (nn.ops.Relu, nn.ops.Concat))]
    for name in places[:2]:
        yield Deepen(name, norm=bool(rng.integers(2)))
    name = graph.nodes[int(rng.integers(len(graph.nodes)))].name
    yield Deepen(name, 1, activation="none")


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_what_preserves_the_function_does(seeds: range) -> None:
    done: dict[str, int] = {}
    for seed in seeds:
        graph = random_graph(seed)
        params, inputs = random_arrays(graph, seed)
        expected = evaluate(graph, params, inputs).outputs
        kept = []
        for rewrite in preserving(graph, seed):
            try:
                new, arrays = applied([rewrite], graph, params)
            except ModelError:
                continue
            kept.append(rewrite)
            close(evaluate(new, arrays, inputs).outputs, expected, f"{seed}: {rewrite}")
            kind = type(rewrite).__name__
            done[kind] = done.get(kind, 0) + 1
        # Those that were possible, one after another; the last may meet others' changes.
        new, arrays = applied([r for r in kept if not isinstance(r, Deepen)][:2], graph, params)
        close(evaluate(new, arrays, inputs).outputs, expected, f"{seed}: {kept}")
    assert min(done[kind] for kind in ("FoldBatchNorm", "Widen", "Deepen")) >= 25, done


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_removing_channels_leaves_a_valid_graph_that_computes_as_with_zeros(seeds: range) -> None:
    compared = 0
    for seed in seeds:
        graph = random_graph(seed)
        params, inputs = random_arrays(graph, seed)
        found = channel_dependencies(graph)
        for exact in (True, False):
            copies = removed(found, seed, exact)
            resizing = Resizing(graph, found, copies)
            new, arrays = resizing.rewritten(), {**params, **resizing.arrays(params)}
            valid(new, arrays)
            assert new.stats().params <= graph.stats().params
            actual = evaluate(new, arrays, inputs).outputs
            if exact:
                compared += int((copies == 0).any())
                close(actual, with_zeros(graph, params, inputs, found, copies), str(seed))
    assert compared >= 20


def removed(found: Dependencies, seed: int, exact: bool) -> Any:
    """Returns how often each unit stands: some of each group are gone, but never all."""
    rng = np.random.default_rng(seed)
    copies = np.ones(found.count, np.int64)
    for group in found.groups:
        if not (exact and group.mixed):
            copies[rng.permutation(group.units)[: int(rng.integers(len(group.units)))]] = 0
    return copies


def with_zeros(
    graph: nn.Graph,
    params: Mapping[str, Array],
    inputs: Mapping[str, Array],
    found: Dependencies,
    copies: Any,
) -> dict[str, Array]:
    """Runs a graph in which every operator's removed channels are set to zero."""
    values = dict(inputs)
    for name, control in graph.controls.items():
        values[name] = np.full(control.shape, control.default)
    for node in graph.in_mode("eval").nodes:
        call = Call(
            [values[n] for n in node.inputs], {r: params[n] for r, n in node.params.items()}
        )
        for name, array in zip(graph.values(node), node.op.reference(call), strict=True):
            for axis, units in enumerate(found.values[name]):
                if units is not None:
                    kept = np.where(units < 0, 1, copies[units])
                    sizes = [1] * array.ndim
                    sizes[axis] = -1
                    array = array * kept.reshape(sizes)
            values[name] = array
    return {name: values[value] for name, value in graph.outputs.items()}


def valid(graph: nn.Graph, arrays: Mapping[str, Array]) -> None:
    """Checks that a graph is read back as it is, and that parameters fit."""
    assert nn.graph_from_dict(nn.graph_to_dict(graph)).hash == graph.hash
    assert {n: arrays[n].shape for n in graph.parameters} == {
        n: spec.shape for n, spec in graph.parameters.items()
    }


def close(actual: Mapping[str, Array], expected: Mapping[str, Array], where: str) -> None:
    assert actual.keys() == expected.keys()
    for name, array in expected.items():
        assert np.isfinite(array).all(), where
        assert np.abs(actual[name] - array).max() < 1e-5, (where, name)


def test_the_networks_have_what_the_analysis_must_follow() -> None:
    seen = {type(node.op) for seed in range(60) for node in random_graph(seed).nodes}
    ops = nn.ops
    assert seen >= {
        ops.Add, ops.BatchNormalization, ops.ChannelShuffle, ops.Concat, ops.Conv, ops.Gemm,
        ops.ConvTranspose, ops.DepthToSpace, ops.Flatten, ops.GroupNormalization, ops.MatMul,
        ops.InstanceNormalization, ops.LayerNormalization, ops.Mul, ops.Pad, ops.Parameter,
        ops.PRelu, ops.ReduceMean, ops.Reshape, ops.Slice, ops.Softmax, ops.SpaceToDepth,
        ops.Split, ops.Transpose,
    }  # fmt: skip
    assert random_graph(7).hash == random_graph(7).hash != random_graph(8).hash


def test_pruning_in_two_steps_is_pruning_at_once() -> None:
    for seed in range(20):
        graph = random_graph(seed)
        params, _ = random_arrays(graph, seed)
        units = channel_dependencies(graph).values["stem"][1]
        if units is None or len(set(units.tolist())) < 3 or (units < 0).any():
            continue
        try:
            at_once, arrays = applied([PruneChannels({"stem": [0, 1]})], graph, params)
            twice, others = applied([PruneChannels({"stem": [0]})] * 2, graph, params)
        except ModelError:
            continue
        if len(set(units[:2].tolist())) == 2 and (units == units[0]).sum() == 1:
            assert at_once.hash == twice.hash
            assert all(np.array_equal(arrays[name], others[name]) for name in arrays)


def test_pytorch_sees_the_same() -> None:
    """In float32, before and after what preserves the function, and of pruned networks."""
    pytest.importorskip("torch")
    from vega_backend_torch.backend import TorchBackend

    backend = TorchBackend(threads=1)
    device = backend.devices()[0]

    def predicted(graph: nn.Graph, arrays: Mapping[str, Array], batch: Mapping[str, Array]) -> Any:
        narrow = {name: np.asarray(arrays[name], np.float32) for name in graph.parameters}
        store = backend.store(narrow, device)
        return backend.compile(graph, store).predict({"x": batch["x"].astype(np.float32)})

    for seed in range(12):
        graph = random_graph(seed)
        params, inputs = random_arrays(graph, seed)
        before = predicted(graph, params, inputs)
        for rewrite in preserving(graph, seed):
            try:
                new, arrays = applied([rewrite], graph, params)
            except ModelError:
                continue
            for name, array in predicted(new, arrays, inputs).items():
                size = max(float(np.abs(before[name]).max()), 1.0)
                assert np.abs(array - before[name]).max() < 1e-5 * size, (seed, rewrite)
        found = channel_dependencies(graph)
        resizing = Resizing(graph, found, removed(found, seed, False))
        new, arrays = resizing.rewritten(), {**params, **resizing.arrays(params)}
        expected = evaluate(new, arrays, inputs).outputs
        for name, array in predicted(new, arrays, inputs).items():
            np.testing.assert_allclose(array, expected[name], rtol=1e-4, atol=1e-4)
