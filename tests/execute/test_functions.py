"""Functions of the user's own, found again by a child process."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial, wraps
from pathlib import Path

import pytest

from vega_core.errors import UserError
from vega_core.execute.functions import StopScript, importable, load_function, stop_if_loading
from vega_core.plugins.importing import load_target

SCRIPT = """
import dataclasses
import sys
from pathlib import Path

from vega_core.execute import Attempt, Ended, Key
from vega_core.execute.functions import importable, stop_if_loading
from vega_core.execute.local import LocalExecutor

with open(sys.argv[1], "a") as file:
    file.write(__name__ + "\\n")

@dataclasses.dataclass
class Point:
    x: float

class Space:
    @staticmethod
    def of(payload, channel):
        return {"y": Point(payload["x"]).x + OFFSET}

def objective(payload, channel):
    return {"y": Point(payload["x"]).x ** 2 + OFFSET}

OFFSET = 1

def search(function):
    stop_if_loading()
    target = importable(function)
    with LocalExecutor(1) as executor:
        key = Key("s", 0, 1.0, 1)
        executor.submit(Attempt(key, "TARGETS:through_function", {"function": target, "x": 3}))
        events = []
        while executor.in_flight:
            events += executor.poll()
    print(events[-1].state, events[-1].metrics, events[-1].reason)

def main():
    try:
        search(objective)
    except Exception:
        print("swallowed")

main()
search(Space.of)
later = 0

def too_late(payload, channel):
    return {}

search(too_late)
"""


def run(arguments, folder):
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=30
    )


@pytest.mark.parametrize("as_module", [False, True])
def test_functions_of_the_running_script(tmp_path, as_module):
    targets = str(Path(__file__).with_name("targets.py"))
    (tmp_path / "my script.py").write_text(SCRIPT.replace("TARGETS", targets))
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text(SCRIPT.replace("TARGETS", targets))
    program = ["-m", "package.module"] if as_module else ["my script.py"]
    done = run([*program, "names"], tmp_path)
    first, second, third = done.stdout.splitlines()
    assert done.stderr == ""
    assert first == "ok {'y': 10} "
    assert second == "ok {'y': 4} "
    assert third.startswith("failed None ")
    assert "no function 'too_late' before it starts the search" in third
    names = (tmp_path / "names").read_text().split()
    assert names[0] == "__main__"
    assert "__main__" not in names[1:]
    assert len(names) == 4  # once in the driver, once in each worker


def outer(payload, channel):
    return {}


class Holder:
    def method(self, payload, channel):
        return {}


def test_functions_of_installed_modules_go_by_name():
    assert importable(json.dumps) == "json:dumps"
    assert importable(json.JSONDecoder.decode) == "json.decoder:JSONDecoder.decode"
    assert load_function("json:dumps") is json.dumps


def test_functions_of_files_off_the_path_go_by_file(tmp_path):
    file = tmp_path / "own.py"
    file.write_text("def outer(payload, channel): return {'y': 3}")
    function = load_target(f"{file}:outer")
    assert importable(function) == f"{file}:outer"
    assert load_function(f"{file}:outer")({}, None) == {"y": 3}


def test_what_no_child_can_have_has_no_target():
    def closure(payload, channel):
        return {}

    @wraps(outer)
    def wrapped(payload, channel):
        return {}

    for function in (
        lambda p, c: {},
        closure,
        wrapped,
        partial(outer),
        Holder().method,
        Holder,
        len,
    ):
        assert importable(function) is None


def test_functions_of_an_interactive_session_have_no_target(tmp_path):
    code = (
        "from vega_core.execute.functions import importable\n"
        "def f(p, c): return {}\n"
        "print(importable(f))"
    )
    assert run(["-c", code], tmp_path).stdout == "None\n"


def test_missing_functions_are_named():
    with pytest.raises(UserError, match=r"no function 'outr'.*did you mean 'outer'"):
        load_function(f"{__file__}:outr")
    with pytest.raises(UserError, match="no such module"):
        load_function("no_such_module:f")


def test_work_is_stopped_only_while_loading():
    stop_if_loading()
    assert not issubclass(StopScript, Exception)
