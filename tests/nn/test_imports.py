from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import vega_core.nn, vega_core.backend, vega_core.backend.schedules
import vega_tasks.classification.networks
heavy = {"torch", "tensorflow", "mindspore", "pydantic", "yaml", "sklearn"}
print(sorted(heavy & set(sys.modules)))
"""


def test_no_framework_is_imported_to_describe_networks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
