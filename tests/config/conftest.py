"""Components and a catalog of them, in place of installed packages."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from vega_core.config import InvalidConfigError, RunConfig, load_config
from vega_core.config.source import from_text
from vega_core.errors import suggest
from vega_core.plugins import NotInstalled, UnknownComponent, kind_of
from vega_core.plugins.modules import backend_of


class Digits:
    def __init__(self, split: str, *, val: float = 0.15, test: float = 0.2) -> None: ...


class Mnist:
    def __init__(self, split: str, *, path: Path | None = None, val: float = 0.1) -> None: ...


@dataclass(kw_only=True)
class Search:
    keep_models: int = 1


@dataclass(kw_only=True)
class Train:
    pass


class Asha:
    def __init__(
        self,
        problem: Any,
        *,
        num_samples: int | None = None,
        eta: int = 3,
        max_budget: float | None = None,
        total_budget: float | None = None,
    ) -> None: ...


class Random:
    def __init__(self, problem: Any, *, num_samples: int = 10) -> None: ...


@dataclass(frozen=True)
class ResNet:
    num_classes: int
    depth: int = 20
    width: int = 16


@dataclass(frozen=True)
class MLP:
    num_classes: int
    hidden: tuple[int, ...] = (64,)


@dataclass(kw_only=True)
class Trainer:
    epochs: int | None = None
    optimizer: Mapping[str, Any] = field(default_factory=lambda: {"type": "Adam"})
    lr_scheduler: Mapping[str, Any] = field(default_factory=lambda: {"type": "Constant"})
    loss: Mapping[str, Any] | None = None
    metrics: Sequence[str | Mapping[str, Any]] | None = None
    callbacks: Sequence[str | Mapping[str, Any]] = ()
    grad_clip: float | None = None
    report_every: int = 10
    precision: Literal["float32", "bfloat16"] = "float32"


@dataclass(kw_only=True)
class Function:
    function: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class SGD:
    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0


@dataclass
class Adam:
    lr: float = 1e-3
    weight_decay: float = 0.0


@dataclass
class Cosine:
    min_lr: float = 0.0


@dataclass
class MultiStep:
    milestones: list[int]
    gamma: float = 0.1


@dataclass
class CrossEntropy:
    label_smoothing: float = 0.0


@dataclass
class Accuracy:
    topk: tuple[int, ...] = (1,)


@dataclass
class Shift:
    pixels: int = 1


@dataclass
class Plain:
    pass


@dataclass
class BestCheckpoint:
    metric: str = "loss"


TABLE: dict[str, dict[str, Any]] = {
    "dataset": {"Digits": Digits, "Mnist": Mnist, "Cifar10": Mnist},
    "step": {"SearchPipeStep": Search, "TrainPipeStep": Train},
    "algorithm": {"AshaHpo": Asha, "RandomSearch": Random},
    "network": {"ResNet": ResNet, "MLP": MLP},
    "trainer": {"Trainer": Trainer, "Function": Function},
    "optimizer": {"SGD": SGD, "Adam": Adam},
    "schedule": {"CosineAnnealing": Cosine, "MultiStepLR": MultiStep, "Constant": Plain},
    "loss": {"CrossEntropy": CrossEntropy, "CrossEntropyLoss": CrossEntropy},
    "metric": {"accuracy": Accuracy},
    "callback": {"BestCheckpoint": BestCheckpoint},
    "transform": {
        name: Shift if name == "RandomShift" else Plain
        for name in ("RandomShift", "Cutout", "Rotate", "Brightness", "Color")
    },
    "search_space": {"SearchSpace": Plain},
    "backend": {"torch": object, "tensorflow": object},
    "executor": {"local": object},
    "evaluator": {},
    "rewrite": {},
}
ALIASES = {"Momentum": "SGD", "Accuracy": "accuracy"}


class FakeCatalog:
    """Like `vega_core.plugins.Catalog`, over the table above.

    Attributes:
        loaded: What was imported, in order.
    """

    def __init__(self, **more: dict[str, Any]) -> None:
        self.table = {kind: {**rows, **more.get(kind, {})} for kind, rows in TABLE.items()}
        self.loaded: list[tuple[str, str]] = []

    def find(self, kind: str, name: str) -> Any:
        own = ALIASES.get(name, name)
        folded = {known.casefold(): known for known in self.table[kind]}
        own = own if own in self.table[kind] else folded.get(own.casefold(), own)
        if own in self.table[kind]:
            return SimpleNamespace(name=own, provider=SimpleNamespace(backends=()))
        if name == "BohbHpo":
            raise NotInstalled(f"{kind} '{name}' is not installed: pip install vega-algos-hpo")
        hint = suggest(name, self.table[kind])
        raise UnknownComponent(f"unknown {kind_of(kind).label} '{name}'{hint}")

    def is_module(self, name: str) -> bool:
        return backend_of(name).casefold() in self.table["backend"]

    def load(self, kind: str, name: str) -> Any:
        own = self.find(kind, name).name
        self.loaded.append((kind, own))
        return self.table[kind][own]

    def names(self, kind: str) -> list[str]:
        return sorted(self.table[kind])


BASE = """\
pipeline: [hpo]
hpo:
  pipe_step: {type: SearchPipeStep}
  dataset: {type: Digits, batch_size: 64}
  model: {type: ResNet, depth: 8, num_classes: auto}
  search_algorithm: {type: AshaHpo, num_samples: 9, max_budget: 9}
  search_space:
    type: SearchSpace
    hyperparameters:
      - {key: trainer.optimizer.params.lr, type: FLOAT_EXP, range: [1e-4, 1e-1]}
  objectives: {accuracy: max}
  trainer:
    type: Trainer
    epochs: 9
    optimizer: {type: SGD, params: {lr: 0.1}}
"""


OLD = """\
general:
  backend: pytorch
  device_category: GPU
  logger: {level: debug}
  parallel_search: true
  task: {local_base_path: ./tasks, task_id: mine}
pipeline: [nas, fully_train]
nas:
  pipe_step: {type: NasPipeStep}
  dataset:
    type: Mnist
    common: {data_path: ./mnist, num_workers: 4}
    train: {batch_size: 256, transforms: [{type: RandomShift, pixels: 2}], shuffle: true}
    val: {batch_size: 10, num_workers: 4}
  search_algorithm:
    type: AshaHpo
    codec: Codec
    policy: {total_epochs: -1, num_samples: 9, max_epochs: 81}
    objective_keys: [accuracy, flops]
  hyperparameter_space:
    hyperparameters:
      - {key: dataset.batch_size, type: CATEGORY, range: [8, 16]}
      - {key: trainer.optim.lr, type: FLOAT_EXP, range: [1e-5, 0.1]}
      - {key: trainer.optim.type, type: STRING, range: [Adam, SGD]}
      - {key: trainer.optim.momentum, type: FLOAT, range: [0.0, 0.99]}
      - {key: network.backbone.base_depth, type: CATEGORY, range: [18, 20]}
      - {key: backbone.layer1.conv1.inchannels, type: CATEGORY, range: [18, 20]}
    condition:
      key: momentum
      child: trainer.optim.momentum
      parent: trainer.optim.type
      type: EQUAL
      range: [SGD]
    forbidden:
      - {trainer.optim.type: Adam, network.backbone.base_depth: 20}
  model:
    model_desc:
      modules: [backbone]
      backbone: {type: ResNet, base_depth: 18, num_class: 10}
  constraints: {flops: "<= 1e8"}
  trainer:
    epochs: 1
    optim: {type: SGD, lr: 0.1}
    lr_scheduler: {type: MultiStepLR, milestones: [75, 150], gamma: 0.5}
    loss: {type: CrossEntropyLoss, params: {label_smoothing: 0.1}}
    report_freq: 5
    save_steps: 100
    with_valid: true
  evaluator:
    type: Evaluator
    host_evaluator: {type: HostEvaluator, metric: {type: accuracy, params: {topk: [1, 5]}}}
fully_train:
  pipe_step: {type: FullyTrainPipeStep, models_folder: "{local_base_path}/output/nas/"}
  trainer: {ref: nas.trainer, epochs: 160}
  dataset: {ref: nas.dataset}
"""


@pytest.fixture
def old() -> str:
    """A configuration in the spelling of earlier releases."""
    return OLD


@pytest.fixture
def catalog() -> FakeCatalog:
    return FakeCatalog()


@pytest.fixture
def base() -> str:
    """A configuration without a fault."""
    return BASE


Load = Callable[..., RunConfig]
Faults = Callable[..., list[str]]


@pytest.fixture
def load(catalog: FakeCatalog) -> Load:
    """Loads a text under the name ``file.yml`` over the fake catalog."""

    def run(text: str, *overrides: Any, **options: Any) -> RunConfig:
        source = from_text(textwrap.dedent(text), name="file.yml", folder=Path("/nowhere"))
        return load_config(source, catalog=catalog, overrides=overrides, **options)

    return run


@pytest.fixture
def faults(load: Load) -> Faults:
    """Loads a text that is at fault and returns the lines of the error."""

    def run(text: str, *overrides: Any, **options: Any) -> list[str]:
        with pytest.raises(InvalidConfigError) as caught:
            load(text, *overrides, **options)
        lines = str(caught.value).splitlines()
        assert len(lines) == len(caught.value.diagnostics)
        assert caught.value.exit_code == 2
        return lines

    return run


@pytest.fixture
def notices(load: Load) -> Callable[..., list[str]]:
    """Loads a text and returns the notices."""

    def run(text: str, *overrides: Any, **options: Any) -> list[str]:
        return [str(item) for item in load(text, *overrides, **options).notices]

    return run
