"""The backends that are installed, for the benchmarks of this folder that run on any of them."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

# TensorFlow and MindSpore tell much that is no error.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("GLOG_v", "4")

from vega_core.backend import Backend
from vega_core.errors import VegaError
from vega_core.plugins import load_catalog


def installed() -> list[str]:
    """Returns the names of the backends that can be made here, and prints which cannot."""
    names = []
    for name in load_catalog().names("backend"):
        try:
            load_catalog().load("backend", name)
        except VegaError as error:
            print(f"without {name}: {error}", flush=True)
        else:
            names.append(name)
    return names


def made(name: str, **options: Any) -> Backend:
    """Returns a new backend."""
    backend: Backend = load_catalog().load("backend", name)(**options)
    return backend


def main(measure: Callable[[argparse.Namespace], int], parser: argparse.ArgumentParser) -> int:
    """Measures the backend that is asked for, or each that is installed in a process of its own.

    Args:
        measure: Measures ``options.backend`` and returns the exit code.
        parser: Knows the benchmark's other options.
    """
    parser.add_argument("--backend", help="one backend; by default each that is installed")
    options = parser.parse_args()
    if options.backend:
        return measure(options)
    return max((_alone(name, sys.argv[1:]) for name in installed()), default=1)


def _alone(name: str, arguments: Sequence[str]) -> int:
    print(f"-- {name}", flush=True)
    command = [sys.executable, sys.argv[0], *arguments, "--backend", name]
    return subprocess.run(command, check=False).returncode
