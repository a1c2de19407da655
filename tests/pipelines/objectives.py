"""Objectives of the runs in these tests; copied beside each configuration."""

import ctypes
import faulthandler
import math
import os
import signal
import time
from pathlib import Path

HERE = Path(__file__).parent


def square(config, budget, report, *, seed):
    """Depends on all that a trial is given, and is reached in steps."""
    for epoch in range(1, int(budget) + 1):
        report(value(config["x"], epoch, seed), epoch)
    return value(config["x"], budget, seed)


def value(x, budget, seed):
    return (x - 0.3) ** 2 + (seed % 1000) * 1e-6 / budget


def two(config):
    """Two goals that pull apart."""
    return {"loss": config["x"] ** 2, "size": 1 - config["x"]}


def given(config):
    """Gives back what it was given, as metrics."""
    return {"loss": config["x"], **{key: config[key] for key in config}}


def waits(config, budget, report):
    """Runs until it is asked to stop, or for a minute; says when it has begun."""
    (HERE / f"begun-{config['x']}").touch()
    for step in range(600):
        if (HERE / "go").exists():
            return config["x"]
        if report(config["x"], step):
            (HERE / f"saved-{config['x']}").touch()
            return config["x"]
        time.sleep(0.1)
    return config["x"]


def deaf(config):
    """Does not look whether it should stop."""
    (HERE / f"begun-{config['x']}").touch()
    time.sleep(60)


def raises(config):
    raise ValueError(f"no luck with x = {config['x']:.3f}")


def raises_elsewhere(config):
    """Fails in another line each time."""
    exec(compile("\n" * int(config["x"] * 1e6) + "raise KeyError('q')", "elsewhere", "exec"))


def not_a_number(config):
    return math.nan


def nameless(config):
    return {"los": 1.0}


def forgetful(config):
    return {"los" if config["x"] > 0.5 else "loss": config["x"]}


def by_kind(config, budget, report):
    """Ends in the way that it is told."""
    return KINDS[config["kind"]](report)


def fails(report):
    raise RuntimeError("this trial raises")


def hangs(report):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


def grows(report):
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20)) * 16)


def dies_once(report):
    mark = HERE / "died"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 0.5


def crashes(report):
    faulthandler.disable()  # its report would fill the log of the tests
    ctypes.string_at(0)


def refuses(report):
    return "a word"


KINDS = {
    "good": lambda report: 0.25,
    "raises": fails,
    "nan": lambda report: math.nan,
    "infinite": lambda report: -math.inf,
    "hangs": hangs,
    "stalls": lambda report: time.sleep(60),
    "grows": grows,
    "exits": lambda report: os._exit(3),
    "crashes": crashes,
    "dies once": dies_once,
    "dies": lambda report: os.kill(os.getpid(), signal.SIGKILL),
    "word": refuses,
}
