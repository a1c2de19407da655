"""Splits of a dataset, as functions of a seed."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from vega_core.errors import DataError, suggest

Split = Literal["train", "val", "test", "train_first", "train_second"]
SPLITS: tuple[Split, ...] = get_args(Split)
"""Names of splits. The two halves of ``train`` serve bilevel search."""

Rows = npt.NDArray[np.intp]


def split_indices(
    samples: int,
    split: str,
    *,
    seed: int = 0,
    val: float = 0.1,
    test: float = 0.1,
    labels: npt.ArrayLike | None = None,
) -> Rows:
    """Returns the rows of one split, ascending.

    ``train``, ``val`` and ``test`` are disjoint and cover all rows; ``train_first`` and
    ``train_second`` do so for ``train``. The test rows depend on ``seed`` and ``test`` alone,
    so that a change of ``val`` never moves a row in or out of the test set.

    Args:
        samples: Number of rows.
        split: One of ``SPLITS``.
        seed: The same seed gives the same split in every process.
        val: Part of the rows for validation, in ``[0, 1)``.
        test: Part of the rows for testing, in ``[0, 1)``; 0 where test data come by themselves.
        labels: Where given, one label a row: every split gets its share of every class.

    Raises:
        DataError: An unknown split, fractions that leave nothing to train on, or no row at all.

    Example:
        >>> split_indices(10, "test", test=0.2).size
        2
    """
    if split not in SPLITS:
        known = ", ".join(SPLITS)
        raise DataError(f"unknown split '{split}'{suggest(split, SPLITS)} (one of {known})")
    if not (0 <= val < 1 and 0 <= test < 1 and val + test < 1):
        raise DataError(f"val={val} and test={test} must lie in [0, 1) and add up to less than 1")
    order = np.random.default_rng([seed, 0]).permutation(samples)
    groups = np.zeros(samples, np.intp) if labels is None else np.asarray(labels)
    if groups.shape != (samples,):
        raise DataError(f"labels have shape {groups.shape}, not ({samples},)")
    rows = {}
    rows["test"], rest = _carve(order, groups, round(samples * test))
    rows["val"], rows["train"] = _carve(rest, groups, round(samples * val))
    if split.startswith("train_"):
        rows["train_first"], rows["train_second"] = _carve(
            rows["train"], groups, (rows["train"].size + 1) // 2
        )
    chosen = np.sort(rows[split])
    if not chosen.size:
        raise DataError(f"split '{split}' of {samples} samples is empty (val={val}, test={test})")
    return chosen


def _carve(order: Rows, groups: npt.NDArray[np.generic], count: int) -> tuple[Rows, Rows]:
    """Takes ``count`` rows off, each group its share (largest remainders first)."""
    _, member, sizes = np.unique(groups[order], return_inverse=True, return_counts=True)
    share = sizes * (count / max(order.size, 1))
    quota = np.floor(share).astype(np.intp)
    missing = count - int(quota.sum())
    quota[np.argsort(quota - share, kind="stable")[:missing]] += 1
    # Rank of each row within its group, in the shuffled order.
    by_group = np.argsort(member, kind="stable")
    rank = np.empty(order.size, np.intp)
    rank[by_group] = np.arange(order.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    taken = rank < quota[member]
    return order[taken], order[~taken]
