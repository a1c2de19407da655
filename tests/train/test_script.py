from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vega_core.errors import ConfigError, RunFailed
from vega_core.train.child import descendants
from vega_core.train.script import ScriptTrainer, parse_metrics


@pytest.fixture
def run(make_context, tmp_path):
    """Runs Python source as a script beside the configuration."""

    def run(source, *arguments, config=None, **parameters):
        (tmp_path / "train.py").write_text(source, encoding="utf-8")
        own = {
            key: parameters.pop(key) for key in ("timeout", "grace", "params") if key in parameters
        }
        folder = tmp_path / "trial"
        folder.mkdir(exist_ok=True)
        context = make_context(config or {}, folder=folder, **parameters)
        command = [sys.executable, "train.py", *arguments]
        return ScriptTrainer(command=command, **own).run(context)

    return run


def test_the_last_report_is_the_result(run, host):
    source = """
print('{"accuracy": 0.5, "epoch": 1}')
print('{"accuracy": 0.75, "loss": 1, "note": "text", "step": 2.5}')
"""
    assert run(source) == {"accuracy": 0.75, "loss": 1.0}
    assert host.reports == [(1, {"accuracy": 0.5}), (2.5, {"accuracy": 0.75, "loss": 1.0})]


def test_the_trial_arrives_in_three_ways(run, tmp_path):
    source = """
import json, os, sys
given = json.load(sys.stdin)
assert given == json.load(open(os.environ["VEGA_TRIAL_CONFIG"], encoding="utf-8"))
assert sys.argv[1:] == ["--lr=0.1", "3", "Größe; rm -rf $HOME", "null", "{}", '{"a": 1}'], sys.argv
assert os.getcwd() == os.path.dirname(os.environ["VEGA_TRIAL_CONFIG"])
print(json.dumps({"trial": given["trial"], "lr": given["params"]["lr"], "b": given["budget"]}))
"""
    metrics = run(
        source,
        "--lr={trainer.params.lr}",
        "{budget}",
        "{name}",
        "{model}",
        "{}",
        "{deep.er}",
        config={"trainer": {"params": {"lr": 0.1}}, "model": None, "deep": {"er": {"a": 1}}},
        params={"lr": 9},
        sample={"trainer.params.lr": 0.1, "name": "Größe; rm -rf $HOME"},
        budget=3,
        trial=7,
    )
    assert metrics == {"trial": 7, "lr": 0.1, "b": 3}


def test_a_string_is_split_without_a_shell(make_context, tmp_path):
    (tmp_path / "my script.py").write_text("import sys; print('{\"n\": %d}' % len(sys.argv))")
    command = f"'{sys.executable}' 'my script.py' 'a b' $HOME '*' {{seed}}"
    assert ScriptTrainer(command=command).run(make_context({}, seed=5)) == {"n": 5}


def test_an_unknown_placeholder_is_named(run):
    config = {"trainer": {"params": {"lr": 0.1}}}
    with pytest.raises(ConfigError, match=r"no value is called 'trainer.params.lx'; did you mean"):
        run("", "{trainer.params.lx}", config=config)


def test_a_missing_program_is_named(make_context):
    with pytest.raises(ConfigError, match="no program 'no-such-program'"):
        ScriptTrainer(command="no-such-program").run(make_context({}))
    with pytest.raises(ConfigError, match="is empty"):
        ScriptTrainer(command=[]).run(make_context({}))


def test_other_lines_go_to_the_log(run, tmp_path):
    source = r"""
import sys
sys.stdout.reconfigure(encoding="utf-8")
print("epoch 1 … läuft")
print('{"accuracy": 0.5')
print('[1, 2]'); print('{}'); print('{"accuracy": "high"}'); print('{"ok": true}')
print('{"n": ' + "9" * 500 + '}')
sys.stdout.flush()
sys.stdout.buffer.write(b"\xff\xfe{\n"); sys.stdout.buffer.flush()
print("x" * 3_000_000)
print('  {"accuracy": 0.5}  ')
print("no newline at the end", end="")
"""
    assert run(source) == {"accuracy": 0.5}
    log = (tmp_path / "trial/stdout.log").read_bytes()
    assert "epoch 1 … läuft".encode() in log
    assert b"\xff\xfe{\n" in log
    assert log.endswith(b"no newline at the end")
    assert len(log) > 3_000_000


def test_nan_comes_through_for_the_driver_to_judge(run):
    (value,) = run("print('{\"loss\": NaN}')").values()
    assert value != value


def test_no_metrics_fail_the_trial(run):
    with pytest.raises(RunFailed, match="printed no metrics"):
        run("print('done')")


def test_an_exit_code_fails_the_trial_with_the_last_words(run, tmp_path):
    source = """
import sys
print('{"accuracy": 1}')
print("\\n".join(f"line {n}" for n in range(5000)), file=sys.stderr)
raise ValueError("größer als 1")
"""
    with pytest.raises(RunFailed, match=r"ended with exit code 1: .*ValueError: größer als 1"):
        run(source)
    assert b"line 0\n" in (tmp_path / "trial/stderr.log").read_bytes()


def test_a_signal_is_named(run):
    with pytest.raises(RunFailed, match="was killed by SIGSEGV"):
        run("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")


SLEEPER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open("child.pid", "w").write(str(child.pid))
print('{"accuracy": 0.25}', flush=True)
time.sleep(600)
"""


def gone(pid, seconds=5.0):
    for _ in range(int(seconds / 0.05)):
        status = Path(f"/proc/{pid}/stat")
        try:
            if status.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_a_timeout_kills_the_command_and_its_children(run, tmp_path):
    begin = time.monotonic()
    with pytest.raises(RunFailed, match=r"killed after 1 s \(its timeout\)"):
        run(SLEEPER, timeout=1.0)
    assert time.monotonic() - begin < 5
    assert gone(int((tmp_path / "trial/child.pid").read_text()))


@pytest.mark.parametrize("deaf", [False, True])
def test_a_stop_ends_the_command_and_keeps_what_it_reported(run, host, tmp_path, deaf):
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if deaf else ""

    def report(metrics, step):
        host.should_stop = True

    host.report = report
    begin = time.monotonic()
    assert run(ignore + SLEEPER, grace=0.5) == {"accuracy": 0.25}
    assert time.monotonic() - begin < 5
    assert gone(int((tmp_path / "trial/child.pid").read_text()))


def test_a_command_that_closes_its_output_is_still_watched(run):
    source = "import os, time\nprint('{\"a\": 1}', flush=True)\nos.close(1)\ntime.sleep(600)"
    with pytest.raises(RunFailed, match="its timeout"):
        run(source, timeout=0.5)


def test_what_it_left_in_the_background_is_not_waited_for(run):
    source = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(6)"])
print('{"a": 1}')
"""
    begin = time.monotonic()
    assert run(source) == {"a": 1}
    assert time.monotonic() - begin < 5


def test_a_command_that_reads_no_input_gets_as_much_as_there_is(run):
    assert run("print('{\"a\": 1}')", config={"long": "x" * 1_000_000}) == {"a": 1}


def test_the_command_dies_with_the_worker(tmp_path):
    worker = tmp_path / "worker.py"
    worker.write_text(f"""
import sys
from pathlib import Path
from vega_core.train import Context
from vega_core.train.script import ScriptTrainer
folder = Path({str(tmp_path)!r})
(folder / "train.py").write_text({SLEEPER!r})
context = Context({{}}, None, folder=folder, base=folder)
ScriptTrainer(command=[sys.executable, "train.py"]).run(context)
""")
    process = subprocess.Popen([sys.executable, str(worker)])
    pid = tmp_path / "child.pid"
    deadline = time.monotonic() + 20
    while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    below = descendants(process.pid)
    assert len(below) == 2
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    script = next(item for item in below if item != int(pid.read_text()))
    assert gone(script)
    os.kill(int(pid.read_text()), signal.SIGKILL)  # the driver kills the worker's group


@pytest.mark.parametrize(
    ("line", "metrics"),
    [
        ('{"a": 1}', {"a": 1.0}),
        ('{"a": 1, "b": [2], "c": null, "d": true}', {"a": 1.0}),
        ("a: 1", None),
        ("{a: 1}", None),
        ("{" * 100_000, None),
        ('{"a":' * 100_000, None),
    ],
)
def test_metrics_lines(line, metrics):
    assert parse_metrics(line.encode()) == metrics


def test_the_config_file_is_json(run, tmp_path):
    run("print('{\"a\": 1}')", config={"model": {"type": "ResNet"}}, trial=3)
    data = json.loads((tmp_path / "trial/config.json").read_text())
    assert data["config"] == {"model": {"type": "ResNet"}}
    assert data["trial"] == 3
