"""The command line: lazy, honest about mistakes, open to plugins."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from vega_core import __version__
from vega_core.cli import main as cli_main
from vega_core.cli.output import emit, plain, table
from vega_core.errors import ConfigError, LockedError, RunFailed


def command_plugin(site, body, name="greet", distribution="vega-greets"):
    module = f"{distribution.replace('-', '_')}_code"
    site.module(module, f"import click\n@click.command()\ndef command():\n    {body}\n")
    record = f"Command({name!r}, '{module}:command', 'Says.')"
    site.add(distribution, f"@hookimpl\ndef vega_commands():\n    yield {record}\n")


def test_version(capsys):
    assert cli_main.execute(["--version"]) == 0
    assert capsys.readouterr().out == f"vega {__version__}\n"


def test_help_imports_no_command_module():
    code = (
        "import sys; from vega_core.cli.main import execute; execute(['--help']);"
        "print([m for m in sys.modules if m.startswith('vega_core.cli.')], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "['vega_core.cli.main']"


def test_a_core_command_loads_no_plugins(site):
    site.add("vega-boom", "raise SystemExit('boom')\n")
    done = site.run("describe", "--help")
    assert done.returncode == 0
    code = (
        "import sys; from vega_core.cli.main import execute; execute(['plugins', '--help']);"
        "print('importlib_metadata' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"


def test_unknown_command_suggests(capsys):
    assert cli_main.execute(["plugns"]) == 2
    assert "No such command 'plugns'; did you mean 'plugins'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ConfigError("a.yml:1:2: x: bad\na.yml:3:4: y: bad"), 2, "a.yml:1:2: x: bad\na.yml:3:4"),
        (LockedError("held by 7"), 75, "error: held by 7\n"),
        (RunFailed("no trial succeeded"), 1, "error: no trial succeeded\n"),
        (KeyboardInterrupt(), 130, ""),
        (click.UsageError("wrong"), 2, "Error: wrong"),
        (click.ClickException("other"), 1, "Error: other"),
    ],
)
def test_errors_end_with_their_code_and_without_a_traceback(monkeypatch, capsys, error, code, text):
    @click.command("fails")
    def fails():
        raise error

    monkeypatch.setattr(cli_main.LazyGroup, "get_command", lambda *_: fails)
    assert cli_main.execute(["fails"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert text in err
    assert "Traceback" not in err


def test_a_bug_shows_its_traceback(monkeypatch, capsys):
    @click.command("fails")
    def fails():
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(cli_main.LazyGroup, "get_command", lambda *_: fails)
    assert cli_main.execute(["fails"]) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "ZeroDivisionError: oh" in err
    assert "report" in err.splitlines()[-1]


@pytest.mark.parametrize(("result", "code"), [(None, 0), (3, 3), (143, 143)])
def test_a_command_may_return_its_exit_code(monkeypatch, result, code):
    @click.command("ends")
    def ends():
        return result

    monkeypatch.setattr(cli_main.LazyGroup, "get_command", lambda *_: ends)
    assert cli_main.execute(["ends"]) == code


def test_a_plugins_command(site):
    command_plugin(site, "click.echo('hello'); return 5")
    done = site.run("greet")
    assert (done.stdout, done.returncode) == ("hello\n", 5)
    assert re.search(r"greet +Says\. \[vega-greets\]", site.run("--help").stdout)


def test_a_plugins_command_that_cannot_be_imported(site):
    command_plugin(site, "return 1/0")
    (site.folder / "vega_greets_code.py").write_text("import nothing_here\n")
    assert site.run("--help").returncode == 0
    done = site.run("greet")
    assert done.returncode == 2
    assert "error: command 'greet' of vega-greets 1.0 cannot be imported" in done.stderr
    assert "Traceback" not in done.stderr


def test_names_of_the_core_stay_its_own(site):
    command_plugin(site, "click.echo('taken over')", name="plugins")
    assert "vega-core" in site.run("plugins").stdout
    assert "Says." not in site.run("--help").stdout


def test_two_plugins_with_one_command(site):
    command_plugin(site, "click.echo('one')", distribution="vega-one")
    command_plugin(site, "click.echo('two')", distribution="vega-two")
    assert site.run("--help").stdout.count("greet") == 1
    assert "write 'vega-one:greet' or 'vega-two:greet'" in site.run("greet").stderr
    assert site.run("vega-two:greet").stdout == "two\n"


def test_known_command_that_is_not_installed(site):
    done = site.run("report", VEGA_DISABLE_PLUGINS="vega-report")
    assert done.returncode == 2
    assert "vega-report" in done.stderr


def test_completion_of_commands_and_components(site):
    site.add("vega-loss", "@hookimpl\ndef vega_losses():\n    yield Provider('Zebra', 'a:B')\n")
    complete = {"_VEGA_COMPLETE": "bash_complete", "COMP_CWORD": "1"}

    def completed(words, count):
        done = site.run(**complete | {"COMP_WORDS": words, "COMP_CWORD": str(count)})
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert completed("vega pl", 1) == ["plugins"]
    assert completed("vega describe zeb", 2) == ["Zebra"]


def test_describe(site):
    site.module(
        "own_loss",
        '''
        from vega_core.nn.losses import Loss

        class Own(Loss):
            """A loss.

            Args:
                margin: How far.
                kind: Which one.
            """

            def __init__(self, kind: str, margin: float = 0.5, *others) -> None: ...

            def __call__(self, outputs, targets): ...
        ''',
    )
    source = """
        @hookimpl
        def vega_losses():
            yield Provider("Own", "own_loss:Own", "A loss.", aliases=("Mine",), paper="Me, 2026")
    """
    site.add("vega-own", source, version="3.1")
    data = site.json("describe", "mine")
    assert data["qualified"] == "vega-own:Own"
    assert (data["kind"], data["version"], data["paper"]) == ("loss", "3.1", "Me, 2026")
    assert data["parameters"] == [
        {"name": "kind", "type": "str", "required": True, "default": None, "meaning": "Which one."},
        {
            "name": "margin",
            "type": "float",
            "required": False,
            "default": 0.5,
            "meaning": "How far.",
        },
    ]
    expected = {"trainer": {"loss": {"type": "Own", "kind": "...", "margin": 0.5}}}
    assert yaml.safe_load(data["configuration"]) == expected
    text = site.run("describe", "vega-own:Mine").stdout
    assert "Own: loss of vega-own 3.1" in text
    assert "kind: str (required)" in text
    assert "margin: float = 0.5" in text


def test_describe_of_a_name_in_several_kinds(site):
    source = "@hookimpl\ndef vega_{0}():\n    yield Provider('Twice', 'hashlib:sha256')\n"
    site.add("vega-dual", source.format("losses") + source.format("rewrites"))
    done = site.run("describe", "Twice")
    assert done.returncode == 2
    assert "add --kind loss or --kind rewrite" in done.stderr


def test_describe_unknown_and_not_installed(site):
    done = site.run("describe", "SearchPipStep")
    assert done.returncode == 2
    assert "did you mean 'SearchPipeStep'?" in done.stderr
    done = site.run("describe", "CARS", VEGA_PLUGINS="vega-core")
    assert "pip install vega-algos-nas" in done.stderr


def test_describe_lists_everything(site):
    data = site.json("describe")
    assert "SearchPipeStep" in [one["name"] for one in data["step"]]
    assert "SearchPipeStep" in site.run("describe").stdout
    assert list(site.json("describe", "--kind", "step")) == ["step"]


def test_describe_local_code(site, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from vega_core import Provider, hookimpl\n"
        "@hookimpl\ndef vega_metrics():\n    yield Provider('Mine', 'mine:Mine')\n"
        "from vega_core.train import Metric\n"
        "class Mine(Metric):\n    def __init__(self, a: int = 2): ...\n"
    )
    data = site.json("describe", "Mine", "--plugin", str(file))
    assert data["parameters"][0]["default"] == 2


def test_doctor_cuts_off_what_hangs(site):
    site.add("vega-hangs", "import time\ntime.sleep(600)\n")
    site.add(
        "vega-hanging-backend",
        "@hookimpl\ndef vega_backends():\n    yield Provider('stuck', 'stuck_backend:Stuck')\n",
    )
    site.module("stuck_backend", "import time\ntime.sleep(600)\n")
    site.add("vega-dies", "import os\nos._exit(9)\n")
    done = site.run(
        "doctor",
        "--json",
        "--timeout",
        "2",
        VEGA_PLUGINS="vega-hangs,vega-hanging-backend,vega-dies",
    )
    data = json.loads(done.stdout)
    assert done.returncode == 1
    rows = {one["name"]: one for one in data["plugins"]}
    assert (rows["vega-hangs"]["status"], rows["vega-hangs"]["stage"]) == ("broken", "import")
    assert rows["vega-hangs"]["reason"] == "it did not finish in 2 s"
    assert rows["vega-hanging-backend"]["status"] == "ok"
    assert rows["vega-hanging-backend"]["backends"] == [
        {"name": "stuck", "devices": [], "error": "it did not finish in 2 s"}
    ]
    assert "ended with 9" in rows["vega-dies"]["reason"]
    assert data["broken"] == 3


def test_doctor_lists_devices_and_versions(site):
    site.module(
        "fake_backend",
        """
        from vega_core.backend import Backend, Device

        print("a framework greets")

        class Fake(Backend):
            def devices(self):
                print("listing")
                return [Device("cpu", "cpu"), Device("cuda:0", "cuda", 80000.0, "fast")]

        Fake.__abstractmethods__ = frozenset()
        """,
    )
    site.add(
        "vega-fake",
        "@hookimpl\ndef vega_backends():\n    yield Provider('fake', 'fake_backend:Fake')\n",
        requires=("click>=8", "a-distribution-that-is-nowhere>=1"),
    )
    done = site.run("doctor", "--json", VEGA_PLUGINS="vega-fake")
    data = json.loads(done.stdout)
    (row,) = [one for one in data["plugins"] if one["name"] == "vega-fake"]
    (backend,) = row["backends"]
    assert backend["error"] == ""
    assert [one["kind"] for one in backend["devices"]] == ["cpu", "cuda"]
    assert row["requires"][0]["status"] == "ok"
    assert row["requires"][1]["installed"] == ""
    assert data["versions"]["vega-core"] == __version__
    messages = [one["message"] for one in data["checks"] if one["status"] == "broken"]
    assert messages == ["vega-fake needs a-distribution-that-is-nowhere >=1; it is missing"]
    assert done.returncode == 1


def test_doctor_of_a_sound_installation(site):
    done = site.run("doctor", VEGA_PLUGINS="vega-core")
    assert done.returncode == 0, done.stdout
    assert "nothing is broken" in done.stdout


def test_emit_and_plain(capsys):
    emit({"path": Path("a"), "bad": float("nan"), "set": {2, 1}, "none": None}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "path": "a",
        "bad": "nan",
        "set": [1, 2],
        "none": None,
    }
    emit({}, as_json=False, lines=["one", "two"])
    assert capsys.readouterr().out == "one\ntwo\n"
    assert plain((True, 1.5, float("inf"))) == [True, 1.5, "inf"]


def test_table_aligns_all_columns_but_the_last():
    assert table([("a", "bb", "c"), ("aaa", "b", "cc ")]) == ["a    bb  c", "aaa  b   cc"]
    assert table([]) == []
    assert table([("a",)], indent=2) == ["  a"]


def test_the_group_works_under_clicks_own_runner():
    result = CliRunner().invoke(cli_main.cli, ["plugins", "--json"])
    assert result.exit_code == 0
    assert "vega-core" in result.output
