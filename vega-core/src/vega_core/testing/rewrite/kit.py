"""Conformance kit of rewrites."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, replace
from typing import Any, ClassVar

import numpy as np
import yaml

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.records import made
from vega_core.nn.reference import evaluate
from vega_core.nn.sources import Loader
from vega_core.testing.compare import Tolerance, check_close, check_same_bytes, require
from vega_core.testing.conformance import Cases, Conformance
from vega_core.testing.rewrite.case import RewriteCase, values_of
from vega_core.testing.rewrite.nets import random_arrays, random_graph

__all__ = ["RewriteCase", "RewriteConformance"]

SAME = Tolerance(1e-6, 1e-6)
WRONG: tuple[Any, ...] = (None, True, -1, 0, 64, 2.5, "", "no such name", [], ["x"], {"x": "y"})
"""What no parameter should crash on."""


class RewriteConformance(Conformance):
    """What every rewrite must do. Subclass it, write `rewrites`, and run pytest.

    Example::

        class TestMine(RewriteConformance):
            def rewrites(self):
                return [RewriteCase("halve", Halve("conv"), MyNet(), {"image": (3, 8, 8)})]

    No framework is needed. A rewrite must be a frozen dataclass of plain data and derive from
    `vega_core.nn.Rewrite`.

    Attributes:
        graphs: On how many random networks `test_any_graph` tries each rewrite.
        expected_failures: Name of a test, or ``test[rewrite]`` -> the reason why it fails. It must
            fail then.
    """

    graphs: ClassVar[int] = 20

    def rewrites(self) -> Sequence[RewriteCase]:
        """Returns the rewrites to try; the author writes this."""
        raise NotImplementedError(f"{type(self).__name__} must define rewrites(self)")

    def catalog(self) -> Loader:
        """Returns what knows the types of descriptions: by default what is installed."""
        from vega_core.plugins import load_catalog

        return load_catalog(strict=False)

    def cases(self) -> Cases:
        return {**super().cases(), "rewrite": self.rewrites}

    # What it is.

    def test_it_is_a_frozen_record(self, rewrite: RewriteCase) -> None:
        record = self._record(rewrite)
        for name, value in values_of(record).items():
            try:
                setattr(record, name, value)
            except FrozenInstanceError:
                continue
            raise AssertionError(f"{rewrite}: {name!r} can be set; make it a frozen dataclass")

    def test_its_description_goes_through_yaml(self, rewrite: RewriteCase) -> None:
        """And JSON: the same record, and by it the same graph."""
        record = self._record(rewrite)
        plain = nn.canonical({"type": "x", "rewrites": [{"type": "y", **values_of(record)}]})
        (values,) = plain["rewrites"]
        del values["type"]
        for text, read in (
            (yaml.safe_dump(values), yaml.safe_load),
            (json.dumps(values), json.loads),
        ):
            again = made(type(record), read(text))
            graph = rewrite.graph()
            require(again(graph).hash == record(graph).hash, f"{rewrite}: another graph by {text}")

    def test_parameters_that_are_wrong(self, rewrite: RewriteCase) -> None:
        """Each is refused with a ModelError, or taken; nothing else may be raised."""
        record, graph = self._record(rewrite), rewrite.graph()
        for name, value in values_of(record).items():
            for wrong in WRONG:
                if wrong == value:
                    continue
                given = {**values_of(record), name: wrong}
                what = f"{rewrite} with {name}={wrong!r}"
                self._refused_or_right(what, lambda given=given: made(type(record), given), graph)

    # What it gives.

    def test_it_is_deterministic(self, rewrite: RewriteCase) -> None:
        """Two applications give one graph, and the old one stays as it is."""
        record, graph = self._record(rewrite), rewrite.graph()
        before = copy.deepcopy(nn.graph_to_dict(graph))
        one, two = record(graph), record(rewrite.graph())
        require(one.hash == two.hash, f"{rewrite}: two applications differ")
        require(list(one.parameters) == list(two.parameters), f"{rewrite}: other names")
        require(nn.graph_to_dict(graph) == before, f"{rewrite}: the old graph has changed")

    def test_it_changes_something(self, rewrite: RewriteCase) -> None:
        graph = rewrite.graph()
        new = self._record(rewrite)(graph)
        require(new.hash != graph.hash, f"{rewrite}: the graph is the same")

    def test_its_graph_goes_through_json(self, rewrite: RewriteCase) -> None:
        graph = self._record(rewrite)(rewrite.graph())
        text = json.dumps(nn.graph_to_dict(graph))
        known = {type(node.op).__name__: type(node.op) for node in graph.nodes}
        again = nn.graph_from_dict(json.loads(text), known.__getitem__)
        require(again.hash == graph.hash, f"{rewrite}: another graph after JSON")

    def test_inputs_and_outputs_keep_their_names(self, rewrite: RewriteCase) -> None:
        graph = rewrite.graph()
        new = self._record(rewrite)(graph)
        require(dict(new.inputs) == dict(graph.inputs), f"{rewrite}: other inputs")
        require(list(new.outputs) == list(graph.outputs), f"{rewrite}: other outputs")

    # What becomes of the parameters.

    def test_parameters_fit(self, rewrite: RewriteCase) -> None:
        """Every one of the new graph, by the seed alone; the old ones stay as they are."""
        record, graph = self._record(rewrite), rewrite.graph()
        params = nn.initial_parameters(graph, 0)
        before = copy.deepcopy(params)
        found = record.carry(graph, params, 1)
        _check_fit(record(graph), found, str(rewrite))
        check_same_bytes(params, before, f"{rewrite}, the old parameters")
        check_same_bytes(record.carry(graph, params, 1), found, f"{rewrite}, carried again")
        _check_runs(record(graph), found, str(rewrite))

    def test_parameters_that_do_not_fit_are_refused(self, rewrite: RewriteCase) -> None:
        record, graph = self._record(rewrite), rewrite.graph()
        params = nn.initial_parameters(graph, 0)
        name = next(iter(params))
        for wrong in ({}, {**params, name: np.zeros((*params[name].shape, 2))}):
            try:
                record.carry(graph, wrong)
            except ModelError:
                continue
            raise AssertionError(f"{rewrite}: parameters that do not fit are carried")

    def test_it_preserves_what_it_says(self, rewrite: RewriteCase) -> None:
        """The outputs, in evaluation and in float64."""
        if not rewrite.preserves:
            return
        record, graph = self._record(rewrite), rewrite.graph()
        params, inputs = random_arrays(graph, 1, samples=3)
        expected = evaluate(graph, params, inputs).outputs
        actual = evaluate(record(graph), record.carry(graph, params), inputs).outputs
        for name, array in expected.items():
            require(bool(np.ptp(array) > 0), f"{rewrite}, {name!r}: the outputs say nothing")
            check_close(actual[name], array, SAME, f"{rewrite}, {name!r}")

    def test_any_graph(self, rewrite: RewriteCase) -> None:
        """A random network is refused with a ModelError, or gives a graph that parameters fit."""
        record = self._record(rewrite)
        for seed in range(self.graphs):
            what = f"{rewrite} on random_graph({seed})"
            self._refused_or_right(what, lambda: record, random_graph(seed))

    def _refused_or_right(self, what: str, make: Any, graph: nn.Graph) -> None:
        try:
            record = make()
            new = record(graph)
            found = record.carry(graph, nn.initial_parameters(graph, 0))
        except ModelError:
            return
        except Exception as error:
            raise AssertionError(f"{what}: {error!r}, no ModelError") from error
        _check_fit(new, found, what)
        _check_runs(new, found, what)

    def _record(self, case: RewriteCase) -> nn.Rewrite:
        return case.made(self.once("catalog", self.catalog))


def _check_fit(graph: nn.Graph, params: dict[str, Array], where: str) -> None:
    require(list(params) == list(graph.parameters), f"{where}: other names than the graph's")
    for name, spec in graph.parameters.items():
        array = params[name]
        require(array.shape == spec.shape, f"{where}: {name!r} is {array.shape}, not {spec.shape}")
        require(array.dtype == spec.dtype, f"{where}: {name!r} is {array.dtype}, not {spec.dtype}")
        require(bool(np.isfinite(array).all()), f"{where}: {name!r} is not finite")


def _check_runs(graph: nn.Graph, params: dict[str, Array], where: str) -> None:
    """Runs the graph, and holds the shapes of what it gives against those that it says."""
    _, inputs = random_arrays(replace(graph, parameters={}), samples=2)
    narrow = {
        name: array.astype("float32") if array.dtype == np.float64 else array
        for name, array in inputs.items()
    }
    values = evaluate(graph, params, narrow).values
    for name, array in values.items():
        shape = tuple(size if size >= 0 else -2 * size for size in graph.specs[name].shape)
        require(array.shape == shape, f"{where}: {name!r} is {array.shape}, not {shape}")
