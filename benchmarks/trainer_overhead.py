"""The standard trainer with loader and callbacks, against a bare loop over prepared batches.

ResNet-20 on pictures of 32x32, batch 64, SGD with momentum and a cosine schedule. Both arms train
with executables of one backend, so they run the same program:

- the bare loop calls ``train_step`` on batches that lie in memory, and reads the losses back every
  ten steps, as the trainer does,
- the trainer draws an order, gathers and checks each batch, computes the schedule, calls three
  callbacks, reports, and asks whether to stop. An epoch of its is timed from its beginning to the
  beginning of the next; validation and checkpoints are work of their own and left out.

The arms take turns, an epoch each, in an order that changes from round to round. The median of the
ratios of neighbouring epochs is compared (target: the trainer costs less than 3 % more).

Run: ``python benchmarks/trainer_overhead.py [--quick] [--threads N]``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from vega_core.backend import Backend, Executable, StepResult
from vega_core.data import ArrayDataset, Batch, Field, Task
from vega_core.plugins import load_catalog
from vega_core.train import Callback, Context, Progress, StandardTrainer

TARGET = 1.03
BATCH, CLASSES = 64, 10


class Pictures(ArrayDataset):
    """Random pictures and labels."""

    task = Task("Classification", ("image",), ("label",), {"type": "CrossEntropy"})

    def __init__(self, split: str, *, steps: int) -> None:
        rng = np.random.default_rng(len(split))
        count = steps * BATCH if split == "train" else BATCH
        images = rng.standard_normal((count, 3, 32, 32)).astype(np.float32)
        super().__init__({"image": images, "label": rng.integers(0, CLASSES, count)})

    def spec(self) -> dict[str, Field]:
        """Says that labels are classes."""
        return {**super().spec(), "label": Field("int64", classes=CLASSES)}


class Turns(Callback):
    """Times the trainer's epochs, and runs the bare loop between them.

    Attributes:
        trainer: Seconds of each of the trainer's epochs.
        bare: Seconds of as many epochs of the bare loop.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.trainer: list[float] = []
        self.bare: list[float] = []
        self._steps = 0

    def before_train(self, progress: Progress) -> None:
        executable = progress.executable
        assert executable.train is not None
        store = self.backend.store(progress.store.export().parameters)
        self._executable = self.backend.compile(executable.graph, store, train=executable.train)
        self._batches = prepared(progress)

    def before_epoch(self, progress: Progress) -> None:
        if int(progress.epoch) % 2:
            self._run_bare()
        self._begin = time.perf_counter()

    def after_step(self, progress: Progress, result: StepResult) -> None:  # noqa: ARG002
        self._steps += 1

    def after_epoch(self, progress: Progress) -> None:
        self.trainer.append(time.perf_counter() - self._begin)
        if int(progress.epoch) % 2:  # the epoch that has ended had an even number
            self._run_bare()

    def _run_bare(self) -> None:
        begin = time.perf_counter()
        bare_epoch(self._executable, self._batches)
        self.bare.append(time.perf_counter() - begin)


def prepared(progress: Progress) -> Sequence[Batch]:
    """Returns the batches of an epoch as arrays in memory."""
    rows = progress.steps_per_epoch * BATCH
    data = Pictures("train", steps=progress.steps_per_epoch)
    return [data.__getitems__(np.arange(i, i + BATCH)) for i in range(0, rows, BATCH)]


def bare_epoch(executable: Executable, batches: Sequence[Batch]) -> float:
    """Trains as one would by hand."""
    pending: list[Any] = []
    total = 0.0
    for step, batch in enumerate(batches, start=1):
        pending.append(executable.train_step(batch, {"seed": 1, "lr": 0.05}).loss)
        if step % 10 == 0:
            total += sum(float(loss) for loss in pending)
            pending.clear()
    return total + sum(float(loss) for loss in pending)


class Components:
    """The installed components, and the two of this benchmark."""

    def __init__(self, turns: Turns) -> None:
        self._catalog = load_catalog()
        self._own: Mapping[str, Any] = {"Pictures": Pictures, "Turns": lambda: turns}

    def load(self, kind: str, name: str) -> Any:
        """Returns a component's class."""
        return self._own.get(name) or self._catalog.load(kind, name)


def train(rounds: int, steps: int) -> Turns:
    """Trains ``rounds`` epochs in each arm, after one of each that is not counted."""
    from vega_backend_torch.backend import TorchBackend

    backend = TorchBackend()
    turns = Turns(backend)
    context = Context(
        config={
            "dataset": {"type": "Pictures", "steps": steps, "batch_size": BATCH},
            "model": {"type": "ResNet", "depth": 20, "num_classes": "auto"},
        },
        catalog=Components(turns),
        make_backend=lambda: backend,
        seed=1,
    )
    trainer = StandardTrainer(
        epochs=rounds + 1,
        optimizer={"type": "SGD", "params": {"lr": 0.05, "momentum": 0.9}},
        lr_scheduler={"type": "CosineAnnealing"},
        callbacks=["ProgressLog", {"type": "EarlyStop", "metric": "loss"}, "Turns"],
        valid_interval=0,
        checkpoint_every=0,
    )
    trainer.run(context)
    return turns


def report(name: str, seconds: Sequence[float], steps: int) -> None:
    """Prints the median and the quartiles of an arm in milliseconds a step."""
    low, middle, high = (1000 * value / steps for value in statistics.quantiles(seconds, n=4))
    print(f"  {name:<10} {middle:8.2f} ms a step   quartiles {low:.2f} to {high:.2f}")


def main() -> int:
    """Measures, prints and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="24 epochs of 5 steps, not 40 of 10")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch; 0 for its own")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    rounds, steps = (25, 5) if options.quick else (41, 10)
    turns = train(rounds, steps)
    # The first epoch warms up; the last has the validation at the end.
    measured = slice(1, -1)
    print(f"{rounds - 1} epochs of {steps} steps, {torch.get_num_threads()} threads")
    trainer, bare = turns.trainer[measured], turns.bare[measured]
    report("trainer", trainer, steps)
    report("bare loop", bare, steps)
    ratios = [one / other for one, other in zip(trainer, bare, strict=True)]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    passed = ratio < TARGET
    print(
        f"trainer, against the bare loop: {ratio:.3f}   quartiles {low:.3f} to {high:.3f} ", end=""
    )
    print(f"(target < {TARGET}) {'PASS' if passed else 'MISS'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
