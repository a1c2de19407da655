"""The dataset contract: one split of some data, as NumPy arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from vega_core.arrays import Array
from vega_core.data.fields import Batch, Field, Spec, check_range
from vega_core.data.task import Task
from vega_core.errors import DataError

Indices = npt.NDArray[np.intp]


class Dataset(ABC):
    """One split of a dataset.

    A component class is constructed as ``MyData(split, **parameters)`` with ``split`` one of
    ``vega_core.data.SPLITS``, in every process that needs it. Its constructor reads or checks
    enough to raise ``DataError`` for missing or damaged files before any training starts.
    Reading an item is a function of its index alone; the loader shuffles, and transforms draw.

    Attributes:
        task: Names and defaults for trainers; None where a configuration must give them.
    """

    task: ClassVar[Task | None] = None

    @abstractmethod
    def __len__(self) -> int:
        """Returns the number of samples."""

    @abstractmethod
    def __getitem__(self, index: int) -> dict[str, Array]:
        """Returns one sample: an array a field, without padding."""

    @abstractmethod
    def spec(self) -> dict[str, Field]:
        """Returns the fields of a sample."""

    def __getitems__(self, indices: Indices) -> Batch:
        """Returns a whole batch at once, in arrays that the caller may overwrite.

        The default stacks single items, and pads fields that have a ``max_len``. Datasets held
        in memory override it with one vectorised look-up a field.
        """
        return collate([self[int(index)] for index in indices], self.spec())


def collate(items: Sequence[Mapping[str, Any]], spec: Spec) -> Batch:
    """Stacks samples into a batch.

    A field with ``max_len`` is padded with zeros to ``(N, max_len, *shape)`` and gets a Boolean
    mask ``<field>_valid`` of shape ``(N, max_len)``.

    Raises:
        DataError: A sample lacks a field, or has more entries than ``max_len``.
    """
    batch: Batch = {}
    for name, field in spec.items():
        try:
            arrays = [np.asarray(item[name]) for item in items]
        except KeyError:
            raise DataError(f"a sample has no field '{name}', which spec() promises") from None
        if field.max_len is None:
            batch[name] = np.stack(arrays)
        else:
            batch[name], batch[f"{name}_valid"] = _pad(name, arrays, field, field.max_len)
    return batch


def _pad(name: str, arrays: Sequence[Array], field: Field, limit: int) -> tuple[Array, Array]:
    lengths = np.array([len(array) for array in arrays])
    if lengths.max(initial=0) > limit:
        raise DataError(f"field '{name}': a sample has {lengths.max()} entries, max_len is {limit}")
    padded = np.zeros((len(arrays), limit, *field.shape), field.dtype)
    for row, array in enumerate(arrays):
        padded[row, : len(array)] = array
    return padded, np.arange(limit) < lengths[:, None]


class ArrayDataset(Dataset):
    """A dataset that is held in memory, one array a field.

    Example:
        >>> import numpy as np
        >>> data = ArrayDataset({"image": np.zeros((5, 1, 8, 8), "f4")})
        >>> len(data), data[0]["image"].shape
        (5, (1, 8, 8))

    Args:
        arrays: Field name to an array of shape ``(samples, ...)``.
        classes: Number of classes of the fields that are labels.
        source: Where the arrays come from, for messages.

    Raises:
        DataError: The arrays differ in length, are empty, or hold labels outside their classes.
    """

    def __init__(
        self,
        arrays: Mapping[str, Array],
        *,
        classes: Mapping[str, int] | None = None,
        source: str = "arrays",
    ) -> None:
        lengths = {name: len(array) for name, array in arrays.items()}
        if len(set(lengths.values())) != 1 or 0 in lengths.values():
            raise DataError(f"{source}: fields must have one length above 0, not {lengths}")
        classes = classes or {}
        for name, count in classes.items():
            check_range(arrays[name], count, f"{source}: field '{name}'")
        self._arrays = dict(arrays)
        self._spec = {
            name: Field(str(array.dtype), array.shape[1:], classes=classes.get(name))
            for name, array in arrays.items()
        }

    def __len__(self) -> int:
        return len(next(iter(self._arrays.values())))

    def __getitem__(self, index: int) -> dict[str, Array]:
        return {name: array[index] for name, array in self._arrays.items()}

    def __getitems__(self, indices: Indices) -> Batch:
        # `take` costs a third of fancy indexing on small samples.
        return {name: array.take(indices, axis=0) for name, array in self._arrays.items()}

    def spec(self) -> dict[str, Field]:
        return dict(self._spec)
