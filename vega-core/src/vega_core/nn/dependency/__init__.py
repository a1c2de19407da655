"""Which channels of a graph belong together, and graphs with fewer or more of them."""

from __future__ import annotations

from vega_core.nn.dependency.analysis import STAYS, Dependencies, Group, channel_dependencies
from vega_core.nn.dependency.resizing import Resizing

__all__ = ["STAYS", "Dependencies", "Group", "Resizing", "channel_dependencies"]
