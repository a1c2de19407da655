"""Components of Vega's own packages, so that an error can say which one to install.

Only names: nothing here makes a component available, and a package may provide more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

KNOWN: Mapping[str, Mapping[str, str]] = {
    "algorithm": {
        "vega-algos-hpo": "RandomSearch GridSearch AshaHpo ShaHpo HyperbandHpo BohbHpo BossHpo"
        " TpeSearch BayesSearch EvolutionAlgorithm PBTHpo",
        "vega-algos-nas": "CARS CARSAlgorithm DARTS SMNas SMNasM SPNas SpNasS SpNasP"
        " DNet DblockNas DnetNas AutoLane AutoLaneNas AdelaideEA AdelaideRandom AdelaideMutate"
        " SREA SRRandom SRMutate ESREA ESRSearch AutoFIS AutoGroup",
        "vega-algos-compress": "PruneEA QEA QuantEA",
        "vega-algos-augment": "PBA PBAHpo",
    },
    "backend": {
        "vega-backend-torch": "torch pytorch",
        "vega-backend-tf": "tensorflow tf",
        "vega-backend-ms": "mindspore ms",
    },
    "command": {"vega-report": "report"},
    "dataset": {
        "vega-tasks": "Digits Mnist FashionMnist Cifar10 Cifar100 Imagenet ClassificationDataset"
        " CocoDataset AutoLaneDataset Cityscapes DIV2K Set5 Set14 BSDS100 AvazuDataset",
        "vega-algos-augment": "Div2kUnpair",
    },
    "executor": {"vega-executor-ray": "ray"},
    "exporter": {
        "vega-backend-torch": "torch pytorch pt2",
        "vega-backend-tf": "keras savedmodel tflite",
        "vega-backend-ms": "mindspore mindir",
    },
    "metric": {"vega-tasks": "accuracy auc miou psnr ssim"},
    "network": {"vega-tasks": "MLP ResNet"},
    "rewrite": {"vega-algos-train": "Disout"},
    "trainer": {"vega-algos-augment": "CycleSR", "vega-algos-train": "AutoAugmentDistillation"},
}


def package_of(kind: str, name: str) -> str | None:
    """Returns the distribution that is known to provide a component, or None."""
    wanted = name.casefold()
    return next((package for known, package in _rows(kind) if known.casefold() == wanted), None)


def known_names(kind: str) -> list[str]:
    """Returns the names of a kind that Vega's own packages are known to provide."""
    return [name for name, _ in _rows(kind)]


def _rows(kind: str) -> Iterator[tuple[str, str]]:
    for package, names in KNOWN.get(kind, {}).items():
        for name in names.split():
            yield name, package
