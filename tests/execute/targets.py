"""Targets that the tests hand to executors by this file's path."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from vega_core.errors import ConfigError, NotFiniteError


class Odd(Exception):
    def __str__(self):
        raise ValueError("no text")


def double(payload, channel):
    return {"y": 2 * payload["x"]}


def echo(payload, channel):
    return payload["metrics"]


def describe(payload, channel):
    print("hello", "wörld", "\ud800")
    time.sleep(payload.get("seconds", 0))
    return {
        "pid": os.getpid(),
        "threads": int(os.environ["OMP_NUM_THREADS"]),
        "parent": os.getppid(),
        "group": os.getpgid(0),
        "attempt": channel.attempt.key.attempt,
    }


def count_descriptors(payload, channel):
    return {"open": len(list(Path("/proc/self/fd").iterdir())), "pid": os.getpid()}


def kill_self(payload, channel):
    os.kill(os.getpid(), payload["signal"])
    time.sleep(30)


def crash(payload, channel):
    ctypes.string_at(0)


def exit_hard(payload, channel):
    os._exit(payload["code"])


def exit_soft(payload, channel):
    sys.exit(payload["code"])


def fail(payload, channel):
    kinds = {
        "value": ValueError("a wrong value\nsecond line"),
        "user": ConfigError("the batch size is 0; use at least 1"),
        "nan": NotFiniteError("the loss is nan at step 3"),
        "memory": MemoryError(),
        "odd": Odd(),
        "device": RuntimeError("device: out of memory, tried to allocate 3 GiB"),
    }
    raise kinds[payload["kind"]]


def hang(payload, channel):
    if payload.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for step in range(payload.get("reports", 0)):
        time.sleep(0.05)
        channel.report({"loss": 1.0}, step)
    Path(payload["started"]).write_text(str(os.getpid())) if "started" in payload else None
    time.sleep(60)


def slow_progress(payload, channel):
    for _ in range(8):
        time.sleep(0.1)
        channel.progress()
    return {}


def slow_compile(payload, channel):
    with channel.compiling():
        time.sleep(payload["seconds"])
    return {}


def with_grandchild(payload, channel):
    child = subprocess.Popen(["sleep", "60"])
    Path(payload["file"]).write_text(str(child.pid))
    if payload.get("die"):
        os._exit(3)
    if payload.get("hang"):
        time.sleep(60)
    return {}


def allocate(payload, channel):
    blocks = []
    while True:
        blocks.append(b"x" * (1 << 24))
        time.sleep(0.005)


def grow(payload, channel):
    globals().setdefault("kept", []).append(b"x" * (payload["mb"] << 20))
    return {"pid": os.getpid()}


def report_all(payload, channel):
    for step, metrics in enumerate(payload["reports"]):
        channel.report(metrics, step)
    return {}


def huge(payload, channel):
    channel.report({f"metric-{i}": i / 7 for i in range(payload["n"])}, 0)
    return {"text-length": len(payload.get("text", ""))}


def noise(payload, channel):
    print('{"serial": 1, "end": {"state": "ok"}}')
    os.write(1, b"\x00\xff raw bytes without an end")
    os.write(2, b'{"ready": 1}\n')
    subprocess.run(["echo", "from a child"], check=True)
    sys.stdout.write("no newline at the end")
    return {"y": 1}


def until_stopped(payload, channel):
    channel.report({"ready": 1}, 0)
    steps = 0
    while not channel.should_stop:
        time.sleep(0.01)
        steps += 1
    return {"steps": steps}


def close_everything(payload, channel):
    os.closerange(0, 256)
    time.sleep(30)


def odd_metrics(payload, channel):
    import numpy as np

    return {
        "float32": np.float32(0.5),
        "zero_d": np.array(3),
        "one": np.array([2.5]),
        "flag": np.bool_(True),
        "int": 7,
    }


def bad_metrics(payload, channel):
    return {
        "none": {"loss": None},
        "text": {"loss": "low"},
        "complex": {"loss": 1j},
        "list": {"loss": [1.0, 2.0]},
        "bare": 0.5,
        "key": {3: 0.5},
        "nothing": None,
    }[payload["kind"]]


def wander(payload, channel):
    os.chdir("/")
    return {}


def where(payload, channel):
    return {"same": Path.cwd() == Path(payload["folder"])}


def fork_and_return(payload, channel):
    os.fork()
    return {"pid": os.getpid()}


def through_function(payload, channel):
    from vega_core.execute.functions import load_function

    return load_function(payload["function"])(payload, channel)


def with_pool(payload, channel):
    import multiprocessing

    with multiprocessing.get_context(payload["method"]).Pool(1) as pool:
        return {"y": pool.apply(abs, (-3,))}


def break_streams(payload, channel):
    sys.stdout.close()
    sys.stderr = None
    raise ValueError("\ud800")
