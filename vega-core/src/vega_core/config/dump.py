"""Writes configurations as YAML that this package, and any other reader, reads back the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from vega_core.config.scalars import resolve


class _Dumper(yaml.SafeDumper):
    """Quotes also what is text by YAML 1.1, whose rules PyYAML follows, and a number by 1.2."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    try:
        plain = resolve(text) == text
    except ValueError:
        plain = False
    style = None if plain else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def dump(data: Mapping[str, Any]) -> str:
    """Returns plain data as YAML, in the order of its keys."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text
