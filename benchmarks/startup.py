"""Start-up: `vega plugins` beside `optuna --help`, and what listing plugins imports.

Both commands run alternately in one session, from the same environment, so that a busy machine
slows both. Claim: at most a third of the wall time, and no deep-learning framework imported.

Run: python benchmarks/startup.py [--runs N]
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import sysconfig
import time

TARGET = 1 / 3
HEAVY = ("torch", "tensorflow", "mindspore", "numpy", "pydantic", "yaml", "rich", "sklearn")
PACKAGES = ("vega-core", "vega-tasks", "vega-algos-hpo", "vega-backend-torch")
LISTING = """
import json, sys
from vega_core.cli.main import execute
code = execute(["plugins", "--json"])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
sys.exit(code)
"""


def main() -> int:
    """Measures, prints the figures, and returns 1 where a claim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="runs of each command (at least 10)")
    runs = max(10, parser.parse_args().runs)

    fast = compare([tool("vega"), "plugins"], [tool("optuna"), "--help"], runs)
    light = listing_is_light()
    return 0 if fast and light else 1


def compare(ours: list[str], theirs: list[str], runs: int) -> bool:
    """Times two commands alternately and tells whether ours meets the target."""
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for turn in range(runs + 1):
        for name, command in (("ours", ours), ("theirs", theirs)):
            seconds = timed(command)
            if turn:  # the first pair fills the file cache
                times[name].append(seconds)
    mine, peer = (statistics.median(times[name]) for name in ("ours", "theirs"))
    ratio = mine / peer
    print(f"vega plugins   {mine:.3f} s  (median of {runs}, fastest {min(times['ours']):.3f})")
    print(f"optuna --help  {peer:.3f} s  (median of {runs}, fastest {min(times['theirs']):.3f})")
    print(f"ratio {ratio:.3f}, target at most {TARGET:.3f}: {verdict(ratio <= TARGET)}")
    return ratio <= TARGET


def timed(command: list[str]) -> float:
    """Returns the wall time of a command in seconds."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def listing_is_light() -> bool:
    """Tells whether listing the plugins, all four packages among them, imports nothing heavy."""
    done = subprocess.run(
        [sys.executable, "-c", LISTING], check=True, capture_output=True, text=True
    )
    plugins = {one["name"]: one["status"] for one in json.loads(done.stdout)["plugins"]}
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    heavy = sorted(loaded & set(HEAVY))
    sound = all(plugins.get(name) == "ok" for name in PACKAGES)
    print(f"plugins: {', '.join(f'{name} {status}' for name, status in plugins.items())}")
    print(f"all four packages are listed and sound: {verdict(sound)}")
    print(f"heavy modules imported: {', '.join(heavy) or 'none'}: {verdict(not heavy)}")
    return sound and not heavy


def tool(name: str) -> str:
    """Returns the path of a command of this environment."""
    found = shutil.which(name, path=sysconfig.get_path("scripts"))
    if found is None:
        sys.exit(f"there is no command '{name}' in this environment: pip install {name}")
    return found


def verdict(kept: bool) -> str:
    """Returns the word for a claim that is kept or missed."""
    return "PASS" if kept else "MISS"


if __name__ == "__main__":
    sys.exit(main())
