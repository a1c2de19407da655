"""``general.backend`` as a name, or as a type with options, all the way into workers."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import vega_core as vega
from vega_core.config import InvalidConfigError, load_config
from vega_core.errors import RunFailed, UserError

pytest.importorskip("torch")
pytest.importorskip("vega_backend_torch")
pytest.importorskip("vega_tasks")

SECTION = {
    "dataset": {"type": "Digits", "batch_size": 128},
    "model": {"type": "MLP", "hidden": [8], "num_classes": "auto"},
    "trainer": {"type": "Trainer", "optimizer": {"type": "Adam"}, "epochs": 1},
}
SPACE = {
    "hyperparameters": [
        {"key": "trainer.optimizer.params.lr", "type": "FLOAT_EXP", "range": [1e-3, 1e-2]}
    ]
}


def options(backend, **general):
    return {
        "algorithm": {"type": "RandomSearch", "num_samples": 3},
        "objectives": {"accuracy": "max"},
        "space": SPACE,
        "hpo": SECTION,
        **({} if backend is None else {"backend": backend}),
        **general,
    }


@pytest.mark.parametrize(
    "backend", [None, "torch", "pytorch", {"type": "pytorch"}, {"type": "torch", "device": "cpu"}]
)
def test_a_name_and_a_type_mean_the_same(project, backend):
    config = load_config(project.write(**options(backend)))
    assert config.general.backend_name == "torch"
    given = {"device": "cpu"} if isinstance(backend, dict) and "device" in backend else {}
    assert config.general.backend_options == given
    again = load_config(config.effective())
    assert again.general == config.general


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        (
            {"type": "torch", "devise": "cpu"},
            r"backend\.devise: unknown key; did you mean 'dev",
        ),
        (
            {"type": "torch", "threads": "two"},
            r"backend\.threads: expected a whole number, got",
        ),
        ({"type": "torch", "compile": "yes"}, r"backend\.compile: expected .*, got the text 'yes'"),
        ({"type": "troch"}, r"backend\.type: unknown backend 'troch'; did you mean 'torch'"),
        ({"device": "cpu"}, r"general\.backend: the key 'type' is missing"),
        (3, r"general\.backend: expected text or a mapping, got 3"),
    ],
)
def test_faults_of_options_have_their_place(project, backend, message):
    path = project.write(**options(backend))
    with pytest.raises(InvalidConfigError, match=rf"run\.yml:\d+:\d+: .*{message}"):
        load_config(path)


def test_options_are_checked_without_the_framework(project):
    path = project.write(**options({"type": "torch", "device": "cpu", "threads": 1}))
    code = (
        "import sys; from vega_core.config import load_config; "
        f"load_config({str(path)!r}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_workers_get_the_options(project):
    given = {"type": "torch", "device": "cuda:99"}
    with pytest.raises(RunFailed, match=r"no device 'cuda:99'; it has .*cpu"):
        project.run(**options(given, workers=1))


def test_a_resumed_run_may_have_other_options_but_no_other_backend(project):
    project.run(**options("torch"))
    changed = options({"type": "torch", "threads": 1, "channels_last": False})
    assert project.run(**changed, resume=True).exit_code == 0
    path = project.out / "config.yml"
    text = path.read_text()
    path.write_text(text.replace("type: torch", "type: other"))
    assert path.read_text() != text
    with pytest.raises(UserError, match=r"general\.backend\.type was 'other' and is 'torch'"):
        project.run(**changed, resume=True)


def test_a_loaded_model_may_have_options(project):
    project.run(**options("torch"))
    shape = (2, 1, 8, 8)
    x = np.random.default_rng(0).random(shape).astype(np.float32)
    plain = vega.load(project.out).outputs(x)["output"]
    given = {"type": "torch", "device": "cpu", "channels_last": False}
    other = vega.load(project.out, backend=given).outputs(x)["output"]
    np.testing.assert_allclose(plain, other, rtol=1e-5, atol=1e-6)
    with pytest.raises(UserError, match="no device 'cuda:99'"):
        vega.load(project.out, backend={"device": "cuda:99"}).predict(x)


def test_describe_lists_them(project):
    done = project.vega("describe", "torch", "--kind", "backend", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["name"] for one in found["parameters"]] == [
        "device",
        "threads",
        "compile",
        "channels_last",
    ]
    assert all(one["meaning"] for one in found["parameters"])
