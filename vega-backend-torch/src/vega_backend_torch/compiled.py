"""Programs through ``torch.compile``."""

from __future__ import annotations

from dataclasses import replace

import torch

from vega_backend_torch.lower import NAMESPACE
from vega_core.backend.writing import Program

_DRAWS = ("combined", "drawn", "masked")
"""Functions of random keys, which are other numbers at each step: compiled, each would be anew."""


def compiled(program: Program) -> Program:
    """Returns a program that PyTorch compiles when it is first run.

    What draws at random, and functions of plugins and users, run as they are in between. Controls
    are dynamic: a change of their values compiles once more, and no more after that.
    """
    names = program.run.__globals__  # its own
    for name, value in list(names.items()):
        own = name not in NAMESPACE and callable(value) and value is not program.run
        if name in _DRAWS or own:
            names[name] = torch.compiler.disable(value)  # type: ignore[no-untyped-call]
    return replace(program, run=torch.compile(program.run))
