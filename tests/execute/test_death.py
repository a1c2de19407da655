"""What is left when the driver dies, by whatever cause: nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TARGETS = Path(__file__).with_name("targets.py")

DRIVER = """
import sys
from vega_core.execute import Attempt, Ended, Key, Started
from vega_core.execute.local import LocalExecutor

targets, folder, way = sys.argv[1:]
executor = LocalExecutor(2)
payload = {"file": f"{folder}/grandchild", "hang": True}
executor.submit(Attempt(Key("s", 0, 1.0, 1), f"{targets}:with_grandchild", payload))
payload = {"started": f"{folder}/hang", "stubborn": True}
executor.submit(Attempt(Key("s", 1, 1.0, 1), f"{targets}:hang", payload))
events = []
while sum(isinstance(event, Started) for event in events) < 2:
    events += executor.poll(5)
print(*(event.worker for event in events), flush=True)
if way == "wait":
    executor.poll()
elif way == "raise":
    raise SystemExit(3)
"""


@pytest.mark.parametrize("way", ["kill", "kill group", "terminate", "exit", "raise"])
def test_nothing_outlives_the_driver(tmp_path, processes, way):
    signals = {"kill": signal.SIGKILL, "kill group": signal.SIGKILL, "terminate": signal.SIGTERM}
    driver = subprocess.Popen(
        [
            sys.executable,
            "-c",
            DRIVER,
            str(TARGETS),
            str(tmp_path),
            "wait" if way in signals else way,
        ],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    workers = [int(pid) for pid in driver.stdout.readline().split()]
    files = tmp_path / "grandchild", tmp_path / "hang"
    processes.wait_until(
        lambda: way not in signals or all(f.exists() and f.read_text() for f in files)
    )
    everyone = [pid for worker in workers for pid in processes.of_session(worker)]
    assert len(everyone) >= (5 if way in signals else 0)
    if way in signals:
        driver.send_signal(signals[way])
    start = time.monotonic()
    driver.wait(5)
    driver.stdout.close()
    processes.wait_until(lambda: not any(map(processes.alive, everyone)), 2)
    processes.wait_until(lambda: not any(map(processes.of_session, workers)), 2)
    print(f"gone {time.monotonic() - start:.2f} s after the driver: {way}")


def test_a_worker_whose_driver_is_gone_before_it_starts_ends_at_once():
    worker = subprocess.run(
        [sys.executable, "-m", "vega_core.execute.worker", "0", "1", "1"], timeout=10
    )
    assert worker.returncode == 1
