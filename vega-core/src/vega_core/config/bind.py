"""Applies a sample to the configuration of a step. Runs once a trial, so it does little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

CHOICES = "choices"
"""Key of a step's plain configuration, written by `load_config`: for each block whose type is
searched, by its dotted name, the keys that each type takes beside ``type``."""

_SECTIONS = frozenset({"dataset", "trainer", "model", "evaluator"})
_LISTS = frozenset({"transforms", "metrics", "callbacks"})
_OF_ANY_TYPE: Mapping[str, Sequence[str]] = {
    "dataset": ("batch_size", "transforms"),
    "model": ("format",),
}
"""Keys that the engine reads, which stay where nothing is known about a type."""


def bind(step_config: Mapping[str, Any], sample: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a copy of a step's configuration with the names of a sample set.

    Outer names are set before those inside them, whatever their order in the sample. Blocks that
    are not there are made. Where a ``type`` differs from the configured one, the keys that the
    other type takes too stay and the rest goes; ``params`` go as a whole. A name in the model
    that leads on from no key of its description, such as ``model.layer1.0.conv1.out_channels``,
    becomes an override. Names that begin with no section bind nothing; whoever reads the sample
    itself uses them.

    Args:
        step_config: The step's configuration as plain data; it is not changed.
        sample: Name -> value, with the modern names and the components' own.
    """
    config: dict[str, Any] = _copy(step_config)
    for name, keys in _plan(tuple(sample)):
        value = _copy(sample[name])
        if keys[0] == "model":
            _set_model(config, keys, value)
        else:
            _set(config, config, keys, 0, value)
    return config


@lru_cache(maxsize=1024)
def _plan(names: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Returns the names that bind, with their keys, in the order in which they are set."""
    split = [(name, tuple(name.split("."))) for name in names]
    binding = [item for item in split if len(item[1]) > 1 and item[1][0] in _SECTIONS]
    return tuple(sorted(binding, key=lambda item: (len(item[1]), item[1][-1] != "type")))


def _set(config: dict[str, Any], node: Any, keys: Sequence[str], at: int, value: Any) -> None:
    """Sets what ``keys[at:]`` lead to from a block or a list."""
    for key in keys[at:-1]:
        node = _below(node, key)
    last = keys[-1]
    if isinstance(node, list):
        node[int(last)] = value
        return
    if last == "type":
        _forget(config, node, keys[:-1], value)
    elif last in _LISTS and isinstance(value, (str, dict)):
        value = [{"type": value} if isinstance(value, str) else value]
    node[last] = value


def _set_model(config: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    """Sets a key of the description as far as they lead into it, and else an override."""
    node = _below(config, "model")
    for at in range(1, len(keys)):
        below = node.get(keys[at])
        if keys[at] == "overrides" and at < len(keys) - 1:
            _below(node, "overrides")[".".join(keys[at + 1 :])] = value
            return
        if at == len(keys) - 1 or (isinstance(below, list) and _leads(below, keys[at + 1 :])):
            _set(config, node, keys, at, value)
            return
        if not isinstance(below, dict):
            _below(node, "overrides")[".".join(keys[at:])] = value
            return
        node = below


def _leads(node: Any, keys: Sequence[str]) -> bool:
    """Tells whether keys lead to a place in a list or in what it holds."""
    for key in keys:
        if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        elif isinstance(node, dict):
            node = node.get(key)
        else:
            return False
    return True


def _below(node: Any, key: str) -> Any:
    """Returns what a key or index holds, a mapping made for the purpose where that is nothing."""
    place: Any = int(key) if isinstance(node, list) else key
    below = node[place] if isinstance(node, list) else node.get(key)
    if isinstance(below, str):  # the name of a type alone
        below = node[place] = {"type": below}
    elif below is None:
        below = node[place] = {}
    return below


def _forget(config: dict[str, Any], node: dict[str, Any], keys: Sequence[str], type_: Any) -> None:
    """Takes out of a block what belongs to its type alone, if the type is to be another."""
    if node.get("type") in (None, type_):
        return
    name = ".".join(keys)
    known = config.get(CHOICES, {}).get(name, {})
    kept = known[type_] if type_ in list(known) else _OF_ANY_TYPE.get(name, ())
    for key in [key for key in node if key != "type" and key not in kept]:
        del node[key]


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
