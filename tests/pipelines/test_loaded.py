"""What a loaded model says of itself."""

from __future__ import annotations

from vega_core.pipeline.loading import LoadedModel
from vega_core.pipeline.model_io import ModelFile
from vega_core.plugins import load_catalog


def test_a_model_is_shown_in_a_line():
    file = ModelFile(
        id="train-0",
        description={"type": "ResNet", "depth": 8},
        inputs={"image": {"dtype": "float32", "shape": [1, 8, 8]}},
        classes={"label": 10},
        transforms=(),
        backend="torch",
        sha256="",
        metrics={"accuracy": 0.98765},
        provenance={},
    )
    model = LoadedModel(file, {}, load_catalog(), "torch")
    assert repr(model) == "<LoadedModel train-0: ResNet of image (N, 1, 8, 8); accuracy=0.9877>"
