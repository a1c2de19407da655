"""Kills the driver at random moments and resumes it: no trial is lost, doubled or changed.

A run of 60 trials is killed with SIGKILL, 20 times by default, and resumed each time: four times of
five at a random moment of its work, else while it starts. With ``deterministic: true`` its journal
must then tell the same trials and results, in the same order, as that of an undisturbed run.
Without it, every evaluation must have been told exactly once, and every result must recompute from
its trial's seed. No worker may outlive its driver.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from vega_core.store.journal import Journal

OBJECTIVE = """
import random, time

def value(x, budget, seed):
    return (x - 0.3) ** 2 + random.Random(f"{seed}/{float(budget)}").random() / budget

def objective(config, budget, report, *, seed):
    for epoch in range(1, int(budget) + 1):
        time.sleep(PAUSE * (0.5 + random.random()))  # of a different length in each run
        report(value(config["x"], epoch, seed), epoch)
    return value(config["x"], budget, seed)
"""

CONFIG = """
general: {{seed: 7, workers: {workers}, deterministic: {deterministic}}}
pipeline: [hpo]
hpo:
  pipe_step: {{type: SearchPipeStep}}
  objectives: {{loss: min}}
  search_algorithm: {algorithm}
  search_space:
    hyperparameters:
      - {{key: trainer.params.x, type: FLOAT, range: [0.0, 1.0]}}
  trainer: {{type: Function, function: "./objective.py:objective"}}
"""

ALGORITHMS = {
    "RandomSearch": "{type: RandomSearch, num_samples: TRIALS}",
    "AshaHpo": "{type: AshaHpo, num_samples: TRIALS, eta: 3, max_budget: 9}",
}
PAUSES = {"RandomSearch": 0.2, "AshaHpo": 0.06}
"""Seconds an epoch, so that the work lasts as long as the kills."""


def start(folder: Path, output: Path) -> subprocess.Popen[bytes]:
    """Starts, or resumes, the run in ``output``."""
    command = [sys.executable, "-m", "vega_core", "run", "run.yml", "--output", str(output)]
    command += ["--resume"] * output.is_dir()
    log = (folder / "log.txt").open("ab")
    return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)


def told(output: Path) -> list[tuple[Any, ...]]:
    """Returns what the journal tells, in its order, with the sample of each evaluation."""
    with Journal.read(output / "journal.db") as journal:
        assert journal.integrity() == []
        samples = {e.event.proposal: e.event.config for e in journal.events(kinds=("asked",))}
        return [
            (one.proposal, one.trial, one.budget, samples[one.proposal], one.metrics)
            for one in (entry.event for entry in journal.events(kinds=("told",)))
        ]


def kill_and_resume(folder: Path, output: Path, kills: int, rng: random.Random) -> int:
    """Runs to the end with interruptions; returns how often the driver was killed."""
    for done in range(kills + 1):
        driver = start(folder, output)
        if done < kills and lives_on(driver, output, early=done % 5 == 4, rng=rng):
            driver.send_signal(signal.SIGKILL)
            driver.wait()
        elif driver.wait(timeout=300) != 0:
            raise RuntimeError((folder / "log.txt").read_text()[-2000:])
        else:
            return done
    raise AssertionError("the last driver is not killed")


def lives_on(
    driver: subprocess.Popen[bytes], output: Path, *, early: bool, rng: random.Random
) -> bool:
    """Waits for a random moment of the driver's life; returns whether it still lives then."""
    lock = output / "run.lock"
    while not early and not (lock.exists() and lock.read_text().strip() == str(driver.pid)):
        if driver.poll() is not None:
            return False
        time.sleep(0.005)
    try:
        driver.wait(timeout=rng.uniform(0.0, 0.6))
    except subprocess.TimeoutExpired:
        return True
    return False


def outlived(output: Path) -> set[int]:
    """Returns the workers that are still there, which a moment is given to end."""
    with Journal.read(output / "journal.db") as journal:
        workers = {entry.event.worker for entry in journal.events(kinds=("started",))}
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and any(is_worker(pid) for pid in workers):
        time.sleep(0.05)
    return {pid for pid in workers if is_worker(pid)}


def is_worker(pid: int) -> bool:
    try:
        return b"vega_core.execute.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def faults(folder: Path, output: Path, reference: Path | None, trials: int) -> list[str]:
    """Returns what is wrong with a finished run."""
    found = told(output)
    names = [(trial, budget) for _, trial, budget, _, _ in found]
    wrong = []
    if len(set(names)) != len(names):
        wrong.append("an evaluation was told twice")
    numbers = {trial for trial, _ in names}
    if numbers != set(range(trials)):
        wrong.append(f"{len(numbers)} trials instead of {trials}")
    if reference is not None and found != told(reference):
        wrong.append("trials or results differ from the undisturbed run's")
    if left := outlived(output):
        wrong.append(f"{len(left)} workers outlived their drivers")
    if list(output.rglob("*.tmp-*")):
        wrong.append("temporary files are left")
    return wrong + recompute(folder, found)


def recompute(folder: Path, found: list[tuple[Any, ...]]) -> list[str]:
    """Returns the results that do not follow from their trial's seed."""
    from vega_core.pipeline.resume import seed_of_step
    from vega_core.search import trial_seed

    spec = importlib.util.spec_from_file_location("objective", folder / "objective.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    wrong = []
    for _, trial, budget, sample, metrics in found:
        seed = trial_seed(seed_of_step(7, "hpo"), trial)
        expected = module.value(sample["trainer.params.x"], budget, seed)
        if metrics is None or metrics["loss"] != expected:
            wrong.append(f"trial {trial} at budget {budget}: {metrics}, not {expected}")
    return wrong


def check(
    algorithm: str, workers: int, deterministic: bool, trials: int, kills: int, seed: int
) -> bool:
    """Runs one case and prints its line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "objective.py").write_text(f"PAUSE = {PAUSES[algorithm]}\n{OBJECTIVE}")
        (folder / "run.yml").write_text(
            CONFIG.format(
                workers=workers,
                deterministic=str(deterministic).lower(),
                algorithm=ALGORITHMS[algorithm].replace("TRIALS", str(trials)),
            )
        )
        reference = folder / "reference" if deterministic else None
        if reference is not None:
            assert start(folder, reference).wait(timeout=300) == 0
        begun = time.monotonic()
        killed = kill_and_resume(folder, folder / "out", kills, random.Random(seed))
        wrong = faults(folder, folder / "out", reference, trials)
    if killed < kills:
        wrong.append(f"ended before kill {killed + 1} of {kills}")
    kind = "deterministic" if deterministic else "as results come"
    print(
        f"{algorithm}, {workers} worker(s), {kind}: {trials} trials, killed {killed} times in "
        f"{time.monotonic() - begun:.0f} s: {'; '.join(wrong[:3]) or 'whole'}: "
        f"{'MISS' if wrong else 'PASS'}",
        flush=True,
    )
    return not wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--quick", action="store_true", help="5 kills of 30 trials")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--algorithm", choices=ALGORITHMS, help="only this one")
    parser.add_argument("--workers", type=int, help="only so many workers")
    options = parser.parse_args()
    if options.quick:
        options.kills, options.trials = 5, 30
    algorithms = [options.algorithm] if options.algorithm else list(ALGORITHMS)
    workers = [options.workers] if options.workers else [1, 2]
    cases = list(itertools.product(algorithms, workers, [True, False]))
    results = [
        check(*case, options.trials, options.kills, options.seed + number)
        for number, case in enumerate(cases)
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
