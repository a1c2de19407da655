from __future__ import annotations

import numpy as np
import pytest

from vega_core.data import ArrayDataset, Dataset, Field, check_batch, collate
from vega_core.errors import DataError


class Boxes(Dataset):
    """Sample i has i boxes."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        boxes = np.full((index, 4), index, np.float32)
        return {"image": np.full((2, 2), index, np.float32), "boxes": boxes}

    def spec(self):
        return {"image": Field("float32", (2, 2)), "boxes": Field("float32", (4,), max_len=3)}


def test_items_are_stacked_and_padded_with_a_mask():
    batch = Boxes().__getitems__(np.array([3, 0, 1]))
    assert batch["image"].shape == (3, 2, 2)
    assert batch["image"][:, 0, 0].tolist() == [3, 0, 1]
    assert batch["boxes"].shape == (3, 3, 4)
    assert batch["boxes_valid"].tolist() == [[True] * 3, [False] * 3, [True, False, False]]
    assert batch["boxes"][2].tolist() == [[1] * 4, [0] * 4, [0] * 4]


def test_too_many_entries_are_an_error():
    spec = {"boxes": Field("float32", (4,), max_len=2)}
    with pytest.raises(DataError, match="'boxes': a sample has 3 entries, max_len is 2"):
        collate([{"boxes": np.zeros((3, 4), "f4")}], spec)


def test_a_field_that_is_not_delivered_is_an_error():
    with pytest.raises(DataError, match="no field 'image'"):
        collate([{}], {"image": Field("float32", (1,))})


def test_arrays_are_read_by_index():
    images = np.arange(24, dtype="f4").reshape(6, 2, 2)
    data = ArrayDataset({"image": images, "label": np.arange(6) % 3}, classes={"label": 3})
    batch = data.__getitems__(np.array([5, 0]))
    assert np.array_equal(batch["image"], images[[5, 0]])
    assert np.array_equal(data[4]["image"], images[4])
    assert data.spec() == {
        "image": Field("float32", (2, 2)),
        "label": Field("int64", (), classes=3),
    }
    batch["image"][:] = -1
    assert images.min() == 0, "a batch may be overwritten without harm to the data"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"image": np.zeros((3, 2)), "label": np.zeros(2, int)}, "one length above 0"),
        ({"image": np.zeros((0, 2)), "label": np.zeros(0, int)}, "one length above 0"),
        ({"label": np.array([0, 1, 10])}, "value 10 at position 2 is outside 0 .. 9"),
        ({"label": np.array([0, -1, 1])}, "value -1 at position 1 is outside 0 .. 9"),
    ],
)
def test_bad_arrays_are_named(arrays, message):
    with pytest.raises(DataError, match=f"mine: .*{message}"):
        ArrayDataset(arrays, classes={"label": 10}, source="mine")


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({}, "field 'image' is promised"),
        ({"image": np.zeros((5, 2), "f8")}, r"is float64\[2\], but spec\(\) promises float32\[2\]"),
        ({"image": np.zeros((5, 3), "f4")}, r"is float32\[3\], but spec\(\) promises float32\[2\]"),
    ],
)
def test_a_batch_is_held_to_its_promise(batch, message):
    with pytest.raises(DataError, match=message):
        check_batch(batch, {"image": Field("float32", (2,))}, "MyData")
