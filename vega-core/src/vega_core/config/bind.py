"""Applies a sample to the configuration of a step. Runs once a trial, so it does little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SECTIONS = frozenset({"dataset", "trainer", "model", "evaluator"})
_MODEL = "model"


def bind(step_config: Mapping[str, Any], sample: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a copy of a step's configuration with the names of a sample set.

    Blocks that are not there are made. A ``type`` that differs from the configured one empties
    the ``params`` beside it, since they were meant for the other. A name in the model that leads
    on from no key of its description, such as ``model.layer1.0.conv1.out_channels``, becomes an
    override. Names that begin with no section bind nothing; whoever reads the sample itself uses
    them.

    Args:
        step_config: The step's configuration as plain data; it is not changed.
        sample: Name -> value, with the modern names.
    """
    config: dict[str, Any] = _copy(step_config)
    late = []
    for name, value in sample.items():
        if name.endswith(".type"):
            _set(config, name, _copy(value))
        else:
            late.append((name, value))
    for name, value in late:
        _set(config, name, _copy(value))
    return config


def _set(config: dict[str, Any], name: str, value: Any) -> None:
    root, *keys = name.split(".")
    if root not in _SECTIONS or not keys:
        return
    if root == _MODEL:
        _set_model(_block(config, _MODEL), keys, value)
        return
    node: Any = _block(config, root)
    *between, last = keys
    for key in between:
        node = node[int(key)] if isinstance(node, list) else _block(node, key)
    if isinstance(node, list):
        node[int(last)] = value
        return
    if last == "type" and "params" in node and node.get("type") != value:
        node["params"] = {}
    if last == "transforms" and isinstance(value, str):
        value = [{"type": value}]
    node[last] = value


def _set_model(model: dict[str, Any], keys: list[str], value: Any) -> None:
    node = model
    while len(keys) > 1 and isinstance(node.get(keys[0]), dict) and keys[0] != "overrides":
        node = node[keys[0]]
        keys = keys[1:]
    if len(keys) == 1:
        node[keys[0]] = value
    else:
        _block(node, "overrides")[".".join(keys)] = value


def _block(node: dict[str, Any], key: str) -> Any:
    """Returns what a key holds, a mapping made for the purpose where it holds nothing."""
    below = node.get(key)
    if isinstance(below, str):  # the name of a type alone
        below = node[key] = {"type": below}
    elif below is None:
        below = node[key] = {}
    return below


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _copy(item) if isinstance(item, (dict, list)) else item
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_copy(item) if isinstance(item, (dict, list)) else item for item in value]
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return value
