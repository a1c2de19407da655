"""Tracing: running modules on symbolic tensors, which emits the nodes of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from vega_core.errors import ModelError
from vega_core.nn.draft import Draft
from vega_core.nn.frames import Frame, Frames, dotted
from vega_core.nn.graph import ControlSpec
from vega_core.nn.ops.control import Parameter
from vega_core.nn.overrides import Overrides
from vega_core.nn.primitive import MODES, Primitive
from vega_core.nn.shapes import TensorSpec
from vega_core.nn.tensor import Tensor

if TYPE_CHECKING:
    from vega_core.nn.initializers import Initializer
    from vega_core.nn.module import Module

_current: ContextVar[Tracer] = ContextVar("tracer")


def current() -> Tracer:
    """Returns the tracer of the trace that is under way.

    Raises:
        ModelError: There is none.
    """
    try:
        return _current.get()
    except LookupError:
        raise ModelError("a module is called outside of a trace; use vega_core.nn.trace") from None


class Entered(NamedTuple):
    """A module that has been called.

    Attributes:
        module: The object, kept so that no identity is given twice during a trace.
        record: The same with its overrides.
        path: Its dotted name.
    """

    module: Module
    record: Module
    path: str


class Tracer:
    """Runs modules and emits what they compute into a draft.

    Args:
        draft: Where nodes go.
        overrides: Applied to modules at their first call.

    Attributes:
        draft: Where nodes go.
        entered: The modules called so far, in order of their first call, by identity.
        operators: Those of graphs from elsewhere, with their overrides, by dotted name.
    """

    def __init__(self, draft: Draft | None = None, overrides: Overrides | None = None) -> None:
        self.draft = Draft() if draft is None else draft
        self.entered: dict[int, Entered] = {}
        self.operators: dict[str, Primitive] = {}
        self._overrides = overrides
        self._frames = Frames()
        self._error: ModelError | None = None

    @property
    def frame(self) -> Frame:
        """The call that is under way."""
        return self._frames.top

    def tensor(self, value: str) -> Tensor:
        """Returns a value of the draft as a tensor."""
        return Tensor(self.draft.specs[value], value, self)

    def value(self, tensor: Tensor, where: str) -> str:
        """Returns the name of a tensor's value.

        Raises:
            ModelError: It is of another trace; the message begins with ``where``.
        """
        if tensor._tracer is not self:
            raise self._located(ModelError(f"{where}: a tensor of another trace"))
        return tensor.value

    def input(self, name: str, spec: TensorSpec) -> Tensor:
        """Adds a data input."""
        self.draft.input(name, spec)
        return Tensor(spec, name, self)

    def control(self, name: str, control: ControlSpec) -> Tensor:
        """Adds a control under its name inside the calling module, or shares it."""
        full = self.frame.inside(name)
        self.draft.control(full, control)
        return Tensor(control.spec, full, self)

    def parameter(self, name: str, op: Parameter, init: Initializer | None) -> Tensor:
        """Emits a parameter under its name inside the calling module, or shares it."""
        frame = self._frames.top
        full = frame.inside(name)
        self._claim(full)
        self.draft.check_fresh(full)
        return self.add(full, op, (), {"value": full}, {"value": init}, frame.path)[0]

    def emit(
        self,
        op: Primitive,
        inputs: Sequence[Tensor],
        initializers: Mapping[str, Initializer | None] | None = None,
        aside: bool = False,
    ) -> tuple[Tensor, ...]:
        """Adds a node of the calling module and infers its outputs.

        Args:
            op: The operator.
            inputs: What it reads.
            initializers: How parameters begin, by role, where not as the operator says.
            aside: Whether it leaves an operator module's own name to another node.

        Raises:
            ShapeError: The inputs do not fit; names the module path.
        """
        frame = self._frames.top
        base = frame.node(type(op).__name__.lower(), aside)
        if base != frame.path:
            self._claim(base)
        if frame.mode is not None:
            op = op.in_mode(frame.mode)
        return self.add(base, op, inputs, {}, initializers or {}, frame.path)

    def add(
        self,
        base: str,
        op: Primitive,
        inputs: Sequence[Tensor],
        params: Mapping[str, str],
        initializers: Mapping[str, Initializer | None],
        module: str,
    ) -> tuple[Tensor, ...]:
        """Adds a node under full names; see `Draft.add`.

        Raises:
            ShapeError: The inputs do not fit; names the module path.
        """
        where = self._frames.top.path or base
        values = [self.value(x, where) for x in inputs]
        try:
            made = self.draft.add(base, op, values, params, initializers, module, where)
        except ModelError as error:
            raise self._located(error) from error.__cause__
        return tuple([Tensor(spec, value, self) for value, spec in made])

    def overridden(self, op: Primitive, path: str) -> Primitive:
        """Returns an operator of a graph from elsewhere, with the attributes that are set by name.

        Args:
            op: The operator.
            path: Its dotted name.

        Raises:
            ModelError: A value does not fit its attribute, or two keys disagree.
        """
        if self._overrides is not None:
            try:
                op = self._overrides.apply(op, path)
            except ModelError as error:
                raise self._located(error) from None
        self.operators[path] = op
        return op

    def call(
        self,
        module: Module,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        default: str | None = None,
    ) -> Any:
        """Runs a module in a frame of its own, under the name of its first call.

        Args:
            module: The module.
            args: Arguments of its `forward`.
            kwargs: Arguments of its `forward` by name.
            default: Its name, where it has none of its own.
        """
        known = self.entered.get(id(module))
        if known is None:
            known = self._enter(module, self._named(module, default))
        return self._run(known, args, kwargs)

    def run(self, network: Module, args: Sequence[Tensor], kwargs: Mapping[str, Tensor]) -> Any:
        """Runs the outermost module, whose name is empty."""
        return self._run(self._enter(network, ""), args, kwargs)

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Emits under a fresh path: ``name``, or ``name_2`` where that is taken."""
        number, path = 1, name
        while any(used == path or used.startswith(f"{path}.") for used in self.draft.names()):
            number += 1
            path = f"{name}_{number}"
        with self._frames.within(path):
            yield

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        """Emits under a path inside the calling module, as if a module of that name were called."""
        with self._frames.within(self.frame.inside(name), self.frame.mode):
            yield

    @contextmanager
    def active(self) -> Iterator[None]:
        """Makes this the tracer that called modules find."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def _enter(self, module: Module, path: str) -> Entered:
        record = module
        if self._overrides is not None:
            try:
                record = self._overrides.apply(module, path)
            except ModelError as error:
                raise self._located(error) from None
        if record.mode is not None and record.mode not in MODES:
            where = dotted(path, "mode")
            fault = f"expected {' or '.join(map(repr, MODES))}, got {record.mode!r}"
            raise self._located(ModelError(f"{where}: {fault}"))
        entered = self.entered[id(module)] = Entered(module, record, path)
        return entered

    def _run(self, entered: Entered, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        _, record, path = entered
        frames = self._frames
        frames.push(Frame(path, record, record.mode or frames.top.mode))
        try:
            return record.forward(*args, **kwargs)
        except ModelError as error:
            if error is self._error:
                raise
            where = path or type(record).__name__
            raise self._located(type(error)(f"{where}: {error}")) from error.__cause__
        finally:
            frames.pop()

    def _named(self, module: Module, default: str | None) -> str:
        frame = self._frames.top
        try:
            path = frame.inside(frame.module(module, default))
            self._frames.claim(path)
        except ModelError as error:
            raise self._located(error) from None
        return path

    def _claim(self, path: str) -> None:
        try:
            self._frames.claim(path)
        except ModelError as error:
            raise self._located(error) from None

    def _located(self, error: ModelError) -> ModelError:
        """Notes that an error names its place, so that no frame above adds another."""
        self._error = error
        return error
