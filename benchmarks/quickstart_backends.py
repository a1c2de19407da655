"""The quickstart on every installed backend: the same file, another ``--backend``.

Target: the accuracy of the final model on held-out digits is within 0.01 of PyTorch's.

Run: ``python benchmarks/quickstart_backends.py [tf ms ...]``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import vega_core as vega
from vega_core.plugins import load_catalog

QUICKSTART = Path(__file__).parents[1] / "examples" / "quickstart.yml"
METRIC = "test_accuracy"
APART = 0.01


def accuracy(backend: str, folder: Path) -> float:
    """Returns the accuracy of the model that the last step trained."""
    begun = time.perf_counter()
    result = vega.run(QUICKSTART, general={"backend": backend, "output": str(folder / backend)})
    assert result.best is not None
    found = result.best.metrics[METRIC]
    print(f"{backend:<6}{found:.4f}  {time.perf_counter() - begun:>5.0f} s", flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backends", nargs="*", help="by default all that are installed")
    names = parser.parse_args().backends or load_catalog().names("backend")
    good = True
    with tempfile.TemporaryDirectory() as name:
        expected = accuracy("torch", Path(name))
        for backend in sorted({*names} - {"torch"}):
            apart = abs(accuracy(backend, Path(name)) - expected)
            good &= apart <= APART
            print(f"{backend} is {apart:.4f} apart (target {APART}): ", end="")
            print("PASS" if apart <= APART else "MISS", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
