"""A searched ``type``: what of a block stays when it changes, and whether that will do."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from vega_core.config.nodes import Node, Path
from vega_core.config.signatures import Signature, is_nested
from vega_core.config.values import faults

_OF_ONE_NETWORK = ("overrides", "rewrites")
"""They name modules of the network that they were written for."""


def kept_keys(signature: Signature) -> list[str]:
    """Returns the keys of a block that stay when its type changes to this one.

    They are those that the type takes, whatever the other was.
    """
    return sorted(key for key in signature.parameters or () if key not in _OF_ONE_NETWORK)


def misfits(
    signature: Signature, block: Node | None, name: str, searched: Collection[str]
) -> Iterator[tuple[Path | None, str]]:
    """Yields why a block would not do if its type changed to this one.

    Args:
        signature: The type, which is not the configured one.
        block: The block as configured.
        name: Its dotted name.
        searched: The names that are searched, which need not be given.

    Yields:
        A path below the block, or None where something is missing; and a message.
    """
    # What stands under ``params``, such as a learning rate, was meant for the other type.
    nested = is_nested(signature.kind)
    given = {} if block is None or nested else block.items
    kept = {key: given[key] for key in kept_keys(signature) if key in given}
    inner = f"{name}.params" if nested else name
    for key, parameter in (signature.parameters or {}).items():
        if key not in kept:
            if parameter.required and f"{inner}.{key}" not in searched:
                message = f"{signature.name} needs the key '{key}': search '{inner}.{key}' as well"
                yield None, message
            continue
        value = kept[key].plain()
        for below, message in faults(parameter, value):
            if not (signature.kind == "network" and value == "auto"):
                yield (key, *below), f"'{name}.type' may be {signature.name}: {message}"
