"""Conformance kit of networks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import yaml

from vega_core import nn
from vega_core.backend import Backend
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.ops import OPERATORS
from vega_core.nn.reference import evaluate
from vega_core.nn.sources import Loader
from vega_core.testing.compare import Tolerance, check_close, check_varies, require
from vega_core.testing.conformance import Cases, Conformance
from vega_core.testing.network.case import NetworkCase
from vega_core.testing.network.overriding import faults_of_overrides
from vega_core.testing.network.training import check_training

__all__ = ["NetworkCase", "NetworkConformance"]

CLOSE = Tolerance(1e-3, 1e-4)
_NUMBERED = re.compile(r"(.+)_\d+")


class NetworkConformance(Conformance):
    """What every network must do. Subclass it, write `networks`, and run pytest.

    Example::

        class TestMine(NetworkConformance):
            def networks(self):
                return [
                    NetworkCase("small", MyNet(depth=8), {"image": (3, 16, 16)}),
                    NetworkCase("wide", {"type": "MyNet", "width": 32}, {"image": (3, 16, 16)}),
                ]

    No framework is needed. With `backend` each network is also trained for a step.

    Attributes:
        every_module: Whether `test_overrides` sets the hyperparameters of every module; otherwise
            of one module of each type and value, which takes a fraction of the time.
        expected_failures: Name of a test, or ``test[network]`` -> the reason why it fails. It must
            fail then.
    """

    every_module: ClassVar[bool] = True

    def networks(self) -> Sequence[NetworkCase]:
        """Returns the networks to try, small ones; the author writes this."""
        raise NotImplementedError(f"{type(self).__name__} must define networks(self)")

    def catalog(self) -> Loader:
        """Returns what knows the types of descriptions: by default what is installed."""
        from vega_core.plugins import load_catalog

        return load_catalog(strict=False)

    def backend(self) -> Backend | None:
        """Returns a backend to train with, where there is one at hand."""
        return None

    def cases(self) -> Cases:
        return {**super().cases(), "network": self.networks}

    # What it is.

    def test_it_is_deterministic(self, network: NetworkCase) -> None:
        """Two traces give one graph: the same names in the same order, and the same hash."""
        one, two = self._graph(network), self._graph(network)
        require(one.hash == two.hash, f"{network}: two traces differ")
        require(list(one.parameters) == list(two.parameters), f"{network}: other names")

    def test_its_graph_goes_through_json(self, network: NetworkCase) -> None:
        graph = self._graph(network)
        known = {type(node.op).__name__: type(node.op) for node in graph.nodes}
        text = json.dumps(nn.graph_to_dict(graph))
        again = nn.graph_from_dict(json.loads(text), known.__getitem__)
        require(again.hash == graph.hash, f"{network}: another graph after JSON")
        require(dict(again.specs) == dict(graph.specs), f"{network}: other shapes after JSON")
        require(
            dict(again.parameters) == dict(graph.parameters),
            f"{network}: other parameters after JSON",
        )

    def test_its_description_goes_through_yaml(self, network: NetworkCase) -> None:
        """The same meaning, by its hash, and the same graph."""
        described = network.described(self._catalog())
        if described is None:
            return
        description, catalog = described
        plain = nn.canonical(description)
        text = yaml.safe_dump(plain)
        again = yaml.safe_load(text)
        require(nn.canonical(again) == plain, f"{network}: another description after YAML: {text}")
        hashes = {nn.description_hash(one, catalog) for one in (description, plain, again)}
        require(len(hashes) == 1, f"{network}: the description has several hashes")
        built = nn.build_graph(again, catalog, network.specs)
        require(built.hash == self._graph(network).hash, f"{network}: another graph after YAML")

    def test_parameters_have_names_of_their_own(self, network: NetworkCase) -> None:
        """Not counted ones, which change when a layer is put in front: checkpoints need names."""
        counted = {
            name
            for name in self._graph(network).parameters
            for part in name.split(".")
            if (match := _NUMBERED.fullmatch(part)) and match[1] in _types()
        }
        require(
            not counted,
            f"{network}: give the modules of these parameters a name: {sorted(counted)}",
        )

    def test_statistics_are_positive(self, network: NetworkCase) -> None:
        stats = self._graph(network).stats()
        for name in ("params", "macs", "activations", "parameter_bytes", "peak_activation_bytes"):
            require(getattr(stats, name) > 0, f"{network}: {name} is {getattr(stats, name)}")
        for layer in stats.layers:
            require(min(layer.params, layer.macs) >= 0, f"{network}: {layer}")

    # What it makes of hyperparameters and inputs.

    def test_overrides(self, network: NetworkCase) -> None:
        """Each hyperparameter of each module gives a valid graph or a typed error, nothing else."""
        faults = faults_of_overrides(network, self._catalog(), self.every_module)
        require(not faults, f"{network}: " + "; ".join(faults[:10]))

    def test_inputs_that_do_not_fit(self, network: NetworkCase) -> None:
        """An axis too many or too few, and no inputs at all."""
        catalog = self._catalog()
        specs = network.specs
        attempts: dict[str, dict[str, Any]] = {"no inputs": {}}
        for name, spec in specs.items():
            attempts[f"{name} without its last axis"] = {**specs, name: spec.shape[1:-1]}
            attempts[f"{name} with one more axis"] = {**specs, name: (*spec.shape[1:], 2)}
        for what, inputs in attempts.items():
            case = NetworkCase(network.name, network.network, inputs)
            try:
                case.graph(catalog)
            except ModelError:
                continue
            except Exception as error:
                raise AssertionError(f"{network}, {what}: {error!r}, no ModelError") from error

    # What it computes.

    def test_it_begins_finite(self, network: NetworkCase) -> None:
        """And by the seed alone."""
        graph = self._graph(network)
        params, again = (nn.initial_parameters(graph, 0) for _ in range(2))
        for name, array in params.items():
            spec = graph.parameters[name]
            require(bool(np.isfinite(array).all()), f"{network}: {name!r} is not finite")
            require(array.shape == spec.shape, f"{network}: {name!r} is {array.shape}")
            require(np.array_equal(array, again[name]), f"{network}: {name!r} is drawn anew")

    def test_outputs_vary_over_the_batch(self, network: NetworkCase) -> None:
        """In both modes, in NumPy and float64; a network that is dead at first learns nothing."""
        graph = settled(self._graph(network))
        params, batch = (
            {name: a.astype(np.float64) if a.dtype.kind == "f" else a for name, a in arrays.items()}
            for arrays in (nn.initial_parameters(graph, 0), network.batch(4))
        )
        with np.errstate(all="ignore"):
            training = evaluate(graph, params, batch, mode="train")
            evaluation = evaluate(graph, {**params, **training.statistics}, batch)
        for mode, outputs in (("training", training.outputs), ("evaluation", evaluation.outputs)):
            for name, array in outputs.items():
                where = f"{network}, {mode}, {name!r}"
                require(bool(np.isfinite(array).all()), f"{where}: not finite")
                check_varies(array, where, 1e-6)

    def test_samples_do_not_depend_on_the_others(self, network: NetworkCase) -> None:
        """In evaluation: the graph is for any batch size, and batches may be padded."""
        graph = self._graph(network)
        params, batch = nn.initial_parameters(graph, 0), network.batch(3)
        for name, value in graph.outputs.items():
            spec = graph.specs[value]
            require(_batched(spec), f"{network}: {name!r} {spec} has no axis of samples")
        first = {
            name: array[: len(array) // 3] if _batched(network.specs[name]) else array
            for name, array in batch.items()
        }
        with np.errstate(all="ignore"):
            whole = evaluate(graph, params, batch).outputs
            alone = evaluate(graph, params, first).outputs
        for name, array in alone.items():
            check_close(array, whole[name][: len(array)], CLOSE, f"{network}, {name!r} alone")

    def test_it_trains(self, network: NetworkCase) -> None:
        """Gradients reach every trained parameter, and a step lowers a loss."""
        backend = self.backend()
        if backend is not None:
            check_training(network, self._graph(network), backend)

    def _graph(self, network: NetworkCase) -> nn.Graph:
        return network.graph(self._catalog())

    def _catalog(self) -> Loader:
        return self.once("catalog", self.catalog)


def _batched(spec: nn.TensorSpec) -> bool:
    return min(spec.shape[:1], default=0) < 0


def settled(graph: nn.Graph) -> nn.Graph:
    """Returns the graph in which one training step moves the running statistics all the way."""
    nodes = [
        replace(node, op=replace(node.op, momentum=1.0))
        if isinstance(node.op, ops.BatchNormalization)
        else node
        for node in graph.nodes
    ]
    return replace(graph, nodes=tuple(nodes))


def _types() -> set[str]:
    """Returns the types of modules and operators as counted names have them."""
    found: set[type] = set()
    waiting: list[type[Any]] = [nn.Module]
    subclasses: Callable[[type[Any]], list[type[Any]]] = type.__subclasses__
    while waiting:
        for cls in subclasses(waiting.pop()):
            if cls not in found:
                found.add(cls)
                waiting.append(cls)
    return {cls.__name__.lower() for cls in (*found, *OPERATORS.values())}
