"""Executables: what a step computes, what it may change, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vega_core import nn
from vega_core.backend import SGD, AdamW, TrainSpec
from vega_core.backend.training import Precision
from vega_core.errors import ModelError
from vega_core.nn.reference import evaluate
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.models import Parts, batch, classifier, pictures
from vega_core.testing.backend.states import check_kept, check_moved
from vega_core.testing.compare import (
    Tolerance,
    check_all_close,
    check_close,
    check_differs,
    check_same_bytes,
    check_varies,
    require,
)

MOMENTUM = SGD(lr=0.1, momentum=0.9, weight_decay=0.1, decay_all=True)

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


class ExecutableTests(BackendKit):
    """Several executables over one store, and steps in both forms."""

    def test_a_step_is_the_references(self) -> None:
        """Loss, outputs and statistics of a whole network in training."""
        graph, given = pictures(0.0), batch(pictures(0.0))
        executable = self.ready(graph, TrainSpec(MOMENTUM))
        before = executable.store.export().parameters
        exact = {name: array.astype(np.float64) for name, array in before.items()}
        expected = evaluate(graph, exact, given, mode="train")
        result = executable.train_step(given)
        for name in graph.outputs:
            check_close(result[name], expected.outputs[name], self.tolerance, f"output {name!r}")
        check_varies(result["output"], "the outputs")
        check_close(
            np.asarray(float(result.loss)), expected.outputs["loss"], self.tolerance, "the loss"
        )
        after = executable.store.export().parameters
        moved = {name: after[name] for name in expected.statistics}
        check_all_close(moved, expected.statistics, self.tolerance, "statistics")

    def test_a_step_is_gradients_and_apply(self) -> None:
        graph = pictures()
        train = TrainSpec(AdamW(lr=0.01), clip_norm=0.5)
        fused, apart = self.ready(graph, train), self.ready(graph, train)
        for step in range(4):
            given, controls = batch(graph, seed=step), {"seed": 5, "lr": 0.01 / (step + 1)}
            fused.train_step(given, controls)
            apart.apply(apart.gradients(given, controls), controls)
        one, other = fused.store.export(), apart.store.export()
        check_moved(one, nn.initial_parameters(graph, 0), "fc.weight", "conv.weight")
        check_all_close(other.parameters, one.parameters, self.training_tolerance, "two forms")
        check_all_close(other.slots, one.slots, self.training_tolerance, "slots of two forms")
        require(one.position == other.position == 4, f"{one.position} and {other.position} steps")

    def test_gradients_change_statistics_alone(self) -> None:
        executable = self.ready(pictures(), TrainSpec(MOMENTUM))
        before = executable.store.export()
        gradients = executable.gradients(batch(pictures()))
        after = executable.store.export()
        trained = tuple(name for name, spec in pictures().parameters.items() if spec.trained)
        require(set(gradients.names) == set(trained), f"gradients of {gradients.names}")
        check_kept(after, before, trained, "after gradients()")
        check_moved(after, before.parameters, "norm.running_mean", "norm.running_var")
        require(after.position == 0, "gradients() counted as a training step")

    def test_gradients_add_and_scale(self) -> None:
        """The mean of two halves is that of the whole batch."""
        graph = classifier(Parts())
        executable = self.ready(graph, TrainSpec(MOMENTUM))
        one, two = batch(graph, 8, seed=1), batch(graph, 8, seed=2)
        both = {name: np.concatenate([one[name], two[name]]) for name in one}
        mean = 0.5 * (executable.gradients(one) + executable.gradients(two))
        whole = executable.gradients(both)
        require(set(mean.names) == set(whole.names), f"{mean.names} and {whole.names}")
        for name in whole.names:
            require(bool(whole[name].any()), f"the gradient of {name!r} is zero")
            check_close(mean[name], whole[name], self.training_tolerance, f"the mean of {name!r}")

    def test_executables_share_a_store(self) -> None:
        """Each sees what the other did, and every step counts."""
        graph = pictures()
        first = self.ready(graph, TrainSpec(MOMENTUM, trainable=("fc.*",)))
        second = self.warm.compile(
            graph, first.store, train=TrainSpec(MOMENTUM, trainable=("conv.*",))
        )
        given = batch(graph)
        before = first.predict(given)["output"]
        second.train_step(given)
        between = first.predict(given)["output"]
        require(not np.array_equal(before, between), "a step of the other executable is not seen")
        first.train_step(given)
        check_same_bytes(first.predict(given), second.predict(given), "two of one store")
        require(first.store.position == 2, f"{first.store.position} steps instead of 2")
        slots = {key for key, array in first.store.export().slots.items() if array.any()}
        expected = {"conv.weight/velocity", "conv.bias/velocity"}
        expected |= {"fc.weight/velocity", "fc.bias/velocity"}
        require(slots == expected, f"slots that moved: {sorted(slots)}")

    def test_what_is_not_trained_keeps_its_bytes(self) -> None:
        """Parameters, slots and statistics, with momentum and decay at work."""
        graph = pictures()
        everything = self.ready(graph, TrainSpec(MOMENTUM))
        everything.train_step(batch(graph))
        store = everything.store
        for trainable, statistics in ((("fc.*",), ()), (("conv.*", "norm.*"), ("*_mean",))):
            spec = TrainSpec(MOMENTUM, trainable=trainable, statistics=statistics)
            part = self.warm.compile(graph, store, train=spec)
            before = store.export()
            for step in range(3):
                part.train_step(batch(graph, seed=step))
            after = store.export()
            free = {*spec.trained(graph), *spec.moving(graph)}
            others = [name for name in graph.parameters if name not in free]
            check_kept(after, before, others, f"trainable={trainable}, statistics={statistics}")
            check_moved(after, before.parameters, *free)

    def test_a_parameter_without_a_gradient_is_left_alone(self) -> None:
        """No decay, no momentum, no slot of it moves."""
        graph = classifier(Parts())
        optimizer = AdamW(lr=0.1, weight_decay=0.5, decay_all=True)
        executable = self.ready(graph, TrainSpec(optimizer))
        before = executable.store.export()
        gradients = executable.gradients(batch(graph))
        require(set(gradients.names) == {"output.weight", "output.bias"}, f"{gradients.names}")
        for step in range(2):
            executable.train_step(batch(graph, seed=step))
        after = executable.store.export()
        check_kept(after, before, ["aside.weight", "aside.bias"], "what the loss does not reach")
        check_moved(after, before.parameters, "output.weight", "output.bias")
        idle = [key for key in after.slots if key.startswith("aside") and after.slots[key].any()]
        require(not idle, f"slots of what has no gradient moved: {idle}")

    def test_gradients_of_another_executable(self) -> None:
        """What this one does not train is left out, of the norm too."""
        graph = pictures()
        whole = self.ready(graph, TrainSpec(SGD(lr=0.1)))
        spec = TrainSpec(SGD(lr=0.1), trainable=("fc.*",), clip_norm=1e-2)
        part = self.warm.compile(graph, whole.store, train=spec)
        gradients = whole.gradients(batch(graph))
        before = whole.store.export().parameters
        part.apply(gradients)
        after = whole.store.export().parameters
        change = {name: after[name] - before[name] for name in graph.parameters}
        moved = {name for name, array in change.items() if array.any()}
        require(moved == {"fc.weight", "fc.bias"}, f"{sorted(moved)} moved")
        norm = np.sqrt(sum(float(np.square(array).sum()) for array in change.values()))
        check_close(np.asarray(norm), np.asarray(1e-3), self.training_tolerance, "clipped step")

    def test_a_fixed_mode_holds_in_training(self) -> None:
        graph = pictures(0.0, "eval")
        executable = self.ready(graph, TrainSpec(SGD(lr=0.1)))
        given = batch(graph)
        predicted, before = executable.predict(given), executable.store.export()
        result = executable.train_step(given)
        check_varies(result["output"], "the outputs")
        check_close(result["output"], predicted["output"], self.tolerance, "a fixed mode")
        after = executable.store.export()
        check_kept(after, before, ["norm.running_mean", "norm.running_var"], "in a fixed mode")
        check_moved(after, before.parameters, "norm.weight", "conv.weight")

    def test_several_losses_are_summed(self) -> None:
        graph = nn.compose(nn.trace(Parts(), {"x": nn.batched((5,))}), _two_losses, {})
        given, states = batch(graph), []
        for losses in (("loss",), ("one", "two")):
            executable = self.ready(graph, TrainSpec(SGD(lr=0.1), losses=losses))
            result = executable.train_step(given)
            total = result["one"] + result["two"]
            check_close(np.asarray(float(result.loss)), total, self.tolerance, f"loss of {losses}")
            states.append(executable.store.export())
        check_moved(states[0], nn.initial_parameters(graph, 0), "output.weight", "aside.weight")
        check_all_close(states[1].parameters, states[0].parameters, self.tolerance, "two losses")

    def test_reduced_precision_is_close_or_refused(self) -> None:
        """Parameters and results are float32 in either case."""
        graph, given, losses = pictures(0.0), batch(pictures(0.0)), []
        for precision in PRECISIONS:
            try:
                executable = self.ready(graph, TrainSpec(MOMENTUM, precision=precision))
            except ModelError as error:
                require(precision in str(error), f"the error does not name {precision}: {error}")
                return
            for step in range(3):
                result = executable.train_step(batch(graph, seed=step))
            losses.append(np.asarray(float(result.loss)))
            require(str(result["output"].dtype) == "float32", f"{result['output'].dtype} outputs")
            types = {str(array.dtype) for array in executable.store.export().parameters.values()}
            require(types == {"float32"}, f"parameters of {types} after training in {precision}")
            check_varies(executable.predict(given)["output"], f"outputs after {precision}")
        check_close(losses[1], losses[0], Tolerance(0.05, 0.05), "the loss in bfloat16")
        check_differs(losses[1], losses[0], "the loss in bfloat16")


def _two_losses(
    outputs: Mapping[str, nn.Tensor],
    targets: Mapping[str, nn.Tensor],  # noqa: ARG001
) -> Mapping[str, nn.Tensor]:
    one = nn.reduce_mean(outputs["output"] * outputs["output"])
    return {"one": one, "two": nn.reduce_mean(outputs["aside"] * outputs["aside"])}
