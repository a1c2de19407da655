"""Plugins that are broken in every way we know disturb nobody else."""

from __future__ import annotations

import json

import pytest

from vega_core.plugins import (
    AmbiguousComponent,
    BrokenPlugin,
    UnknownComponent,
    load_catalog,
)

CORE_COMMANDS = {"run", "status", "check", "schema", "plugins", "describe", "doctor"}


@pytest.fixture
def seven(site):
    """The seven hand-broken plugins, and a sound one."""
    site.add("vega-sound", site.algorithm("Sound"))
    site.add("vega-no-import", "import a_module_that_is_nowhere\n")
    site.add("vega-signature", "@hookimpl\ndef vega_trial_finished(trial, colour):\n    pass\n")
    site.add("vega-unknown-hook", "@hookimpl\ndef vega_algoritms():\n    return []\n")
    site.add(
        "vega-raises",
        """
        @hookimpl
        def vega_algorithms():
            yield Provider("Half", "nowhere:Half")
            raise RuntimeError("no luck\\ntoday")
        """,
    )
    site.add("vega-newer", site.algorithm("Newer"), requires=("numpy>=1", "vega-core>=99,<100"))
    site.add("vega-clash", site.algorithm("Sound"))
    site.add("vega-prints", "print('{hello}')\n" + site.algorithm("Printed"))
    return site


EXPECTED = {
    "vega-sound": ("ok", ""),
    "vega-no-import": ("broken", "import"),
    "vega-signature": ("broken", "register"),
    "vega-unknown-hook": ("broken", "register"),
    "vega-raises": ("broken", "call"),
    "vega-newer": ("broken", "version"),
    "vega-clash": ("ok", ""),
    "vega-prints": ("ok", ""),
}


def test_help_lists_every_command(seven):
    done = seven.run("--help")
    assert done.returncode == 0, done.stderr
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert listed >= CORE_COMMANDS


def test_plugins_lists_all_with_stage_and_reason(seven):
    done = seven.run("plugins", "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    rows = {one["name"]: one for one in data["plugins"]}
    assert {name: (rows[name]["status"], rows[name]["stage"]) for name in EXPECTED} == EXPECTED
    assert "a_module_that_is_nowhere" in rows["vega-no-import"]["reason"]
    assert "vega_no_import.py:2" in rows["vega-no-import"]["reason"]
    assert "colour" in rows["vega-signature"]["reason"]
    assert "did you mean 'vega_algorithms'?" in rows["vega-unknown-hook"]["reason"]
    assert "RuntimeError: no luck today" in rows["vega-raises"]["reason"]
    assert "vega-core >=99,<100" in rows["vega-newer"]["reason"]
    assert rows["vega-core"]["status"] == "ok"
    assert {"kind": "algorithm", "name": "Sound", "plugins": ["vega-clash", "vega-sound"]} in data[
        "ambiguous"
    ]
    assert "{hello}" in done.stderr


def test_unrelated_components_work(seven):
    done = seven.run("describe", "local", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["plugin"] == "vega-core"


RUN = """
general: {workers: 1, output: out}
pipeline: [search]
search:
  pipe_step: {type: SearchPipeStep}
  search_algorithm: {type: RandomSearch, num_samples: 2}
  search_space:
    type: SearchSpace
    hyperparameters: [{key: x, type: FLOAT, range: [0, 1]}]
  objectives: {loss: min}
  trainer: {type: Function, function: "./objective.py:square"}
"""


def test_an_unrelated_configuration_runs(seven):
    (seven.folder / "objective.py").write_text("def square(config):\n    return config['x'] ** 2\n")
    (seven.folder / "run.yml").write_text(RUN)
    done = seven.run("run", "run.yml")
    assert done.returncode == 0, done.stderr
    assert "loss=" in done.stdout
    assert seven.run("run", "run.yml", VEGA_STRICT_PLUGINS="1").returncode == 2


def test_text_listing_names_the_breakage(seven):
    lines = seven.run("plugins").stdout.splitlines()
    assert any(
        line.startswith("vega-no-import 1.0  broken (import): ModuleNotFoundError")
        for line in lines
    )


def test_doctor_ends_with_1_and_names_the_stages(seven):
    done = seven.run("doctor", "--json", VEGA_PLUGINS=",".join(EXPECTED))
    data = json.loads(done.stdout)
    rows = {one["name"]: one for one in data["plugins"] if one["name"] in EXPECTED}
    assert {name: (one["status"], one["stage"]) for name, one in rows.items()} == EXPECTED
    assert done.returncode == 1
    assert any("needs vega-core >=99,<100" in one["message"] for one in data["checks"])


def test_in_process_lookups(seven):
    catalog = load_catalog()
    assert catalog.find("step", "SearchPipeStep").plugin.name == "vega-core"
    with pytest.raises(AmbiguousComponent, match="vega-clash and vega-sound") as caught:
        catalog.find("algorithm", "Sound")
    assert "'vega-clash:Sound' or 'vega-sound:Sound'" in str(caught.value)
    assert catalog.find("algorithm", "vega-sound:Sound").plugin.name == "vega-sound"
    assert catalog.find("algorithm", "Vega_Clash:sound").plugin.name == "vega-clash"
    assert "Sound" not in catalog.targets()["algorithm"]
    assert "vega-sound:Sound" in catalog.targets()["algorithm"]
    assert catalog.names("algorithm").count("Sound") == 1


def test_a_broken_plugins_component_chains_the_cause(seven):
    catalog = load_catalog()
    with pytest.raises(BrokenPlugin, match=r"vega-raises 1.0 .* stage 'call'") as caught:
        catalog.find("algorithm", "Half")
    assert isinstance(caught.value.__cause__, RuntimeError)
    with pytest.raises(BrokenPlugin) as caught:
        catalog.find("algorithm", "vega-no-import:Anything")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)
    assert "Half" not in catalog.names("algorithm")
    assert "Half" not in catalog.targets()["algorithm"]


def test_an_unknown_name_hints_at_broken_plugins(site):
    site.add("vega-only-broken", "raise ValueError('ouch')\n")
    with pytest.raises(UnknownComponent, match=r"vega-only-broken.*vega doctor") as caught:
        load_catalog().find("exporter", "Gone")
    causes = {type(caught.value.__cause__), type(None)}
    assert causes <= {ValueError, type(None)}  # chained where one plugin alone is broken


def test_a_broken_plugin_makes_no_name_ambiguous(site):
    site.add("vega-good", site.algorithm("Twin"))
    site.add("vega-bad", site.algorithm("Twin") + "\n    raise RuntimeError\n")
    assert load_catalog().find("algorithm", "Twin").plugin.name == "vega-good"


@pytest.mark.parametrize(
    ("source", "stage", "reason"),
    [
        ("import sys\nsys.exit(3)\n", "import", "SystemExit: 3 (a plugin must not exit)"),
        ("def broken(:\n", "import", "SyntaxError"),
        ("class Odd(BaseException): pass\nraise Odd('deep')\n", "import", "Odd: deep"),
        ("VALUE = 1\n", "register", "implements no hook"),
        ("def vega_algorithms():\n    return []\n", "register", "not marked with @hookimpl"),
        ("@hookimpl\ndef vega_frobnicate():\n    pass\n", "register", "'vega_frobnicate'"),
        ("@hookimpl\ndef vega_datasets(split):\n    return []\n", "register", "split"),
        ("@hookimpl(wrapper=True)\ndef vega_datasets():\n    yield\n", "register", "wrapper"),
        ("@hookimpl\ndef vega_losses():\n    yield 'CE'\n", "call", "'CE' where a Provider"),
        ("@hookimpl\ndef vega_losses():\n    return 5\n", "call", "TypeError"),
        ("@hookimpl\ndef vega_losses():\n    yield Command('a', 'b:c')\n", "call", "Provider"),
        ("@hookimpl\ndef vega_losses():\n    yield Provider('a b', 'c:D')\n", "call", "'a b'"),
        ("@hookimpl\ndef vega_losses():\n    yield Provider('a', 'c.D')\n", "call", "'c.D'"),
        (
            "@hookimpl\ndef vega_losses():\n    yield Provider('a', 'c:D', aliases=('ab'))\n",
            "call",
            "not a tuple",
        ),
        (
            "@hookimpl\ndef vega_losses():\n"
            "    yield Provider('a', 'c:D')\n    yield Provider('b', 'c:E', aliases=('a',))\n",
            "call",
            "the loss 'a' twice",
        ),
        ("import sys\n@hookimpl\ndef vega_losses():\n    sys.exit()\n", "call", "SystemExit"),
    ],
)
def test_stages_and_reasons(site, source, stage, reason):
    site.add("vega-odd", source)
    status = site.state("vega-odd")
    assert status[:2] == ("broken", stage)
    assert reason in status[2]
    assert "\n" not in status[2]


def test_interrupting_an_import_interrupts(site):
    site.add("vega-slow", "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load_catalog()


def test_printing_in_a_hook_stays_off_standard_output(site, capsys):
    site.add("vega-loud", "@hookimpl\ndef vega_losses():\n    print('noise')\n    return []\n")
    load_catalog()
    out, err = capsys.readouterr()
    assert (out, err) == ("", "noise\n")


def test_a_target_that_cannot_be_imported(site):
    site.module("heavy_part", "print('importing')\nimport a_framework_that_is_nowhere\n")
    site.add("vega-lazy", site.algorithm("Lazy", "heavy_part:Lazy"))
    catalog = load_catalog()
    with pytest.raises(
        BrokenPlugin, match=r"'Lazy' of vega-lazy 1\.0 cannot be imported"
    ) as caught:
        catalog.load("algorithm", "Lazy")
    assert "a_framework_that_is_nowhere" in str(caught.value)
    assert "heavy_part.py:2" in str(caught.value)
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_target_of_another_kind(site):
    site.module("wrong_part", "class Wrong: ...\n")
    site.add("vega-wrong", site.algorithm("Wrong", "wrong_part:Wrong"))
    with pytest.raises(BrokenPlugin, match=r"is not a vega_core\.search\.Algorithm"):
        load_catalog().load("algorithm", "Wrong")


def test_strict_makes_a_broken_plugin_an_error(site, monkeypatch):
    site.add("vega-bad", "raise ValueError('ouch')\n")
    monkeypatch.setenv("VEGA_PLUGINS", "vega-bad")
    load_catalog()
    monkeypatch.setenv("VEGA_STRICT_PLUGINS", "1")
    with pytest.raises(BrokenPlugin, match=r"plugin vega-bad 1\.0 is broken at stage 'import'"):
        load_catalog()
    load_catalog(strict=False)
