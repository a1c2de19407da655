"""Where a trace stands: one frame for each module call under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vega_core.errors import ModelError

if TYPE_CHECKING:
    from vega_core.nn.module import Module
    from vega_core.nn.primitive import Mode


class Frame:
    """One call of one module; names are counted afresh in each.

    A shared module's second call counts from 1 again, so that its children get the names, and with
    them the parameters, of the first.

    Args:
        path: Dotted name of the module; empty for the network itself.
        record: The module, whose fields name the modules that they hold.
        mode: The mode that the module or one around it has fixed.
    """

    __slots__ = ("_attributes", "_counts", "_record", "_taken", "mode", "path")

    def __init__(self, path: str, record: Module | None = None, mode: Mode | None = None) -> None:
        self.path = path
        self.mode = mode
        self._record = record
        self._attributes: Mapping[int, str] | None = None
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def inside(self, name: str) -> str:
        """Returns the dotted name of something inside this frame."""
        return dotted(self.path, name)

    def module(self, module: Module, default: str | None) -> str:
        """Returns the name that a module gets inside this frame.

        Args:
            module: A module at its first call.
            default: Its name, where neither it nor a field has one.

        Raises:
            ModelError: Another module of this frame has the name.
        """
        name = module.name or self._held(module) or default
        if name is None:
            return self.number(type(module).__name__.lower())
        if name in self._taken:
            where = f" in {self.path!r}" if self.path else ""
            raise ModelError(
                f"two modules have the name {name!r}{where}; call one object twice to share "
                "parameters, or rename one"
            )
        self._taken.add(name)
        return name

    def node(self, kind: str, aside: bool = False) -> str:
        """Returns what the name of a new node, and those of its parameters, begin with.

        Args:
            kind: Type of its operator, in lower case.
            aside: Whether it leaves an operator module's own name to another node.
        """
        record, free = self._record, not aside and self.path not in self._taken
        if record is not None and record.is_operator and self.path and free:
            self._taken.add(self.path)
            return self.path
        return self.inside(self.number(kind))

    def number(self, kind: str) -> str:
        """Returns the next free ``<kind>_<n>``."""
        while True:
            count = self._counts[kind] = self._counts.get(kind, 0) + 1
            name = f"{kind}_{count}"
            if name not in self._taken:
                self._taken.add(name)
                return name

    def _held(self, module: Module) -> str | None:
        """Returns the field, and the place in it, that holds a module."""
        if self._record is None:
            return None
        if self._attributes is None:
            self._attributes = held_by(self._record)
        return self._attributes.get(id(module))


class Frames:
    """The calls under way, the network's first, and which place each dotted name means."""

    def __init__(self) -> None:
        self._stack = [Frame("")]
        self._parents: dict[str, str] = {}

    @property
    def top(self) -> Frame:
        """The call that is under way."""
        return self._stack[-1]

    def push(self, frame: Frame) -> None:
        """Begins a call."""
        self._stack.append(frame)

    def pop(self) -> None:
        """Ends the call that is under way."""
        self._stack.pop()

    @contextmanager
    def within(self, path: str, mode: Mode | None = None) -> Iterator[None]:
        """Stands at a path for a while, as if a module of that name were called."""
        self.push(Frame(path, mode=mode))
        try:
            yield
        finally:
            self.pop()

    def claim(self, path: str) -> None:
        """Checks that a name means one place: ``a.b`` in the network is no ``b`` in ``a``.

        Raises:
            ModelError: Another place has given the name; names both.
        """
        place = self.top.path
        parent = self._parents.setdefault(path, place)
        if parent != place:
            first, second = (f"in {p!r}" if p else "in the network" for p in (parent, place))
            raise ModelError(
                f"the name {path!r} is given twice, {first} and {second}; rename one of the modules"
            )


def dotted(path: str, name: str) -> str:
    """Returns the dotted name of something inside a path; an empty one is the network itself."""
    return f"{path}.{name}" if path else name


def held_by(record: Module) -> dict[int, str]:
    """Returns the names that a module's fields give to the modules they hold, by identity."""
    from vega_core.nn.module import Module

    names: dict[int, str] = {}
    for name, value in vars(record).items():
        if isinstance(value, Module):
            names.setdefault(id(value), name)
        elif isinstance(value, (list, tuple, Mapping)):
            items = value.items() if isinstance(value, Mapping) else enumerate(value)
            for key, item in items:
                if isinstance(item, Module):
                    names.setdefault(id(item), f"{name}.{key}")
    return names
