"""`vega doctor --output`: whether runs can be written there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from vega_core.cli.main import cli


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_a_folder_that_cannot_hold_files_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("vega_core.cli.doctor.discover", list)
    status = {}
    for place in ("/proc", str(tmp_path)):
        done = CliRunner().invoke(cli, ["doctor", "--json", "--output", place])
        checks = json.loads(done.stdout)["checks"]
        (status[place],) = [one["status"] for one in checks if one["name"] == "run folder"]
    assert status["/proc"] == "broken"
    assert status[str(tmp_path)] != "broken"
