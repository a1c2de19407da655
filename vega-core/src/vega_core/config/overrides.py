"""``--set key=value``: single values over those of the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vega_core.config.compose import compose
from vega_core.config.diagnostics import InvalidConfigError, Report
from vega_core.config.nodes import Mark, Node, to_node
from vega_core.errors import ConfigError


def apply_overrides(report: Report, overrides: Iterable[str | tuple[str, Any]]) -> None:
    """Sets the value that each override names; blocks on the way are made.

    A key is a dotted path such as ``hpo.trainer.epochs`` or ``pipeline.0``; what follows the
    ``overrides`` of a model is one key. The value of a text
    ``key=value`` is read as YAML: a number, a word, ``[1, 2]`` or ``{a: 1}``; none at all is
    null. That of a pair ``(key, value)`` is taken as it is.
    """
    for override in overrides:
        key = override.partition("=")[0] if isinstance(override, str) else override[0]
        mark = Mark(f"--set {key}")
        try:
            fault = _set(report.root, _keys(key), _placed(_value(override, mark), mark))
        except InvalidConfigError as error:
            fault = error.diagnostics[0].message
        except (ConfigError, TypeError) as error:
            fault = str(error)
        if fault:
            report.error((), fault, mark)


def _keys(key: str) -> list[str]:
    keys = key.split(".")
    if keys[1:2] == ["model"] and "overrides" in keys[2:]:
        at = keys.index("overrides", 2) + 1
        keys[at:] = [".".join(keys[at:])] if keys[at:] else []
    return keys


def _value(override: str | tuple[str, Any], mark: Mark) -> Node:
    if not isinstance(override, str):
        return to_node(override[1], mark)
    key, equals, text = override.partition("=")
    if not key or not equals:
        raise ConfigError("write it as key=value")
    if not text.strip():
        return Node(None, mark)
    value, faults = compose(text, "value")
    if faults:
        raise InvalidConfigError(faults)
    return value


def _placed(node: Node, mark: Mark) -> Node:
    for _, below in node.walk():
        below.mark, below.key = mark, mark
    return node


def _set(root: Node, keys: list[str], value: Node) -> str:
    """Sets a value and returns "", or returns why it cannot be set."""
    node = root
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        fresh = value if last else Node({}, value.mark, value.mark)
        if isinstance(node.value, list):
            count = len(node.value)
            if not key.isdecimal() or int(key) >= count:
                return f"'{key}' is no index of the list '{'.'.join(keys[:depth])}' of {count}"
            index = int(key)
            node.value[index] = value if last else node.value[index]
            node = node.value[index]
        elif isinstance(node.value, dict):
            present = node.value.get(key)
            if last or present is None or present.value is None:
                node.value[key] = fresh
            node = node.value[key]
        else:
            return f"'{'.'.join(keys[:depth])}' has no keys: it is {node.value!r}"
    return ""
