"""Models that PyTorch exports: counted, run, trained and exported again as their source."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import onnx
import onnxruntime
import pytest

from vega_core import nn
from vega_core.backend import SGD, TrainSpec
from vega_core.exchange import to_onnx
from vega_core.nn.reference import evaluate
from vega_core.plugins import load_catalog
from vega_core.plugins.importing import load_target

torch = pytest.importorskip("torch")
pytest.importorskip("vega_backend_torch")
layers, functional = torch.nn, torch.nn.functional

CATALOG = load_catalog(strict=False)
BACKENDS = {
    "torch": ("torch", "vega_backend_torch.backend:TorchBackend"),
    "tf": ("tensorflow", "vega_backend_tf.backend:TensorFlowBackend"),
    "ms": ("mindspore", "vega_backend_ms.backend:MindSporeBackend"),
}
INSTALLED = [name for name, (module, _) in BACKENDS.items() if importlib.util.find_spec(module)]
CLASSES = 5


class Residual(layers.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = layers.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = layers.BatchNorm2d(outputs)
        self.conv2 = layers.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = layers.BatchNorm2d(outputs)
        self.downsample = layers.Sequential()
        if stride != 1 or inputs != outputs:
            self.downsample = layers.Sequential(
                layers.Conv2d(inputs, outputs, 1, stride, bias=False), layers.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(y)) + self.downsample(x))


class ResNet(layers.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = layers.Conv2d(3, 8, 7, 2, 3, bias=False)
        self.bn1 = layers.BatchNorm2d(8)
        self.maxpool = layers.MaxPool2d(3, 2, 1)
        self.layer1 = layers.Sequential(Residual(8, 8, 1), Residual(8, 8, 1))
        self.layer2 = layers.Sequential(Residual(8, 16, 2), Residual(16, 16, 1))
        self.avgpool = layers.AdaptiveAvgPool2d((1, 1))
        self.fc = layers.Linear(16, CLASSES)

    def forward(self, x):
        x = self.maxpool(functional.relu(self.bn1(self.conv1(x))))
        x = self.avgpool(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(x, 1))


def conv_bn(inputs, outputs, kernel, stride=1, groups=1):
    return [
        layers.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        layers.BatchNorm2d(outputs),
        layers.ReLU6(),
    ]


class Inverted(layers.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.shortcut = stride == 1 and inputs == outputs
        self.conv = layers.Sequential(
            *conv_bn(inputs, hidden, 1),
            *conv_bn(hidden, hidden, 3, stride, hidden),
            layers.Conv2d(hidden, outputs, 1, bias=False),
            layers.BatchNorm2d(outputs),
        )

    def forward(self, x):
        return x + self.conv(x) if self.shortcut else self.conv(x)


class MobileNetV2(layers.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = layers.Sequential(
            *conv_bn(3, 8, 3, 2),
            Inverted(8, 8, 1, 2),
            Inverted(8, 12, 2, 3),
            Inverted(12, 12, 1, 3),
            *conv_bn(12, 24, 1),
        )
        self.classifier = layers.Sequential(layers.Dropout(0.2), layers.Linear(24, CLASSES))

    def forward(self, x):
        return self.classifier(self.features(x).mean([2, 3]))


class DenseNet(layers.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = layers.Conv2d(3, 8, 3, 1, 1)
        widths = [8, 12, 16]
        self.norms = layers.ModuleList(layers.BatchNorm2d(width) for width in widths)
        self.convs = layers.ModuleList(layers.Conv2d(width, 4, 3, 1, 1) for width in widths)
        self.transition = layers.Conv2d(20, 10, 1)
        self.fc = layers.Linear(10 * 4 * 4, CLASSES)

    def forward(self, x):
        x = self.stem(x)
        for norm, conv in zip(self.norms, self.convs, strict=True):
            x = torch.cat([x, conv(functional.relu(norm(x)))], 1)
        x = functional.avg_pool2d(self.transition(x), 4)
        return self.fc(x.view(x.size(0), -1))


class UNet(layers.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down1 = layers.Sequential(*conv_bn(3, 6, 3))
        self.down2 = layers.Sequential(*conv_bn(6, 12, 3))
        self.bottom = layers.Sequential(*conv_bn(12, 16, 3))
        self.up2 = layers.ConvTranspose2d(16, 12, 2, 2)
        self.join2 = layers.Sequential(*conv_bn(24, 12, 3))
        self.up1 = layers.ConvTranspose2d(12, 6, 3, 2, 1, output_padding=1)
        self.join1 = layers.Sequential(*conv_bn(12, 6, 3))
        self.head = layers.Conv2d(6, 2, 1)

    def forward(self, x):
        one = self.down1(x)
        two = self.down2(functional.max_pool2d(one, 2))
        y = self.bottom(functional.max_pool2d(two, 2))
        y = self.join2(torch.cat([self.up2(y), two], 1))
        y = self.join1(torch.cat([self.up1(y), one], 1))
        y = functional.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)
        return self.head(functional.avg_pool2d(y, 2))


class Embedded(layers.Module):
    """Nothing of it is BatchNorm; the numbers are looked up, joined with what is not looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = layers.Embedding(11, 6)
        self.body = layers.Sequential(layers.Linear(24, 16), layers.GELU(), layers.LayerNorm(16))
        self.head = layers.Linear(16, CLASSES)

    def forward(self, x):
        rows = self.embedding(x)
        return self.head(self.body(rows.reshape(rows.shape[0], 24)))


def image(batch):
    return np.random.default_rng(batch).standard_normal((batch, 3, 16, 16)).astype("float32")


def words(batch):
    return np.random.default_rng(batch).integers(0, 11, (batch, 4))


@dataclass(frozen=True)
class Source:
    make: Callable[[], torch.nn.Module]
    sample: Callable[[int], np.ndarray]
    pixels: bool = False

    def __str__(self) -> str:
        return self.make.__name__


SOURCES = [
    Source(ResNet, image),
    Source(MobileNetV2, image),
    Source(DenseNet, image),
    Source(UNet, image, pixels=True),
    Source(Embedded, words),
]


def made(source):
    """Returns a network with statistics and normalizations as training leaves them."""
    torch.manual_seed(0)
    model = source.make()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, layers.BatchNorm2d | layers.LayerNorm):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.5, 0.5)
            if isinstance(module, layers.BatchNorm2d):
                module.momentum = 1.0
        model.train()(torch.from_numpy(source.sample(32)))
        for module in model.modules():
            if isinstance(module, layers.BatchNorm2d):
                module.momentum = 0.1
    return model.eval()


def export(model, sample, path, *, fold=False, opset=17, dynamic=True, **options):
    batch = {0: "n"}
    options.setdefault("training", torch.onnx.TrainingMode.PRESERVE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            torch.from_numpy(sample),
            str(path),
            dynamo=False,
            opset_version=opset,
            input_names=["x"],
            output_names=["scores"],
            dynamic_axes={"x": batch, "scores": batch} if dynamic else None,
            do_constant_folding=fold,
            **options,
        )
    return path


def read(path, source, **description):
    sample = source.sample(2)
    spec = nn.TensorSpec((-1, *sample.shape[1:]), str(sample.dtype))
    return nn.build_graph({"type": "Onnx", "file": str(path), **description}, CATALOG, {"x": spec})


def macs_of(model, sample):
    """Multiply-adds of one sample, counted by hooks on the modules that multiply."""
    total = 0

    def count(module, inputs, output):
        nonlocal total
        weight = module.weight
        if isinstance(module, layers.ConvTranspose2d):
            total += inputs[0][0].numel() * weight[0].numel()
        else:
            total += output[0].numel() * weight[0].numel()

    kinds = (layers.Conv2d, layers.ConvTranspose2d, layers.Linear)
    hooks = [m.register_forward_hook(count) for m in model.modules() if isinstance(m, kinds)]
    with torch.no_grad():
        model(torch.from_numpy(sample))
    for hook in hooks:
        hook.remove()
    return total


@cache
def backend_of(name):
    return load_target(BACKENDS[name][1])(threads=1)


@pytest.fixture(scope="module", params=INSTALLED)
def backend(request):
    return backend_of(request.param)


@pytest.fixture(scope="module", params=SOURCES, ids=str)
def source(request):
    return request.param


@pytest.fixture(scope="module")
def model(source):
    return made(source)


@pytest.fixture(scope="module")
def path(source, model, tmp_path_factory):
    return export(model, source.sample(2), tmp_path_factory.mktemp("onnx") / "model.onnx")


def test_it_is_counted_as_its_source(source, model, path):
    graph = read(path, source)
    stats = graph.stats()
    assert stats.params == sum(parameter.numel() for parameter in model.parameters())
    assert stats.macs == macs_of(model, source.sample(1))
    assert set(graph.parameters) == {
        name for name in model.state_dict() if not name.endswith("num_batches_tracked")
    }


def test_it_begins_with_the_files_values(source, model, path):
    params = nn.initial_parameters(read(path, source), seed=3)
    state = model.state_dict()
    for name, array in params.items():
        np.testing.assert_array_equal(array, state[name].numpy())


def test_it_computes_what_its_source_does_and_is_exported_again(
    source, model, path, backend, tmp_path
):
    graph = read(path, source)
    params = nn.initial_parameters(graph, seed=0)
    batch = source.sample(5)
    with torch.no_grad():
        wanted = model(torch.from_numpy(batch)).numpy()
    assert np.ptp(wanted, axis=0).max() > 1e-2
    given = backend.compile(graph, backend.store(params)).predict({"x": batch})["output"]
    np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-4)
    again = tmp_path / "again.onnx"
    onnx.save(to_onnx(graph, params), again)
    session = onnxruntime.InferenceSession(again, providers=["CPUExecutionProvider"])
    (exported,) = session.run(None, {"x": batch})
    np.testing.assert_allclose(exported, wanted, rtol=1e-4, atol=1e-4)
    third = read(again, source)
    assert third.hash == graph.hash


def test_it_is_trained_as_its_source(source, model, path, backend):
    shape = (8, 16, 16) if source.pixels else (8,)
    rng = np.random.default_rng(0)
    pair = [rng.integers(0, 2 if source.pixels else CLASSES, shape) for _ in range(2)]
    batches = [source.sample(8), np.roll(source.sample(8), 1, axis=-1)] * 10
    labels = pair * 10
    graph = read(path, source)
    graph = dropping_nothing(graph)
    spec = nn.batched(shape[1:], "int64")
    training = nn.compose(graph, nn.losses.CrossEntropy(), {"label": spec})
    store = backend.store(nn.initial_parameters(training, seed=0))
    ready = backend.compile(training, store, train=TrainSpec(SGD(lr=0.05)))
    losses = [
        float(ready.train_step({"x": x, "label": label}).loss)
        for x, label in zip(batches, labels, strict=True)
    ]

    source_model = made(source).train()
    for module in source_model.modules():
        if isinstance(module, layers.Dropout):
            module.p = 0.0
    optimizer = torch.optim.SGD(source_model.parameters(), lr=0.05)
    wanted = []
    for x, label in zip(batches, labels, strict=True):
        optimizer.zero_grad()
        loss = functional.cross_entropy(source_model(torch.from_numpy(x)), torch.from_numpy(label))
        loss.backward()
        optimizer.step()
        wanted.append(loss.item())
    assert sum(wanted[:2]) - sum(wanted[-2:]) > 0.02  # something was learnt
    np.testing.assert_allclose(losses, wanted, atol=1e-3)
    state = source_model.state_dict()
    for name, array in store.export().parameters.items():
        np.testing.assert_allclose(array, state[name].numpy(), rtol=1e-2, atol=2e-3)


def dropping_nothing(graph):
    def edit(site):
        if isinstance(site.node.op, nn.ops.Dropout):
            return site.keep(nn.ops.Dropout("eval"))
        return None

    return nn.rewritten(graph, edit)


@pytest.mark.parametrize("opset", [13, 16, 20])
@pytest.mark.parametrize("fold", [False, True])
def test_other_opsets_and_folded_constants(source, model, opset, fold, tmp_path):
    folded = export(model, source.sample(2), tmp_path / "model.onnx", opset=opset, fold=fold)
    graph = read(folded, source)
    batch = source.sample(3)
    with torch.no_grad():
        wanted = model(torch.from_numpy(batch)).numpy()
    check(graph, batch, wanted)
    assert graph.stats().params == sum(parameter.numel() for parameter in model.parameters())


def test_a_file_for_one_batch_size_runs_at_any(source, model, tmp_path):
    fixed = export(model, source.sample(2), tmp_path / "model.onnx", fold=True, dynamic=False)
    batch = source.sample(3)
    with torch.no_grad():
        wanted = model(torch.from_numpy(batch)).numpy()
    check(read(fixed, source), batch, wanted)


def test_a_usual_export_has_its_normalizations_folded(source, model, tmp_path):
    usual = export(
        model,
        source.sample(2),
        tmp_path / "model.onnx",
        fold=True,
        training=torch.onnx.TrainingMode.EVAL,
    )
    batch = source.sample(3)
    with torch.no_grad():
        wanted = model(torch.from_numpy(batch)).numpy()
    check(read(usual, source), batch, wanted)


def check(graph, batch, wanted):
    params = nn.initial_parameters(graph, seed=0)
    given = evaluate(graph, params, {"x": batch}).outputs["output"]
    np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-4)


def test_what_is_exported_for_training_drops_at_random(tmp_path):
    source = SOURCES[1]
    network = made(source).train()
    path = export(network, source.sample(2), tmp_path / "model.onnx")
    graph = read(path, source)
    (control,) = graph.controls
    assert control.endswith(".rate")
    assert graph.controls[control].default == 0.2
    batch = source.sample(3)
    params = nn.initial_parameters(graph, seed=0)
    outputs = [
        evaluate(graph, params, {"x": batch}, mode="train", step=step).outputs for step in (0, 1)
    ]
    assert not np.allclose(outputs[0]["output"], outputs[1]["output"])
    with torch.no_grad():
        wanted = network.eval()(torch.from_numpy(batch)).numpy()
    # The running statistics moved while it was exported.
    params = {n: network.state_dict()[n].numpy() for n in params}
    given = evaluate(graph, params, {"x": batch}).outputs["output"]
    np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-4)


def test_new_normalizations_are_parameters_of_their_own(tmp_path):
    """Equal arrays are one in the file, and several in the network."""
    network = ResNet().eval()
    path = export(network, image(2), tmp_path / "model.onnx")
    file = onnx.load(path)
    assert any(node.op_type == "Identity" for node in file.graph.node)
    graph = read(path, SOURCES[0])
    assert graph.stats().params == sum(parameter.numel() for parameter in network.parameters())
    kinds = {name: spec.kind for name, spec in graph.parameters.items()}
    assert kinds["layer1.0.bn2.running_var"] == "statistic"
    assert kinds["layer1.0.bn2.weight"] == "norm"
