"""The kit of backends: what it covers, what one declares, and what is no proof."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
backends = pytest.importorskip("vega_backend_torch.backend")

from vega_core import nn  # noqa: E402
from vega_core.errors import ModelError  # noqa: E402
from vega_core.nn.ops import OPERATORS  # noqa: E402
from vega_core.plugins import load_catalog  # noqa: E402
from vega_core.testing import BackendConformance  # noqa: E402
from vega_core.testing.backend import optimizers  # noqa: E402
from vega_core.testing.operators import CASES  # noqa: E402

# Two threads that wait for each other are slower than one where other tests run beside.
torch.set_num_threads(1)


class Kit(BackendConformance):
    def backend(self):
        return backends.TorchBackend()


def test_every_operator_has_cases():
    """But those that the kit uses in other ways, and what is decided before a backend sees it."""
    elsewhere = {"ByMode", "Choice", "Constant", "Parameter", "Random", "StopGradient"}
    assert {type(case.op).__name__ for case in CASES.values()} | elsewhere >= set(OPERATORS)


def test_every_optimizer_has_rules():
    catalog = load_catalog(strict=False)
    known = {catalog.load("optimizer", name) for name in catalog.names("optimizer")}
    assert {type(rule.optimizer) for rule in optimizers.RULES} >= known


def test_parts_of_the_kit_share_no_names():
    """One would replace the other's."""
    parts = [part for part in BackendConformance.__mro__ if part.__name__.endswith("Tests")]
    assert len(parts) > 10
    allowed = {"cases", "skipped", "_made"}
    names = [n for part in parts for n in vars(part) if not n.startswith("__") and n not in allowed]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_one_case_of_each_operator():
    class Short(Kit):
        cases_each = 1

    chosen = [type(case.op) for case in Short().operator_cases()]
    assert len(chosen) == len(set(chosen)) == len({type(case.op) for case in CASES.values()})


def test_what_is_unsupported_must_be_refused():
    claims = {"unsupported": {"Relu": "not yet"}}
    kit = type("Claims", (Kit,), claims)()
    assert not any("[relu]" in name for name, _ in kit.runs())
    assert kit.skipped("operator", CASES["relu"]) == "not yet"
    with pytest.raises(AssertionError, match="relu: runs, and Relu is declared as unsupported"):
        kit.test_unsupported_operators_are_refused()

    class WithoutRelu(backends.TorchBackend):
        def compile(self, graph, store, *, train=None):
            for node in graph.nodes:
                if isinstance(node.op, nn.ops.Relu):
                    raise ModelError(f"{node.name}: no lowering of Relu")
            return super().compile(graph, store, train=train)

    honest = type("Honest", (Kit,), {**claims, "backend": lambda self: WithoutRelu()})
    honest().test_unsupported_operators_are_refused()
    with pytest.raises(TypeError, match="no operator 'Rlu'; did you mean 'Relu'"):
        type("Unknown", (Kit,), {"unsupported": {"Rlu": "not yet"}})


def test_a_device_that_is_not_there():
    kit = type("Elsewhere", (Kit,), {"device": "moon:0"})()
    with pytest.raises(AssertionError, match=r"no device 'moon:0', but .*'cpu'"):
        kit.test_it_changes_nothing()


@pytest.mark.parametrize(
    "test",
    [
        "test_a_step_is_the_references",
        "test_a_prediction_is_the_references",
        "test_samples_do_not_depend_on_the_others",
        "test_a_fixed_mode_holds_in_training",
        "test_the_chosen_branch_is_the_specialised_graph",
        "test_controls_mean_what_the_reference_says",
    ],
)
def test_a_dead_network_is_no_proof(monkeypatch, test):
    """Its outputs are the same for every sample, so that a right backend must not pass either."""

    def dead(graph, seed):
        return {n: np.zeros(spec.shape, spec.dtype) for n, spec in graph.parameters.items()}

    run = dict(Kit().runs())[test]
    run()
    monkeypatch.setattr(nn, "initial_parameters", dead)
    with pytest.raises(AssertionError, match="all samples give the same"):
        run()
