from __future__ import annotations

import numpy as np
import pytest

from vega_core.data import Field
from vega_core.errors import DataError
from vega_tasks.transforms import Cutout, Normalize, RandomHorizontalFlip, RandomShift


@pytest.fixture
def images():
    return np.random.default_rng(0).random((40, 3, 9, 7), np.float32) + 0.1


def apply(transform, images, seed=5):
    rng = np.random.default_rng(seed)
    result = transform({"image": images.copy(), "label": np.arange(len(images))}, rng)
    assert np.array_equal(result["label"], np.arange(len(images)))
    assert result["image"].dtype == images.dtype
    assert result["image"].shape == images.shape
    return result["image"]


def test_normalize_is_per_channel(images):
    result = apply(Normalize(mean=[0.1, 0.2, 0.3], std=[1.0, 2.0, 4.0]), images)
    for sample, expected in zip(result, images, strict=True):
        for channel, (mean, std) in enumerate([(0.1, 1.0), (0.2, 2.0), (0.3, 4.0)]):
            np.testing.assert_allclose(
                sample[channel], (expected[channel] - mean) / std, rtol=1e-5, atol=1e-6
            )


def test_normalize_refuses_what_does_not_fit():
    fields = {"image": Field("float32", (3, 8, 8))}
    with pytest.raises(DataError, match="mean has 2 values for 3 channels"):
        Normalize(mean=[0.1, 0.2]).spec(fields)
    with pytest.raises(DataError, match="std must not be 0"):
        Normalize(std=0.0).spec(fields)
    for dtype in ("uint8", "int64"):
        whole = {"image": Field(dtype, (3, 8, 8))}
        with pytest.raises(DataError, match=f"Normalize: field 'image' is {dtype}"):
            Normalize().spec(whole)


@pytest.mark.parametrize("pixels", [0, 1, 3])
def test_shift_moves_each_picture_by_one_offset(images, pixels):
    shifted = apply(RandomShift(pixels=pixels), images)
    rng = np.random.default_rng(5)
    down, right = rng.integers(0, 2 * pixels, (2, len(images)), endpoint=True)
    for index, image in enumerate(images):
        expected = np.zeros_like(image)
        for y in range(9):
            for x in range(7):
                source = (y + down[index] - pixels, x + right[index] - pixels)
                if 0 <= source[0] < 9 and 0 <= source[1] < 7:
                    expected[:, y, x] = image[:, source[0], source[1]]
        assert np.array_equal(shifted[index], expected)


def test_all_shifts_are_equally_likely():
    image = np.zeros((9000, 1, 5, 5), np.float32)
    image[:, :, 2, 2] = 1
    counts = apply(RandomShift(pixels=1), image).sum(axis=(0, 1))
    assert counts[1:4, 1:4].sum() == 9000
    assert ((counts[1:4, 1:4] - 1000) ** 2 / 1000).sum() < 27  # chi-square, 8 degrees


def test_flip_mirrors_some_pictures(images):
    flipped = apply(RandomHorizontalFlip(0.5), images)
    mirrored = (flipped == images[..., ::-1]).all(axis=(1, 2, 3))
    unchanged = (flipped == images).all(axis=(1, 2, 3))
    assert np.array_equal(mirrored, ~unchanged)
    assert 5 < mirrored.sum() < 35
    assert np.array_equal(apply(RandomHorizontalFlip(1.0), images), images[..., ::-1])
    assert np.array_equal(apply(RandomHorizontalFlip(0.0), images), images)


@pytest.mark.parametrize("size", [1, 3, 4])
def test_cutout_erases_one_square(images, size):
    result = apply(Cutout(size=size), images)
    rng = np.random.default_rng(5)
    rows, columns = rng.integers(0, 9, len(images)), rng.integers(0, 7, len(images))
    for index, image in enumerate(images):
        expected = image.copy()
        top, left = rows[index] - size // 2, columns[index] - size // 2
        expected[:, max(top, 0) : top + size, max(left, 0) : left + size] = 0
        assert np.array_equal(result[index], expected)
