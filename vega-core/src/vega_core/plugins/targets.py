"""Component names to import targets, as plain data: what a worker gets instead of plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from vega_core.errors import suggest
from vega_core.plugins.errors import BrokenPlugin, UnknownComponent
from vega_core.plugins.importing import load_target
from vega_core.plugins.kinds import kind_of
from vega_core.plugins.modules import MODULE, NETWORK, backend_of, load_network
from vega_core.plugins.reasons import reason_of


@final
class Targets:
    """Loads components by kind and name, without discovering plugins.

    Example:
        >>> targets = Targets.from_json({"algorithm": {"Halving": "my_package:Halving"}})
        >>> targets.target("algorithm", "Halving")
        'my_package:Halving'
    """

    def __init__(self, table: Mapping[str, Mapping[str, str]]) -> None:
        self._table = {kind: dict(names) for kind, names in table.items()}

    @classmethod
    def from_json(cls, mapping: Mapping[str, Mapping[str, str]]) -> Targets:
        """Makes targets from what `Catalog.targets` gave in another process."""
        return cls(mapping)

    def to_json(self) -> dict[str, dict[str, str]]:
        """Returns the targets as plain data."""
        return {kind: dict(names) for kind, names in self._table.items()}

    def target(self, kind: str, name: str) -> str:
        """Returns a component's import target.

        Raises:
            UnknownComponent: There is none of that name.
        """
        names = self._table.get(kind, {})
        if name in names:
            return names[name]
        folded = {names[one] for one in names if one.casefold() == name.casefold()}
        if len(folded) == 1:
            return folded.pop()
        raise UnknownComponent(f"unknown {kind_of(kind).label} '{name}'{suggest(name, names)}")

    def load(self, kind: str, name: str) -> Any:
        """Imports a component.

        Raises:
            UnknownComponent: There is none of that name.
            BrokenPlugin: Its code cannot be imported, or is not of its kind.
        """
        if kind == NETWORK and backend_of(name):
            return load_network(self.load, name, self._table.get(MODULE, {}))
        return load_component(kind, name, self.target(kind, name))


def load_component(kind: str, name: str, target: str, owner: str = "") -> type[Any]:
    """Imports a component and checks that it is of its kind.

    Args:
        kind: The kind, for the contract that the component must keep.
        name: Its name, for messages.
        target: Where it is.
        owner: The plugin that provides it, for messages.

    Raises:
        BrokenPlugin: It cannot be imported, which chains the cause, or is not of its kind.
    """
    row = kind_of(kind)
    what = f"{row.label} '{name}'" + (f" of {owner}" if owner else "")
    try:
        value: type[Any] = load_target(target)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise BrokenPlugin(f"{what} cannot be imported: {reason_of(error)}") from error
    if row.contract:
        contract = load_target(row.contract)
        check = issubclass if isinstance(value, type) else isinstance
        if not check(value, contract):
            raise BrokenPlugin(f"{what} ({target}) is not a {row.contract.replace(':', '.')}")
    return value
