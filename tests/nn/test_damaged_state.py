"""Saved parameters that are cut off, changed or of another model: named, and nothing is loaded."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vega_core import nn
from vega_core.backend import Gradients, Params, ParamStore, Snapshot, State
from vega_core.backend.state import check_state
from vega_core.errors import StateError, VegaError
from vega_core.nn.shapes import Shape
from vega_core.pipeline.model_io import ModelFile, read_content, read_model, save_model
from vega_core.store.tensors import load_state, save_state
from vega_tasks.classification.networks import ResNet

T = TypeVar("T")
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
GRAPH = nn.trace(ResNet(8, 2), {"image": nn.batched((1, 8, 8))})
NAMES = list(GRAPH.parameters)


class Store(ParamStore):
    """Arrays in memory; only what loading needs."""

    def __init__(self, params: Params) -> None:
        super().__init__()
        self._arrays = {name: array.copy() for name, array in params.items()}
        self._slots: dict[str, np.ndarray[Any, Any]] = {}

    @property
    def shapes(self) -> Mapping[str, tuple[Shape, str]]:
        return {name: (array.shape, str(array.dtype)) for name, array in self._arrays.items()}

    def snapshot(self) -> Snapshot:
        raise NotImplementedError

    def restore(self, snapshot: Snapshot) -> None:
        raise NotImplementedError

    def _add(self, gradients: Gradients, scale: float) -> None:
        raise NotImplementedError

    def _copy(self, other: ParamStore, names: Mapping[str, str]) -> None:
        raise NotImplementedError

    def _read(self) -> tuple[Params, Params]:
        return {n: a.copy() for n, a in self._arrays.items()}, dict(self._slots)

    def _write(self, state: State) -> None:
        self._arrays = dict(state.parameters)
        self._slots = dict(state.slots)


def _stores() -> list[Any]:
    made: list[Any] = [pytest.param(Store, id="memory")]
    try:
        from vega_backend_torch.backend import TorchBackend
    except ImportError:
        return made
    return [*made, pytest.param(TorchBackend().store, id="torch")]


STORES = pytest.mark.parametrize("store", _stores())
MakeStore = Callable[[Params], ParamStore]


def other(seed: int = 7) -> State:
    """A state that differs from the store's everywhere."""
    rng = np.random.default_rng(seed)
    return State(
        {
            name: rng.standard_normal(spec.shape).astype(spec.dtype)
            for name, spec in GRAPH.parameters.items()
        },
        {f"{name}/exp": np.ones(GRAPH.parameters[name].shape, np.float32) for name in NAMES[:2]},
        41,
    )


def outcome(read: Callable[[], T]) -> T | str:
    """Returns what is read, or the message with which it is refused."""
    try:
        return read()
    except VegaError as error:
        return str(error)


def same(a: State, b: State) -> bool:
    return (
        a.position == b.position
        and a.parameters.keys() == b.parameters.keys()
        and all(
            a.parameters[name].tobytes() == b.parameters[name].tobytes() for name in b.parameters
        )
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    save_state(folder, {"state": other().to_arrays()}, {"epoch": 3})
    return folder


def damage(data: st.DataObject, path: Path) -> None:
    """Flips a bit, cuts off the end, doubles a piece, or writes something else over a piece."""
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "double", "over", "empty"])):
        case "flip":
            content[place] ^= 1 << data.draw(st.integers(0, 7))
        case "cut":
            del content[place:]
        case "double":
            content[place:place] = content[place : place + 8]
        case "over":
            content[place : place + 4] = data.draw(st.binary(min_size=4, max_size=4))
        case "empty":
            content.clear()
    path.write_bytes(bytes(content))


@FUZZ
@given(data=st.data())
def test_a_damaged_checkpoint_is_no_checkpoint(
    data: st.DataObject, saved: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("copy") / "state"
    shutil.copytree(saved, folder)
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    before = path.read_bytes()
    damage(data, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = outcome(lambda: load_state(folder))
    assert found is not None
    if isinstance(found, str):
        assert path.stem in found
    else:
        assert path.read_bytes() == before or same_json(path, before)
        assert same(State.from_arrays(found[0]["state"]), other())
    shutil.rmtree(folder.parent)


def same_json(path: Path, before: bytes) -> bool:
    """Whether a change is only of white space between the values."""
    return path.suffix == ".json" and json.loads(path.read_bytes()) == json.loads(before)


@STORES
@FUZZ
@given(data=st.data())
def test_a_state_of_another_form_leaves_the_store_as_it_was(
    store: MakeStore, data: st.DataObject
) -> None:
    """Whatever is missing, left over, or of another shape or type is named."""
    held = store(nn.initial_parameters(GRAPH, 0))
    before = held.export()
    arrays: dict[str, Any] = dict(other().to_arrays())
    key = data.draw(st.sampled_from(sorted(arrays)))
    array = arrays.pop(key)
    match data.draw(st.sampled_from(["drop", "rename", "shape", "dtype", "pair"])):
        case "rename":
            arrays[data.draw(st.sampled_from([f"{key}x", f"x{key}", f"slots/{key}"]))] = array
        case "shape":
            arrays[key] = np.zeros((*array.shape, 2), array.dtype)
        case "dtype":
            arrays[key] = array.astype(np.float16)
        case "pair":
            second = data.draw(st.sampled_from(sorted(arrays)))
            arrays[key], arrays[second] = arrays[second], array
            if arrays[key].shape == array.shape and arrays[key].dtype == array.dtype:
                return
    fault = outcome(lambda: held.load(State.from_arrays(arrays)))
    if fault is None:  # a slot that is gone begins anew
        assert key.startswith("slots/")
        assert key not in arrays
        return
    assert same(held.export(), before)
    name = key.partition("/")[2] or "position"
    places = (name, name.rpartition("/")[0] or name, "position", "belongs to no part")
    assert any(place in fault for place in places), fault


@STORES
def test_a_state_is_loaded_whole(store: MakeStore) -> None:
    held = store(nn.initial_parameters(GRAPH, 0))
    assert not same(held.export(), other())
    held.load(State.from_arrays(other().to_arrays()))
    assert same(held.export(), other())


def test_every_fault_of_a_checkpoint_is_named_with_both_sides() -> None:
    shapes = {name: (spec.shape, spec.dtype) for name, spec in GRAPH.parameters.items()}
    arrays = dict(other().parameters)
    del arrays["fc.bias"]
    arrays["fc.weight"] = np.zeros((8, 10), np.float32)
    arrays["head.weight"] = np.zeros(3, np.float32)
    arrays["stem.conv.weight"] = arrays["stem.conv.weight"].astype(np.float64)
    with pytest.raises(StateError) as caught:
        check_state(State(arrays), shapes)
    for words in (
        "'fc.bias' is missing",
        "'fc.weight' is (8, 10), and (10, 8) in the model",
        "'head.weight' is not in the model",
        "'stem.conv.weight' is float64, and float32 in the model",
    ):
        assert words in str(caught.value)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    content = ModelFile(
        id="a-0",
        description={"format": 1, "type": "ResNet", "depth": 8, "width": 2},
        inputs={"image": {"dtype": "float32", "shape": [1, 8, 8]}},
        classes={"label": 10},
        transforms=({"type": "Normalize", "mean": [0.3], "std": [0.4]},),
        backend="torch",
        sha256="",
        metrics={"accuracy": 0.5},
        provenance={},
    )
    save_model(folder, content, other().parameters)
    return folder


@FUZZ
@given(data=st.data())
def test_a_damaged_model_is_no_model(
    data: st.DataObject, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("copy") / "model"
    shutil.copytree(model, folder)
    whole = read_model(folder / "model.json")
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    before = path.read_bytes()
    damage(data, path)
    found = outcome(lambda: read_model(folder / "model.json"))
    if isinstance(found, str):
        assert path.name in found
    else:
        assert path.read_bytes() == before or same_json(path, before)
        assert found[0] == whole[0]
        assert found[1].keys() == whole[1].keys()
    shutil.rmtree(folder.parent)


@FUZZ
@given(data=st.data(), value=st.sampled_from([None, 3, "x", [], {}, [1], {"a": 1}, True, [[]]]))
def test_a_model_file_that_was_edited_is_read_or_refused(
    data: st.DataObject, value: Any, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without its checksum, as an editor of the file would leave it."""
    path = tmp_path_factory.mktemp("copy") / "model.json"
    written = json.loads((model / "model.json").read_text())
    del written["check"]
    place = data.draw(st.sampled_from([written, written["inputs"], written["inputs"]["image"]]))
    place[data.draw(st.sampled_from([*place, "other"]))] = value
    path.write_text(json.dumps(written))
    assert outcome(lambda: nn.canonical(read_content(path).description))
    path.unlink()
