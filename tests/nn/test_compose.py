from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_core.nn import losses
from vega_core.nn.reference import evaluate
from vega_tasks.classification.networks import MLP, ResNet

LABEL = {"label": nn.batched((), "int64")}
Tensors = Mapping[str, nn.Tensor]


def model() -> nn.Graph:
    return nn.trace(ResNet(8, 4), {"image": nn.batched((1, 8, 8))})


def test_a_loss_is_appended_and_nothing_else_changes() -> None:
    graph = model()
    training = nn.compose(graph, losses.CrossEntropy(), LABEL)
    assert training.nodes[: len(graph.nodes)] == graph.nodes
    assert list(training.inputs) == ["image", "label"]
    assert list(training.outputs) == ["output", "loss"]
    assert training.parameters == graph.parameters
    assert training.specs[training.outputs["loss"]].shape == ()
    assert training.nodes[-1].name == "loss.softmaxcrossentropyloss_1"
    assert list(graph.outputs) == ["output"]


def test_a_loss_may_be_a_function_with_parameters_and_controls() -> None:
    def loss(outputs: Tensors, targets: Tensors) -> dict[str, nn.Tensor]:
        projected = nn.Linear(3, name="projection")(outputs["output"])
        main = nn.losses.cross_entropy(projected, targets["label"])
        extra = nn.losses.mse(projected, projected * 0.5)
        return {"loss": main + nn.control("weight", 0.4) * extra, "extra": extra}

    training = nn.compose(model(), loss, LABEL)
    assert list(training.outputs) == ["output", "loss", "extra"]
    assert training.controls == {"loss.weight": nn.ControlSpec(0.4)}
    assert training.parameters["loss.projection.weight"].shape == (3, 10)


def test_composing_twice_adds_two_losses() -> None:
    once = nn.compose(model(), losses.CrossEntropy(output="output"), LABEL)
    twice = nn.compose(once, losses.CrossEntropy(0.1, output="output"), LABEL, scope="smooth")
    assert list(twice.outputs) == ["output", "loss", "smooth"]
    assert list(twice.inputs) == ["image", "label"]


def test_a_module_called_loss_is_evaded() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(3, name="loss")(x)

    graph = nn.trace(Net(), {"x": nn.batched((4,))})
    training = nn.compose(graph, losses.CrossEntropy(), LABEL)
    assert training.nodes[-1].name.startswith("loss_2.")


def test_the_main_output_is_found_or_asked_for() -> None:
    class Two(nn.Network):
        names: tuple[str, str] = ("logits", "auxiliary")

        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            return {name: nn.Linear(3, name=name)(x) for name in self.names}

    inputs = {"x": nn.batched((4,))}
    training = nn.compose(nn.trace(Two(), inputs), losses.CrossEntropy(), LABEL)
    assert training.nodes[-1].inputs[0] == "logits"
    other = nn.trace(Two(("a", "b")), inputs)
    with pytest.raises(ModelError, match=r"^loss's output|name the loss's output"):
        nn.compose(other, losses.CrossEntropy(), LABEL)
    named = nn.compose(other, losses.CrossEntropy(output="b"), LABEL)
    assert named.nodes[-1].inputs[0] == "b"
    with pytest.raises(ModelError, match="no output 'c'"):
        nn.compose(other, losses.CrossEntropy(output="c"), LABEL)


def test_logits_come_before_output() -> None:
    class Both(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            y = nn.Linear(3, name="fc")(x)
            return {"output": nn.softmax(y), "logits": y}

    graph = nn.trace(Both(), {"x": nn.batched((4,))})
    assert nn.compose(graph, losses.CrossEntropy(), LABEL).nodes[-1].inputs[0] == "fc"


def test_losses_by_name_are_added_up() -> None:
    def several(outputs: Tensors, targets: Tensors) -> dict[str, nn.Tensor]:
        scores = outputs["output"]
        main = nn.losses.cross_entropy(scores, targets["label"])
        return {"ce": main, "aux": nn.losses.mse(scores, scores * 0.5)}

    training = nn.compose(model(), several, LABEL)
    assert list(training.outputs) == ["output", "ce", "aux", "loss"]
    rng = np.random.default_rng(0)
    batch = {"image": rng.random((3, 1, 8, 8)), "label": np.array([1, 2, 3])}
    outputs = evaluate(training, nn.initial_parameters(training, 0), batch).outputs
    assert outputs["aux"] > 0
    assert outputs["loss"] == pytest.approx(outputs["ce"] + outputs["aux"])
    one = nn.compose(
        model(), lambda o, t: {"ce": nn.losses.cross_entropy(o["output"], t["label"])}, LABEL
    )
    assert one.outputs["loss"] == one.outputs["ce"]


def test_what_cannot_be_added_up_is_refused() -> None:
    def rows(outputs: Tensors, targets: Tensors) -> dict[str, nn.Tensor]:
        return {
            "rows": nn.losses.cross_entropy(outputs["output"], targets["label"], reduction="none")
        }

    with pytest.raises(ModelError, match=r"rows returned no 'loss'.*\{'rows': '\(N,\)'\}"):
        nn.compose(model(), rows, LABEL)
    with pytest.raises(ModelError, match="returned no 'loss'"):
        nn.compose(model(), lambda outputs, targets: {}, LABEL)


def test_a_sum_takes_the_place_of_no_output_of_the_model() -> None:
    class Named(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            return {"loss": x, "output": nn.Linear(2)(x)}

    def parts(outputs: Tensors, targets: Tensors) -> dict[str, nn.Tensor]:
        return {name: nn.reduce_sum(outputs["output"], keepdims=False) for name in ("a", "b")}

    graph = nn.trace(Named(), {"x": nn.batched((4,))})
    with pytest.raises(ModelError, match="parts gives 'loss', which the model returns too"):
        nn.compose(graph, parts, {})
    training = nn.compose(graph, parts, {}, scope="all")
    assert list(training.outputs) == ["loss", "output", "a", "b", "all"]
    assert training.outputs["loss"] == "x"


def test_faults_of_a_loss_are_typed() -> None:
    with pytest.raises(ModelError, match="no target 'label'; did you mean 'labels'"):
        nn.compose(model(), losses.CrossEntropy(), {"labels": nn.batched((), "int64")})
    with pytest.raises(ShapeError, match=r"^loss: .*\(N, 10\) float32 and \(N,\) float32"):
        nn.compose(model(), losses.MeanSquaredError(), {"label": nn.batched(())})
    with pytest.raises(ShapeError, match="labels of a cross entropy are integers"):
        nn.compose(model(), losses.CrossEntropy(), {"label": nn.batched(())})
    with pytest.raises(ModelError, match="returned None"):
        nn.compose(model(), lambda outputs, targets: None, LABEL)  # type: ignore[arg-type,return-value]
    with pytest.raises(ModelError, match="'output', which the model returns too"):
        nn.compose(model(), lambda outputs, targets: outputs, LABEL)
    with pytest.raises(ModelError, match="label smoothing"):
        losses.CrossEntropy(1.5)
    with pytest.raises(ModelError, match="'image' is an input of the model as"):
        nn.compose(model(), losses.CrossEntropy(), {"image": nn.batched((1, 8, 9))})


def test_an_input_may_be_a_target() -> None:
    class Auto(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(4)(x)

    graph = nn.trace(Auto(), {"x": nn.batched((4,))})
    training = nn.compose(graph, losses.MeanSquaredError(target="x"), {"x": nn.batched((4,))})
    assert list(training.inputs) == ["x"]


def test_controls_have_free_names() -> None:
    class Net(nn.Network):
        name_of_control: str = "scale"
        other: float = 1.0

        def forward(self, x: nn.Tensor) -> nn.Tensor:
            y = x * nn.control(self.name_of_control, 1.0)
            return y * nn.control(self.name_of_control, self.other)

    inputs = {"x": nn.batched((4,))}
    assert nn.trace(Net(), inputs).controls == {"scale": nn.ControlSpec(1.0)}
    for name in ("lr", "seed", "x"):
        with pytest.raises(ModelError, match="no free name"):
            nn.trace(Net(name), inputs)
    with pytest.raises(ModelError, match="asked for twice"):
        nn.trace(Net(other=2.0), inputs)


def test_dropout_rates_are_controls_by_path() -> None:
    graph = nn.trace(MLP(3, (4, 4), 0.2), {"x": nn.batched((2,))})
    assert graph.controls == dict.fromkeys(["drop1.rate", "drop2.rate"], nn.ControlSpec(0.2))
