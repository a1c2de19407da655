"""Names that lead on into the value of a parameter."""

from __future__ import annotations

from vega_core.config.nodes import Node
from vega_core.config.reach import Reach
from vega_core.config.values import faults
from vega_core.plugins.parameters import Parameter


def obstacle(block: Node, reach: Reach, name: str) -> str:
    """Returns why `bind` could not set a value where a name leads through others, or "".

    In a model, what leads nowhere in the description is the name of a module.

    Args:
        block: The step's block.
        reach: What the step's names lead to.
        name: A name that begins with a parameter's and goes on.
    """
    root, *keys = name.split(".")
    node, head = block.items.get(root), root
    for at, key in enumerate(keys):
        may_be_module = root == "model" and at < len(keys) - 1
        if node is None or node.value is None:
            return "" if may_be_module else _unready(reach, head, key)
        if isinstance(node.value, list):
            if not key.isdecimal() or int(key) >= len(node.value):
                message = f"'{key}' is no index of the list '{head}' of {len(node.value)}"
                return "" if may_be_module else message
            node = node.value[int(key)]
        elif isinstance(node.value, dict):
            node = node.value.get(key)
        else:
            return "" if root == "model" else f"'{head}' has no keys: it is {node.value!r}"
        head = f"{head}.{key}"
    return ""


def _unready(reach: Reach, head: str, key: str) -> str:
    target = reach.targets.get(head)
    if target is None or not target.parameters:
        return ""
    if key.isdecimal():
        return f"'{head}' is not configured as a list"
    return "" if any(map(_takes_keys, target.parameters.values())) else f"'{head}' takes no keys"


def _takes_keys(parameter: Parameter) -> bool:
    """Tells whether a parameter takes a mapping, if perhaps not an empty one."""
    return all(path for path, _ in faults(parameter, {}))
