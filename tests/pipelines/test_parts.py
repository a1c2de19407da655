"""A model of several parts, one of them from a file, through search, training and loading."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vega_core as vega
from vega_core import nn
from vega_core.errors import ModelError, StateError

pytest.importorskip("torch")
pytest.importorskip("vega_backend_torch")
pytest.importorskip("vega_tasks.classification.datasets.digits")


class Body(nn.Network):
    """Maps of a picture."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.relu(nn.Conv(2, name="conv")(x))


def test_a_model_of_parts_leaves_a_folder_that_is_whole(project):
    graph = nn.trace(Body(), {"image": nn.batched((1, 8, 8))})
    (project.folder / "body.json").write_text(json.dumps(nn.graph_to_dict(graph)))
    config = project.config(
        algorithm={"type": "RandomSearch", "num_samples": 2},
        objectives={"accuracy": "max"},
        space={
            "hyperparameters": [
                {"key": "head.hidden", "type": "CATEGORY", "range": [[4], [6]]},
                {"key": "head.fc1.bias", "type": "CATEGORY", "range": [False]},
            ]
        },
        hpo={
            "dataset": {"type": "Digits", "batch_size": 256},
            "model": {
                "modules": ["body", "head"],
                "body": {"type": "Graph", "file": str(project.folder / "body.json")},
                "head": {"type": "MLP", "num_classes": "auto"},
            },
            "trainer": {"type": "Trainer", "epochs": 1},
        },
        steps={"train": {"pipe_step": {"type": "TrainPipeStep"}}},
    )
    vega.run(config, general={"output": str(project.out)})
    (project.folder / "body.json").unlink()
    model = vega.load(project.out)
    assert model.file.description["body"]["file"] != "body.json"
    assert model.file.description["head"]["overrides"] == {"fc1.bias": False}
    digits = np.random.default_rng(0).random((3, 1, 8, 8))
    assert model.predict(digits).shape == (3,)
    described = vega.describe_model(project.out)
    assert described.stats().params == model.metrics["params"]

    folder = next(project.out.glob("steps/train/models/*"))
    (copy,) = [one for one in folder.glob("*.json") if one.name != "model.json"]
    copy.write_text(copy.read_text().replace("relu", "relv"))
    with pytest.raises(ModelError, match=r"^body: .* is damaged or another file"):
        vega.load(project.out).predict(digits)
    text = (folder / "model.json").read_text()
    (folder / "model.json").write_text(text.replace('"Graph"', '"Grapf"'))
    with pytest.raises(StateError, match=r"model\.json is damaged: its checksum"):
        vega.load(project.out)
