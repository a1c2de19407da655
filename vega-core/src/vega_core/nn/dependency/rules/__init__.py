"""What each operator does with the numbers of channels: one module a family.

A rule is a function ``rule(op, spot)`` that returns the axes of each output, and joins, fixes and
notes numbers on the way. What has none works on channels as `vega_core.nn.channels.flow` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from vega_core.nn.dependency.rules import (
    elementwise,
    making,
    normalization,
    reduction,
    resampling,
    shaping,
    slicing,
    weighted,
)
from vega_core.nn.dependency.rules.through import Rule, through
from vega_core.nn.primitive import Primitive

RULES: Final[Mapping[type[Any], Rule]] = MappingProxyType(
    {
        **elementwise.RULES,
        **making.RULES,
        **normalization.RULES,
        **reduction.RULES,
        **resampling.RULES,
        **shaping.RULES,
        **slicing.RULES,
        **weighted.RULES,
    }
)
"""Rule by operator type, or by a base of it."""


def rule_of(kind: type[Primitive]) -> Rule:
    """Returns the rule of an operator's type, or of the nearest base that has one."""
    return next((RULES[base] for base in kind.__mro__ if base in RULES), through)
