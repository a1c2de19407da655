"""What a type checker says about modules that users define."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """
from vega_core import nn

class Block(nn.Block):
    out_channels: int
    stride: int = 1

    def forward(self, x: nn.Tensor) -> tuple[nn.Tensor, nn.Tensor]:
        y = nn.Conv(self.out_channels, 3, self.stride, name="conv")(x)
        return y, nn.relu(y)

def use(x: nn.Tensor) -> nn.Tensor:
    a, b = Block(3, stride=2, name="block", mode="eval")(x)
    return a + b
"""
BAD = [
    ('Block("wide")', "arg-type"),
    ("Block()", "call-arg"),
    ("Block(3, strides=2)", "call-arg"),
    ('Block(3, mode="frozen")', "arg-type"),
    ("Block(3)(3)", "arg-type"),
    ("Block(3)()", "call-arg"),
    ("setattr_free = Block(3); setattr_free.stride = 2", "misc"),
    ('nn.Conv(8, padding="valid")', "arg-type"),
]


MYPY = (sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=")


@pytest.mark.soak
def test_mypy_checks_constructors_and_calls(tmp_path: Path) -> None:
    source = GOOD + "\ndef wrong(x: nn.Tensor) -> None:\n"
    first = source.count("\n") + 1
    source += "".join(f"    {line}\n" for line, _ in BAD)
    file = tmp_path / "module.py"
    file.write_text(source)
    done = subprocess.run(
        [*MYPY, str(file)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    found = {
        (int(line.split(":")[1]), line.rsplit("[", 1)[-1].rstrip("]"))
        for line in done.stdout.splitlines()
        if "error:" in line
    }
    assert found == {(first + index, code) for index, (_, code) in enumerate(BAD)}, done.stdout
