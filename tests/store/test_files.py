"""Atomic files, encoding, the run directory and its lock."""

from __future__ import annotations

import json
import math
import os
import signal
import stat
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega_core.errors import LockedError, StateError, UserError
from vega_core.store import RunDir, RunLock, read_json, write_bytes, write_json, write_text
from vega_core.store.atomic import write_with
from vega_core.store.encoding import dumps, loads
from vega_core.store.rundir import format_budget


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_the_old_one_or_the_new_one(tmp_path):
    path = write_bytes(tmp_path / "x", b"old")

    def broken(file):
        file.write(b"ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_with(path, broken)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    write_text(path, "new ✓")
    assert path.read_text() == "new ✓"
    assert mode(path) == 0o600


def test_a_writer_killed_in_the_middle_leaves_the_old_file_and_a_leftover(tmp_path):
    run = RunDir.create(tmp_path / "run")
    write_bytes(run.config, b"old")
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from vega_core.store.atomic import write_with\n"
        "die = lambda f: (f.write(b'ne'), f.flush(), os.kill(os.getpid(), 9))\n"
        "write_with(Path(sys.argv[1]), die)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(run.config)])
    assert done.returncode == -signal.SIGKILL
    assert run.config.read_bytes() == b"old"
    assert len(list(run.leftovers())) == 1
    assert run.sweep() == 1
    assert list(run.leftovers()) == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text().filter(lambda k: k != "$float"), inner)
    ),
    max_leaves=12,
)


@given(values)
def test_json_holds_every_float_and_text(value):
    text = dumps(value)
    assert repr(loads(text)) == repr(value)

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    json.loads(text, parse_constant=refuse)


def test_json_takes_numpy_and_refuses_the_rest(tmp_path):
    import numpy as np

    value = {"a": np.float32(0.5), "b": np.arange(3), "c": np.int64(7), "d": (1, math.nan)}
    path = write_json(tmp_path / "x.json", value)
    assert repr(read_json(path)) == "{'a': 0.5, 'b': [0, 1, 2], 'c': 7, 'd': [1, nan]}"
    with pytest.raises(TypeError, match="of type object is not plain data"):
        dumps({"x": [object(), math.nan]})
    circle: list = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular"):
        dumps(circle)


def test_a_run_directory_is_made_for_its_owner(tmp_path):
    run = RunDir.create(tmp_path / "runs" / "a run % ü")
    assert mode(run.root) == 0o700
    assert not run.exists
    run.journal.touch()
    assert RunDir.create(run.root) == RunDir.open(run.root) == run
    assert run.attempt("hpo", 3, 9.0, 1) == run.root / "steps/hpo/trials/3/b9-a1"
    assert run.attempt("hpo", 3, 0.5, 2).name == "b0.5-a2"
    assert run.output("hpo") == run.root / "steps/hpo/output.json"
    assert run.relative(run.output("hpo")) == "steps/hpo/output.json"
    assert run.inside("steps/hpo/output.json") == run.output("hpo").resolve()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a b", "ü", "x" * 101, "a\n", "\0"])
def test_names_cannot_leave_their_folder(tmp_path, name):
    with pytest.raises(UserError, match="cannot name a file"):
        RunDir(tmp_path).step(name)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "link/x"])
def test_paths_of_records_cannot_leave_the_run(tmp_path, name):
    run = RunDir.create(tmp_path / "run")
    (run.root / "link").symlink_to(tmp_path)
    with pytest.raises(StateError, match="leads out of the run directory"):
        run.inside(name)


def test_what_is_no_run_directory_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file"):
        RunDir.create(tmp_path / "file")
    with pytest.raises(UserError, match="not empty and holds no run"):
        RunDir.create(tmp_path)
    with pytest.raises(UserError, match="holds no run"):
        RunDir.open(tmp_path)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_budgets_have_names_of_their_own(budget):
    assert float(format_budget(budget)) == budget


HOLDER = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from vega_core.store import RunLock\n"
    "with RunLock(Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(60)\n"
)


def test_a_second_driver_is_told_who_holds_the_run(tmp_path):
    path = tmp_path / "run.lock"
    assert RunLock.holder(path) is None
    first = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE)
    first.stdout.readline()
    assert RunLock.holder(path) == first.pid
    with pytest.raises(LockedError, match=f"process {first.pid}.*{tmp_path}") as error:
        RunLock(path).acquire()
    assert error.value.exit_code == 75
    first.kill()
    first.wait()
    first.stdout.close()
    start = time.monotonic()
    with RunLock(path) as lock:  # the kernel has released it: nothing is stale
        assert time.monotonic() - start < 0.2
        assert RunLock.holder(path) == os.getpid()
        lock.acquire()
    assert RunLock.holder(path) is None
    assert mode(path) == 0o600


def test_workers_do_not_inherit_the_lock(tmp_path):
    path = tmp_path / "run.lock"
    lock = RunLock(path)
    lock.acquire()
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    lock.release()
    assert RunLock.holder(path) is None
    child.kill()
    child.wait()


def test_the_package_imports_what_is_asked_for_alone():
    code = (
        "import sys, vega_core.store as store\n"
        "store.write_json\n"
        "assert not {'numpy', 'sqlite3'} & set(sys.modules), 'too much'\n"
        "assert all(getattr(store, name) for name in store.__all__)\n"
        "import vega_core.execute.worker, vega_core.execute.local\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(ImportError, match="nothing"):
        from vega_core.store import nothing  # noqa: F401
