"""Compilations, counted: trials that differ in rates alone build the programs of one trial.

- 20 ASHA trials over learning rate, momentum, weight decay and drop rate at one architecture, on
  two workers: each worker builds one program to train and one to predict, whatever it is given,
  though the pictures do not fill the last batch (target: 2 programs a worker).
- A ramp of the drop-path rate over 100 steps (target: no program more).
- Epochs whose last batch is smaller than the others (target: no program more after the first).

Run: ``python benchmarks/compile_once.py [--quick] [--backend tf]``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import _backends
import numpy as np

import vega_core as vega
from vega_core import nn
from vega_core.backend import SGD, Backend, Executable, TrainSpec

PROGRAMS = 2
PLUGIN = '''
import os

from vega_core import Provider, hookimpl
from vega_core.train import Callback


class CountPrograms(Callback):
    """Reports how many programs the worker has built so far, and which worker it is."""

    def after_train(self, progress):
        compiles = progress.context.backend.compiles
        progress.metrics |= {"programs": float(compiles), "worker": float(os.getpid())}


@hookimpl
def vega_callbacks():
    yield Provider("CountPrograms", "./count_programs.py:CountPrograms")
'''


def configuration(trials: int, backend: str) -> dict[str, Any]:
    """Returns a search over rates at one architecture."""
    rate = "trainer.optimizer.params"
    return {
        "general": {"workers": 2, "seed": 0, "backend": backend},
        "plugins": ["./count_programs.py"],
        "pipeline": ["hpo"],
        "hpo": {
            "pipe_step": {"type": "SearchPipeStep"},
            "dataset": {"type": "Digits", "batch_size": 64},
            "model": {"type": "MLP", "hidden": [32], "num_classes": "auto"},
            "search_algorithm": {"type": "AshaHpo", "num_samples": trials, "max_budget": 4},
            "search_space": {
                "hyperparameters": [
                    {"key": f"{rate}.lr", "type": "FLOAT_EXP", "range": [1e-3, 1.0]},
                    {"key": f"{rate}.momentum", "type": "FLOAT", "range": [0.0, 0.95]},
                    {"key": f"{rate}.weight_decay", "type": "FLOAT_EXP", "range": [1e-6, 1e-2]},
                    {"key": "model.dropout", "type": "FLOAT", "range": [0.0, 0.6]},
                ]
            },
            "objectives": {"accuracy": "max"},
            "trainer": {
                "type": "Trainer",
                "optimizer": {"type": "SGD"},
                "callbacks": ["CountPrograms"],
            },
        },
    }


def searched(trials: int, backend: str) -> list[dict[str, float]]:
    """Runs the search and returns the metrics of each trial."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "count_programs.py").write_text(PLUGIN)
        path = folder / "run.yml"
        path.write_text(json.dumps(configuration(trials, backend)))  # which is YAML
        result = vega.run(path, general={"output": str(folder / "run")})
        return [dict(record.metrics) for record in result.steps["hpo"]]


class Residual(nn.Network):
    """Three residual branches, each dropped at random."""

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        """Runs the network."""
        x = nn.Conv(8, 3, name="stem")(image)
        for index in range(3):
            y = nn.BatchNorm(name=f"norm{index}")(nn.Conv(8, 3, name=f"conv{index}")(nn.relu(x)))
            x = x + nn.DropPath(name=f"path{index}")(y)
        return nn.Linear(10, name="head")(nn.flatten(nn.global_average_pool(x)))


def ready(backend: Backend) -> Executable:
    """Returns the network over a new store, to train at a rate of 0."""
    model = nn.trace(Residual(), {"image": nn.batched((1, 8, 8))})
    graph = nn.compose(model, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    store = backend.store(nn.initial_parameters(graph, 0))
    return backend.compile(graph, store, train=TrainSpec(SGD(lr=0.0)))


def batch(size: int = 16) -> dict[str, np.ndarray]:
    """Returns random pictures."""
    rng = np.random.default_rng(0)
    return {
        "image": rng.standard_normal((size, 1, 8, 8)).astype(np.float32),
        "label": rng.integers(0, 10, size),
    }


def ramp(backend: Backend, steps: int) -> bool:
    """Raises the rates step by step, and judges the programs that this built."""
    executable, given, losses = ready(backend), batch(), set()
    executable.train_step(given)
    first = backend.compiles
    for step in range(steps):
        rates = {f"path{index}.rate": 0.5 * step / steps for index in range(3)}
        losses.add(float(executable.train_step(given, rates).loss))
    more, told = backend.compiles - first, len(losses) > steps / 2
    print(
        f"drop-path ramp of {steps} steps: {more} programs more (target 0), losses "
        f"{'followed' if told else 'did not follow'} the rate "
        f"{'PASS' if told and not more else 'MISS'}"
    )
    return told and not more


def partial(backend: Backend) -> bool:
    """Trains and predicts epochs whose last batch is smaller, and judges what they built."""
    executable, counts = ready(backend), []
    for rest in (5, 5, 3):
        for size in (16, 16, rest):
            executable.train_step(batch(size))
            executable.predict(batch(size))
        counts.append(backend.compiles)
    more = counts[-1] - counts[0]
    print(
        f"epochs with a partial last batch: {more} programs more after the first (target 0) "
        f"{'MISS' if more else 'PASS'}"
    )
    return not more


def measure(options: argparse.Namespace) -> int:
    """Counts, prints and returns the exit code."""
    trials = 8 if options.quick else 20
    found = searched(trials, options.backend)
    workers = sorted({int(metrics["worker"]) for metrics in found})
    most = max(int(metrics["programs"]) for metrics in found)
    passed = len(found) == trials and most == PROGRAMS
    print(
        f"{len(found)} trials on {len(workers)} workers: {most} programs a worker at most "
        f"(target {PROGRAMS}) {'PASS' if passed else 'MISS'}"
    )
    backend = _backends.made(options.backend)
    return 0 if all([passed, ramp(backend, 100), partial(backend)]) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="8 trials instead of 20")
    sys.exit(_backends.main(measure, parser))
