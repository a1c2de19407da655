"""Names in a graph for what an ONNX file calls otherwise."""

from __future__ import annotations

import re
from typing import Final

_SEPARATORS: Final = re.compile(r"(?:::|[/.])+")
_OTHERS: Final = re.compile(r"[^\w.\-]+", re.ASCII)
_LONGEST: Final = 200


def dotted(name: str) -> str:
    """Returns a name as modules are called: ``/layer1/conv/Conv`` is ``layer1.conv.Conv``.

    A colon means the output of a node, and stars and brackets are of patterns; empty if nothing
    is left.
    """
    return _OTHERS.sub("_", _SEPARATORS.sub(".", name[:_LONGEST])).strip(".")
