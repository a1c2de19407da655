"""Transforms of whole batches of pictures, in NumPy."""

from __future__ import annotations

from vega_tasks.transforms.erase import Cutout
from vega_tasks.transforms.geometry import RandomHorizontalFlip, RandomShift
from vega_tasks.transforms.normalize import Normalize

__all__ = ["Cutout", "Normalize", "RandomHorizontalFlip", "RandomShift"]
