"""The kit of backends finds what is wrong: PyTorch, with one thing spoiled at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
backends = pytest.importorskip("vega_backend_torch.backend")

from vega_backend_torch.store import TorchGradients, TorchStore  # noqa: E402
from vega_core.backend import Executable, StepResult  # noqa: E402
from vega_core.errors import VegaError  # noqa: E402
from vega_core.testing import BackendConformance  # noqa: E402

# Two threads that wait for each other are slower than one where other tests run beside.
torch.set_num_threads(1)


class Kit(BackendConformance):
    def backend(self):
        return backends.TorchBackend()

    def native_arrays(self, module):
        return {name: tensor.numpy() for name, tensor in module.state_dict().items()}

    def native_outputs(self, module, inputs):
        with torch.no_grad():
            result = module.eval()(**{name: torch.tensor(a) for name, a in inputs.items()})
        outputs = result if isinstance(result, dict) else {"output": result}
        return {name: tensor.numpy() for name, tensor in outputs.items()}


class Passing(Executable):
    """An executable that hands everything to another."""

    def __init__(self, inner):
        super().__init__(inner.graph, inner.store, inner.train)
        self.inner = inner

    def _train_step(self, inputs, controls):
        return self.inner._train_step(inputs, controls)

    def _gradients(self, inputs, controls):
        return self.inner._gradients(inputs, controls)

    def _apply(self, gradients, controls):
        self.inner._apply(gradients, controls)

    def _predict(self, inputs, controls):
        return self.inner._predict(inputs, controls)


class OffByAThousandth(Passing):
    """All that is put out."""

    def _train_step(self, inputs, controls):
        result = super()._train_step(inputs, controls)
        return replace(result, values={n: self.off(v) for n, v in result.values.items()})

    def _predict(self, inputs, controls):
        return {name: self.off(array) for name, array in super()._predict(inputs, controls).items()}

    def off(self, array):
        floats = str(array.dtype).rpartition(".")[2].startswith("float")
        return (
            array * array.dtype.type(1.001)
            if floats and isinstance(array, np.ndarray)
            else (array * 1.001 if floats else array + 1 if "int" in str(array.dtype) else ~array)
        )


class OfAnotherType(Passing):
    def _predict(self, inputs, controls):
        return {n: a.astype(np.float64) for n, a in super()._predict(inputs, controls).items()}


class WithoutSomeOutputs(Passing):
    def _predict(self, inputs, controls):
        return {n: a for n, a in super()._predict(inputs, controls).items() if n != "loss"}


class WithSteps(Passing):
    """A step that is made of gradients and apply, of which something is wrong."""

    def _train_step(self, inputs, controls):
        snapshot = self.store.snapshot()
        result = super()._train_step(inputs, controls)
        values = {name: value.clone() for name, value in result.values.items()}
        loss = torch.tensor(float(result.loss))
        self.store.restore(snapshot)
        self._apply(self._gradients(inputs, controls), controls)
        return StepResult(values, loss, result.to_numpy)


class GradientsOff(WithSteps):
    """Of one parameter, by a thousandth."""

    def _gradients(self, inputs, controls):
        tensors = dict(super()._gradients(inputs, controls).tensors)
        name = max(tensors)
        tensors[name] = tensors[name] * 1.001
        return TorchGradients(tensors)


class GradientsTurned(WithSteps):
    def _gradients(self, inputs, controls):
        return super()._gradients(inputs, controls) * -1.0


class GradientsOfAll(WithSteps):
    """Zeros for what nothing reaches."""

    def _gradients(self, inputs, controls):
        tensors = dict(super()._gradients(inputs, controls).tensors)
        for name in self.train.trained(self.graph):
            if name not in tensors:
                tensors[name] = torch.zeros_like(self.store.tensor(name))
        return TorchGradients(tensors)


class DenseTables(WithSteps):
    """Tables that are updated whole."""

    def _gradients(self, inputs, controls):
        tensors = super()._gradients(inputs, controls).tensors
        return TorchGradients({n: t.to_dense() for n, t in tensors.items()})


class Unclipped(Passing):
    def _train_step(self, inputs, controls):
        return super()._train_step(inputs, without_clipping(controls))

    def _apply(self, gradients, controls):
        super()._apply(gradients, without_clipping(controls))


def without_clipping(controls):
    update = {**controls.update}
    if "clip_norm" in update:
        update["clip_norm"] = 1e9
    return replace(controls, update=update)


class ConstantRates(Passing):
    """The defaults, whatever is given."""

    def _controls(self, given):
        rates = set(self.train.controls()) if self.train else set()
        return super()._controls({n: v for n, v in (given or {}).items() if n not in rates})


class DeafToControls(Passing):
    """Of the graph."""

    def _controls(self, given):
        return super()._controls(
            {n: v for n, v in (given or {}).items() if n not in self.graph.controls}
        )


class SameDraws(Passing):
    """At every step."""

    def _controls(self, given):
        return replace(super()._controls(given), step=0)


class OtherDraws(Passing):
    """Every time."""

    count = 0

    def _controls(self, given):
        type(self).count += 1
        return replace(super()._controls(given), step=self.count)


class Counting(Passing):
    """Steps are no function of the state, in the last bit of one number."""

    count = 0

    def _train_step(self, inputs, controls):
        result = super()._train_step(inputs, controls)
        type(self).count += 1
        if self.count % 5 == 0:
            move_a_byte(self.store.tensor("fc.weight"))
        return result


class MovesAByte(Passing):
    """Of everything that is not trained."""

    def _train_step(self, inputs, controls):
        result = super()._train_step(inputs, controls)
        for name in self.store.shapes:
            if name not in self.train.trained(self.graph):
                move_a_byte(self.store.tensor(name))
        return result


class MovesAUnusedByte(Passing):
    """Of every branch and of what has no gradient."""

    def _train_step(self, inputs, controls):
        before = {name: self.store.tensor(name).clone() for name in self.store.shapes}
        result = super()._train_step(inputs, controls)
        for name, tensor in before.items():
            if torch.equal(tensor, self.store.tensor(name)):
                move_a_byte(self.store.tensor(name))
        return result


class PredictionMoves(Passing):
    def _predict(self, inputs, controls):
        result = super()._predict(inputs, controls)
        move_a_byte(self.store.tensor(next(iter(self.store.shapes))))
        return result


def move_a_byte(tensor):
    flat = (
        tensor.detach().view(-1)
        if tensor.is_contiguous()
        else tensor.detach().as_strided((tensor.numel(),), (1,))
    )
    if flat.dtype == torch.float32:
        flat[:1].view(torch.int32).add_(1)


class DependsOnTheBatch(Passing):
    """Predictions of a sample that the others shift."""

    def _predict(self, inputs, controls):
        outputs = super()._predict(inputs, controls)
        return {n: a + a.dtype.type(0.01) * a.mean() for n, a in outputs.items()}


class ForgivesBatches(Passing):
    """Takes labels that are no integers."""

    def train_step(self, batch, controls=None):
        return super().train_step(whole(batch), controls)

    def gradients(self, batch, controls=None):
        return super().gradients(whole(batch), controls)


def whole(batch):
    return {n: np.trunc(a).astype(int) if n == "label" else a for n, a in batch.items()}


class ForgivesControls(Passing):
    def _controls(self, given):
        known = {*self.graph.controls, *self._rates, "seed", "step"}
        return super()._controls({n: v for n, v in (given or {}).items() if n in known})


class DoesNotCount(Passing):
    def train_step(self, batch, controls=None):
        result = super().train_step(batch, controls)
        self.store._position -= 1
        return result


class KeepsOutputs(Passing):
    """Gives the same array again, which the caller may have written to."""

    def _predict(self, inputs, controls):
        self.kept = getattr(self, "kept", None) or super()._predict(inputs, controls)
        return self.kept


class HalfLoading(TorchStore):
    """Writes what it can before it looks at the rest."""

    def load(self, state):
        for name, array in state.parameters.items():
            if name in self.shapes and self.shapes[name][0] == array.shape:
                self._tensors[name].copy_(torch.tensor(array))
        super().load(state)


class ForgivingLoad(TorchStore):
    def load(self, state):
        kept = {name: array for name, array in state.parameters.items() if name in self.shapes}
        super().load(replace(state, parameters={**self.export().parameters, **kept}))


class WithoutSlots(TorchStore):
    def load(self, state):
        super().load(replace(state, slots={}))


class KeepingSlots(TorchStore):
    def load(self, state):
        super().load(replace(state, slots={**self.export().slots, **state.slots}))


class OldPosition(TorchStore):
    def load(self, state):
        super().load(replace(state, position=self.position))


class FloatCounts(TorchStore):
    def _read(self):
        parameters, slots = super()._read()
        return parameters, {
            k: a.astype(np.float32) if k.endswith("steps") else a for k, a in slots.items()
        }


class Views(TorchStore):
    """Exports its own memory."""

    def _read(self):
        own = {name: tensor.detach().numpy() for name, tensor in self._tensors.items()}
        return own, super()._read()[1]


class ShallowSnapshots(TorchStore):
    def snapshot(self):
        copy = super().snapshot()
        return replace(copy, parameters=dict(self._tensors))


class SnapshotsWithoutStatistics(TorchStore):
    def restore(self, snapshot):
        kept = {n: t.clone() for n, t in self._tensors.items() if "running" in n}
        super().restore(snapshot)
        for name, tensor in kept.items():
            self._tensors[name].copy_(tensor)


class ForgivingSnapshots(TorchStore):
    """Passes over those of another store."""

    def restore(self, snapshot):
        if snapshot.owner is self:
            super().restore(snapshot)


class AddsTwice(TorchStore):
    def _add(self, gradients, scale):
        super()._add(gradients, scale * 1.001)


class CopiesHalf(TorchStore):
    def copy_from(self, other, names):
        for own, theirs in names.items():
            super().copy_from(other, {own: theirs})


def spoiled(executable=None, store=None, **methods):
    """Returns a kit of PyTorch with an executable, a store or methods of another."""

    class Spoiled(backends.TorchBackend):
        def compile(self, graph, given, *, train=None):
            made = super().compile(graph, given, train=train)
            return executable(made) if executable else made

        def store(self, params, device=None):
            made = super().store(params, device)
            return store(params, made.placement) if store else made

    for name, method in methods.items():
        setattr(Spoiled, name, method)
    return type("Spoiled", (Kit,), {"backend": lambda self: Spoiled()})


def compiles_with_every_step(self):
    self.count = getattr(self, "count", 0) + 1
    return self.count


def never_compiles(self):
    return 0


def renamed_native(self, graph, params):
    return torch.nn.ParameterDict({n.replace(".", "_"): torch.tensor(a) for n, a in params.items()})


FAULTS = [
    (
        spoiled(OffByAThousandth),
        [
            "test_operator_values[relu]",
            "test_operator_values[arg max]",
            "test_operator_values[not]",
            "test_operator_values[max pool, dilated]",
            "test_a_step_is_the_references",
            "test_a_prediction_is_the_references",
            "test_controls_mean_what_the_reference_says",
            "test_native_modules_predict_the_same",
        ],
    ),
    (spoiled(OfAnotherType), ["test_operator_values[relu]"]),
    (
        spoiled(WithoutSomeOutputs),
        ["test_operator_values[relu]", "test_a_batch_gives_the_outputs_that_it_reaches"],
    ),
    (
        spoiled(GradientsOff),
        ["test_operator_gradients[relu]", "test_operator_gradients[gemm]", "test_25_steps[SGD]"],
    ),
    (
        spoiled(GradientsTurned),
        ["test_operator_gradients[relu]", "test_25_steps[SGD]", "test_25_steps[AdamW]"],
    ),
    (
        spoiled(GradientsOfAll),
        [
            "test_25_steps[SGD with momentum]",
            "test_a_parameter_without_a_gradient_is_left_alone",
            "test_unused_branches_keep_their_bytes",
            "test_gradients_are_of_the_chosen_branch",
        ],
    ),
    (
        spoiled(DenseTables),
        [
            "test_rows_that_nobody_looks_up_stay[SGD with momentum]",
            "test_rows_that_nobody_looks_up_stay[Adam]",
        ],
    ),
    (
        spoiled(Unclipped),
        ["test_25_steps[SGD, clipped]", "test_gradients_of_another_executable"],
    ),
    (
        spoiled(ConstantRates),
        ["test_25_steps[SGD]", "test_25_steps[gRDA]", "test_rates_of_the_optimizer"],
    ),
    (spoiled(DeafToControls), ["test_controls_mean_what_the_reference_says", "test_dropout"]),
    (
        spoiled(SameDraws),
        ["test_draws_are_a_function_of_seed_step_and_node", "test_the_step_is_the_stores_position"],
    ),
    (
        spoiled(OtherDraws),
        [
            "test_draws_are_a_function_of_seed_step_and_node",
            "test_two_runs_are_one",
            "test_a_resumed_run_is_the_undisturbed_one",
        ],
    ),
    (
        spoiled(Counting),
        ["test_a_resumed_run_is_the_undisturbed_one", "test_two_runs_are_one"],
    ),
    (spoiled(MovesAByte), ["test_what_is_not_trained_keeps_its_bytes"]),
    (
        spoiled(MovesAUnusedByte),
        [
            "test_what_is_not_trained_keeps_its_bytes",
            "test_unused_branches_keep_their_bytes",
            "test_a_parameter_without_a_gradient_is_left_alone",
            "test_25_steps[SGD]",
            "test_rates_of_the_optimizer",
        ],
    ),
    (
        spoiled(PredictionMoves),
        ["test_it_changes_nothing", "test_predictions_in_between_change_nothing"],
    ),
    (spoiled(DependsOnTheBatch), ["test_samples_do_not_depend_on_the_others"]),
    (spoiled(ForgivesBatches), ["test_batches_that_do_not_fit"]),
    (spoiled(ForgivesControls), ["test_controls_that_do_not_fit"]),
    (spoiled(DoesNotCount), ["test_25_steps[SGD]", "test_the_step_is_the_stores_position"]),
    (spoiled(KeepsOutputs), ["test_outputs_are_the_callers"]),
    (spoiled(store=HalfLoading), ["test_a_state_that_does_not_fit_changes_nothing"]),
    (spoiled(store=ForgivingLoad), ["test_a_state_that_does_not_fit_changes_nothing"]),
    (
        spoiled(store=WithoutSlots),
        [
            "test_export_and_load",
            "test_a_resumed_run_is_the_undisturbed_one",
            "test_a_state_goes_to_the_reference_and_back[AdamW]",
        ],
    ),
    (spoiled(store=KeepingSlots), ["test_slots_that_a_state_lacks_begin_anew"]),
    (
        spoiled(store=OldPosition),
        ["test_export_and_load", "test_a_resumed_run_is_the_undisturbed_one"],
    ),
    (
        spoiled(store=FloatCounts),
        ["test_export_and_load", "test_a_state_goes_to_the_reference_and_back[Adam]"],
    ),
    (spoiled(store=Views), ["test_a_store_has_copies"]),
    (spoiled(store=ShallowSnapshots), ["test_snapshot_and_restore"]),
    (spoiled(store=SnapshotsWithoutStatistics), ["test_snapshot_and_restore"]),
    (spoiled(store=AddsTwice), ["test_add"]),
    (
        spoiled(store=CopiesHalf),
        [
            "test_a_copy_that_does_not_fit_copies_nothing",
            "test_names_may_be_exchanged_within_a_store",
        ],
    ),
    (spoiled(store=ForgivingSnapshots), ["test_what_is_of_another_model_is_refused"]),
    (
        spoiled(compiles=property(compiles_with_every_step)),
        ["test_controls_never_compile", "test_choices_never_compile"],
    ),
    (spoiled(compiles=property(never_compiles)), ["test_another_graph_compiles"]),
    (spoiled(native=renamed_native), ["test_native_modules_have_the_graphs_names"]),
]


@pytest.mark.parametrize(
    ("kit", "test"),
    [(kit, test) for kit, tests in FAULTS for test in tests],
)
def test_a_wrong_backend_fails(kit, test):
    right, wrong = dict(Kit().runs())[test], dict(kit().runs())[test]
    right()
    with pytest.raises((AssertionError, KeyError, VegaError)):
        wrong()
