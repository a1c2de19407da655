"""Checkpoints: whole or not at all, and the one before where the last is damaged."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vega_core.errors import StateError
from vega_core.store import load_state, load_tensors, save_state, save_tensors

STATE = {
    "parameters": {"layer1.0.conv1.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4)},
    "slots/": {},
}


def state(value):
    return {
        "parameters": {"conv.weight": np.full((3, 2), value, np.float32), "a/b": np.array(value)},
        "slots": {"conv.weight.velocity": np.zeros((0, 2))},
        "empty": {},
    }


def equal(first, second):
    assert first.keys() == second.keys()
    for group in first:
        assert first[group].keys() == second[group].keys()
        for name in first[group]:
            a, b = first[group][name], second[group][name]
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


def test_a_state_comes_back_equal(tmp_path):
    position = {"epoch": 3, "best": float("inf"), "random": [1, 2**40]}
    save_state(tmp_path / "new" / "folder", state(1.5), position)
    loaded, where = load_state(tmp_path / "new" / "folder")
    equal(loaded, state(1.5))
    assert where == position


def test_nothing_saved_is_none(tmp_path):
    assert load_state(tmp_path) is None
    assert load_state(tmp_path / "missing") is None


def test_two_checkpoints_are_kept(tmp_path):
    for epoch in range(4):
        save_state(tmp_path, state(float(epoch)), {"epoch": epoch})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"checkpoint-{n}.{kind}" for n in (3, 4) for kind in ("json", "safetensors")
    ]
    assert load_state(tmp_path)[1] == {"epoch": 3}


def _cut(path):
    path.write_bytes(path.read_bytes()[:-7])


def _flip(path):
    data = bytearray(path.read_bytes())
    data[-9] ^= 0x10
    path.write_bytes(data)


def _empty(path):
    path.write_bytes(b"")


def _swap(path):
    path.write_bytes(b'{"format": 1, "of": "something else"}')


@pytest.mark.parametrize("damage", [_cut, _flip, _empty, _swap, lambda path: path.unlink()])
@pytest.mark.parametrize("kind", ["json", "safetensors"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path, damage, kind):
    for epoch in (1, 2):
        save_state(tmp_path, state(float(epoch)), {"epoch": epoch})
    newest = tmp_path / f"checkpoint-2.{kind}"
    damage(newest)
    if newest.exists() or kind == "safetensors":
        with pytest.warns(RuntimeWarning, match=f"checkpoint-2.{kind}"):
            loaded, where = load_state(tmp_path)
    else:  # without its JSON file a checkpoint was never made
        loaded, where = load_state(tmp_path)
    equal(loaded, state(1.0))
    assert where == {"epoch": 1}
    damage(tmp_path / "checkpoint-1.safetensors")
    if newest.exists():
        with pytest.warns(RuntimeWarning), pytest.raises(StateError, match="checkpoint-2"):
            load_state(tmp_path)
    save_state(tmp_path, state(9.0), {"epoch": 9})
    assert load_state(tmp_path)[1] == {"epoch": 9}


def test_a_changed_position_is_found(tmp_path):
    path = save_state(tmp_path, state(1.0), {"epoch": 3})
    body = json.loads(path.read_text())
    path.write_text(json.dumps({**body, "position": {"epoch": 4}}))
    with pytest.warns(RuntimeWarning), pytest.raises(StateError, match="checksum"):
        load_state(tmp_path)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path):
    code = (
        "import resource, signal, sys\n"
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from vega_core.store import save_state\n"
        "folder = Path(sys.argv[1])\n"
        "save_state(folder, {'p': {'w': np.ones(4)}}, {'epoch': 1})\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "save_state(folder, {'p': {'w': np.ones(4096)}}, {'epoch': 2})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True
    )
    assert "File too large" in done.stderr
    assert len(list(tmp_path.iterdir())) == 2
    assert load_state(tmp_path)[1] == {"epoch": 1}
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4096


def test_names_and_types_that_cannot_be_saved_are_refused(tmp_path):
    with pytest.raises(ValueError, match="slots/"):
        save_state(tmp_path, STATE, {})
    for array in (np.array(["text"]), np.array([object()]), np.zeros(2, complex)):
        with pytest.raises(TypeError, match="'p/w'"):
            save_state(tmp_path, {"p": {"w": array}}, {})
    with pytest.raises(TypeError, match="object"):
        save_state(tmp_path, {}, {"x": object()})
    assert load_state(tmp_path) is None


def test_single_files_are_checked_too(tmp_path):
    path = tmp_path / "model.safetensors"
    digest = save_tensors(path, {"w": np.eye(3)})
    assert np.array_equal(load_tensors(path, digest)["w"], np.eye(3))
    with pytest.raises(StateError, match="SHA-256"):
        load_tensors(path, "0" * 64)
    with pytest.raises(StateError, match="cannot be read"):
        load_tensors(tmp_path / "gone.safetensors", digest)


kinds = st.sampled_from(["?", "i1", "<i2", ">i4", "i8", "u1", "<u8", "<f2", ">f4", "<f4", "f8"])
arrays = hnp.arrays(kinds, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))


@settings(max_examples=40, deadline=None)
@given(array=arrays, name=st.text(min_size=1, max_size=8), turn=st.booleans())
def test_every_layout_keeps_its_values(tmp_path_factory, array, name, turn):
    path = tmp_path_factory.mktemp("t") / "x.safetensors"
    array = array.T[::-1] if turn and array.ndim else array
    if name == "__metadata__":
        return
    loaded = load_tensors(path, save_tensors(path, {name: array}))[name]
    assert loaded.shape == array.shape
    assert np.array_equal(loaded, array, equal_nan=array.dtype.kind == "f")
