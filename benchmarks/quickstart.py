"""The quickstart on five seeds, against scikit-learn's SVC and against what it was not tuned from.

For each seed of the run and of the split of the data it runs examples/quickstart.yml, and measures
on the same held-out digits: the final model; the configuration that the search started from,
trained for as many epochs; the first random configuration, trained likewise; and ``SVC()`` with its
defaults, fitted to the samples of the training and the validation split together.

Targets: the final model at most 0.01 below the SVC and better than the untuned configuration, on
every seed; the search in about two minutes on two cores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.svm import SVC

import vega_core as vega
from vega_core.pipeline import Progress
from vega_core.pipeline.handover import merge
from vega_core.pipeline.records import ModelRecord
from vega_tasks.classification.datasets.digits import Digits

QUICKSTART = Path(__file__).parents[1] / "examples" / "quickstart.yml"
METRIC = "test_accuracy"
BELOW_SVC = 0.01
SEARCH_S = 150.0


class Clock(Progress):
    """Keeps how long each step took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def step_finished(self, step: str, records: Sequence[ModelRecord], seconds: float) -> None:  # noqa: ARG002
        self.seconds[step] = seconds


def quickstart(seed: int, folder: Path) -> tuple[dict[str, float], float, float]:
    """Returns the accuracies by the source of each model, and the seconds of the two steps."""
    clock = Clock()
    result = vega.run(
        QUICKSTART,
        overrides=[f"hpo.dataset.split_seed={seed}", "train.pipe_step.baseline=true"],
        general={"seed": seed, "workers": 2, "output": str(folder / f"tuned-{seed}")},
        progress=clock,
    )
    found = {}
    for record in result.steps["train"]:
        first = record.provenance["source"].endswith("(baseline)")
        found["first" if first else "tuned"] = record.metrics[METRIC]
    # Without a record of its own the first configuration is the best one.
    found.setdefault("first", found["tuned"])
    return found, clock.seconds["hpo"], clock.seconds["train"]


def untuned(seed: int, folder: Path) -> float:
    """Returns the accuracy of the search's own values, trained as the final model is."""
    steps: Mapping[str, Any] = yaml.safe_load(QUICKSTART.read_text())
    hpo = {key: steps["hpo"][key] for key in ("dataset", "model", "trainer")}
    section = merge(hpo, {"trainer": steps["train"].get("trainer", {})})
    section["dataset"]["split_seed"] = seed
    config = {
        "general": {**steps["general"], "seed": seed, "workers": 1, "output": None},
        "pipeline": ["train"],
        "train": {"pipe_step": {"type": "TrainPipeStep"}, **section},
    }
    result = vega.run(config, general={"output": str(folder / f"untuned-{seed}")})
    assert result.best is not None
    return result.best.metrics[METRIC]


def support_vectors(seed: int) -> float:
    """Returns the accuracy of scikit-learn's SVC."""
    splits = {name: Digits(name, split_seed=seed) for name in ("train", "val", "test")}
    data = {name: split.__getitems__(np.arange(len(split))) for name, split in splits.items()}
    known = [data["train"], data["val"]]
    images = np.concatenate([one["image"] for one in known]).reshape(-1, 64)
    labels = np.concatenate([one["label"] for one in known])
    fitted = SVC().fit(images, labels)
    return float(fitted.score(data["test"]["image"].reshape(-1, 64), data["test"]["label"]))


def verdict(text: str, good: bool) -> bool:
    """Prints a line of the result."""
    print(f"{text}: {'PASS' if good else 'MISS'}", flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one seed")
    options = parser.parse_args()
    seeds = range(1 if options.quick else options.seeds)
    rows = []
    print("seed  tuned   untuned  first random  SVC     search   full training", flush=True)
    with tempfile.TemporaryDirectory() as name:
        for seed in seeds:
            found, search_s, train_s = quickstart(seed, Path(name))
            row = (found["tuned"], untuned(seed, Path(name)), found["first"], support_vectors(seed))
            rows.append((*row, search_s))
            shown = "{:.4f}  {:.4f}   {:.4f}        {:.4f}".format(*row)
            print(f"{seed:<6}{shown}  {search_s:>4.0f} s   {train_s:>4.0f} s", flush=True)
    tuned, plain, first, svc, search = np.array(rows).T
    good = [
        verdict(
            f"tuned minus SVC: {(tuned - svc).min():+.4f} at least, "
            f"{(tuned - svc).mean():+.4f} on average (target {-BELOW_SVC})",
            bool((tuned >= svc - BELOW_SVC).all()),
        ),
        verdict(
            f"tuned minus untuned: {(tuned - plain).min():+.4f} at least, better on "
            f"{(tuned > plain).sum()} seeds of {len(seeds)}",
            bool((tuned > plain).all()),
        ),
        verdict(
            f"search: {search.max():.0f} s at most (target {SEARCH_S:.0f} s on two free cores)",
            bool(search.max() <= SEARCH_S),
        ),
    ]
    gain = tuned - first
    print(f"tuned minus first random: {gain.min():+.4f} at least, {gain.mean():+.4f} on average")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
