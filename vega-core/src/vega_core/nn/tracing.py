"""Tracing: running a network on symbolic tensors to get its graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from vega_core.errors import ModelError, ShapeError
from vega_core.nn.frames import Frame, held_by
from vega_core.nn.graph import Graph, Node
from vega_core.nn.overrides import Overrides
from vega_core.nn.primitive import ParameterSpec, Primitive
from vega_core.nn.shapes import TensorSpec, show
from vega_core.nn.tensor import Tensor

if TYPE_CHECKING:
    from vega_core.nn.initializers import Initializer
    from vega_core.nn.module import Module

_RANDOM = ("seed", "step")
_OPTIMIZER = ("lr", "momentum", "weight_decay", "beta1", "beta2", "alpha", "eps", "clip_norm")
RESERVED: Final = frozenset((*_RANDOM, *_OPTIMIZER))
"""Names of controls that belong to the trainer and the optimizers."""

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


class Tracer:
    """Collects nodes while modules run; `trace` and `compose` are the doors to it."""

    def __init__(self, overrides: Mapping[str, Any] | None = None) -> None:
        self.overrides = Overrides(overrides)
        self.inputs: dict[str, TensorSpec] = {}
        self.controls: dict[str, float] = {}
        self.parameters: dict[str, ParameterSpec] = {}
        self.nodes: list[Node] = []
        self.specs: dict[str, TensorSpec] = {}
        self._frames = [Frame("")]
        # The objects are kept, so that no identity is given twice during a trace.
        self._modules: dict[int, tuple[Module, Module, str]] = {}
        self._parents: dict[str, str] = {}
        self._error: ModelError | None = None

    def input(self, name: str, spec: TensorSpec) -> Tensor:
        """Adds a data input."""
        if name in self.specs:
            raise ModelError(f"the graph has an input {name!r} already")
        self.specs[name] = spec
        self.inputs[name] = spec
        return Tensor(spec, name, self)

    def control(self, name: str, default: float) -> Tensor:
        """Adds a control under its name inside the calling module, or shares it."""
        full = self._frames[-1].inside(name)
        if full in RESERVED or (full in self.specs and full not in self.controls):
            raise ModelError(f"{full!r} is no free name for a control")
        if self.controls.setdefault(full, float(default)) != float(default):
            raise ModelError(
                f"control {full!r} has two defaults: {self.controls[full]} and {default}"
            )
        self.specs[full] = TensorSpec(())
        return Tensor(self.specs[full], full, self)

    def emit(
        self,
        op: Primitive,
        inputs: Sequence[Tensor],
        initializers: Mapping[str, Initializer] | None = None,
    ) -> tuple[Tensor, ...]:
        """Adds a node and infers its outputs.

        Args:
            op: The operator.
            inputs: What it reads.
            initializers: How parameters begin, by role, where not as the operator says.

        Raises:
            ShapeError: The inputs do not fit; names the module path.
        """
        frame = self._frames[-1]
        kind = type(op).__name__.lower()
        where = frame.path or kind
        if any(x._tracer is not self for x in inputs):
            raise self._located(ModelError, f"{where}: a tensor of another trace")
        arguments = tuple(x.spec for x in inputs)
        try:
            op = op.plain()
            outputs, wanted = op.infer(*arguments), op.parameters(*arguments)
        except ModelError as error:
            raise self._located(type(error), f"{where}: {error}") from None
        if frame.mode is not None:
            op = op.in_mode(frame.mode)
        base = frame.node(kind)
        if base != frame.path:
            self._claim(base, frame)
        params = {role: f"{base}.{role}" for role in wanted}
        for role, wish in wanted.items():
            init = (initializers or {}).get(role, wish.init)
            self._parameter(params[role], ParameterSpec(wish.shape, init, wish.kind, wish.dtype))
        node = Node(self._unique(base), op, tuple(x.value for x in inputs), params)
        self.nodes.append(node)
        results = []
        for index, spec in enumerate(outputs):
            self.specs[node.value(index)] = spec
            results.append(Tensor(spec, node.value(index), self))
        return tuple(results)

    def call(self, module: Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Runs a module in a frame of its own, under the name of its first call."""
        known = self._modules.get(id(module))
        if known is None:
            frame = self._frames[-1]
            path = frame.inside(self._name(module, frame))
            self._claim(path, frame)
            known = self._enter(module, path)
        _, record, path = known
        return self._run(record, path, args, kwargs)

    def run(self, network: Module, args: Sequence[Tensor], kwargs: Mapping[str, Tensor]) -> Any:
        """Runs the outermost module, whose name is empty."""
        _, record, path = self._enter(network, "")
        return self._run(record, path, args, kwargs)

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Emits under a fresh path: ``name``, or ``name_2`` where that is taken."""
        number, path = 1, name
        while any(used == path or used.startswith(f"{path}.") for used in self._names()):
            number += 1
            path = f"{name}_{number}"
        self._frames.append(Frame(path))
        try:
            yield
        finally:
            self._frames.pop()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Makes this the tracer that called modules find."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def graph(self, outputs: Mapping[str, Tensor]) -> Graph:
        """Returns what has been traced."""
        return Graph(
            self.inputs,
            self.controls,
            self.parameters,
            tuple(self.nodes),
            {name: tensor.value for name, tensor in outputs.items()},
            self.specs,
        )

    def _enter(self, module: Module, path: str) -> tuple[Module, Module, str]:
        try:
            record = self.overrides.apply(module, path)
        except ModelError as error:
            raise self._located(type(error), str(error)) from None
        return self._modules.setdefault(id(module), (module, record, path))

    def _run(
        self, record: Module, path: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        from vega_core.nn.module import Operator

        mode = record.mode or self._frames[-1].mode
        self._frames.append(Frame(path, isinstance(record, Operator), mode, held_by(record)))
        try:
            return record.forward(*args, **kwargs)
        except ModelError as error:
            if error is self._error:
                raise
            where = path or type(record).__name__
            raise self._located(type(error), f"{where}: {error}") from error.__cause__
        finally:
            self._frames.pop()

    def _name(self, module: Module, frame: Frame) -> str:
        name = module.name or frame.attributes.get(id(module))
        if name is None:
            return frame.number(type(module).__name__.lower())
        if name in frame.taken:
            where = f" in {frame.path!r}" if frame.path else ""
            raise self._located(
                ModelError,
                f"two modules have the name {name!r}{where}; call one object twice to share "
                "parameters, or rename one",
            )
        frame.taken.add(name)
        return name

    def _claim(self, path: str, frame: Frame) -> None:
        """Checks that a name means one place: ``a.b`` in the network is no ``b`` in ``a``."""
        parent = self._parents.setdefault(path, frame.path)
        if parent != frame.path:
            places = " and ".join(
                f"in {p!r}" if p else "in the network" for p in (parent, frame.path)
            )
            raise self._located(
                ModelError, f"the name {path!r} is given twice, {places}; rename one of the modules"
            )

    def _located(self, kind: type[ModelError], message: str) -> ModelError:
        """Returns an error that names its place, so that no frame above adds another."""
        self._error = kind(message)
        return self._error

    def _unique(self, base: str) -> str:
        name, number = base, 1
        while name in self.specs:
            number += 1
            name = f"{base}_{number}"
        return name

    def _parameter(self, name: str, spec: ParameterSpec) -> None:
        known = self.parameters.setdefault(name, spec)
        if known.shape != spec.shape:
            raise self._located(
                ShapeError,
                f"{name}: shared, with shape {show(known.shape)} at its first call and "
                f"{show(spec.shape)} at another",
            )

    def _names(self) -> Iterator[str]:
        yield from self.specs
        yield from self.parameters


def trace(
    network: Module, inputs: Mapping[str, TensorSpec], overrides: Mapping[str, Any] | None = None
) -> Graph:
    """Runs a network on symbolic inputs and returns its graph.

    Args:
        network: The module; its own name is empty.
        inputs: Specification of each input. One input is passed by position, several by name.
        overrides: Hyperparameters by dotted name or pattern, such as
            ``{"layer1.0.conv1.out_channels": 24}``.

    Returns:
        The graph. A network that returns one tensor has the output ``output``.

    Raises:
        ShapeError: Shapes do not fit; names the module path and both shapes.
        ModelError: An override matches nothing, contradicts another or has the wrong number of
            values; two modules have one name; the network does not return tensors.

    Example:
        >>> from vega_core import nn
        >>> graph = nn.trace(nn.Linear(10), {"x": nn.batched((64,))})
        >>> graph.stats().params
        650
    """
    tracer = Tracer(overrides)
    tensors = {name: tracer.input(name, spec) for name, spec in inputs.items()}
    args = tuple(tensors.values()) if len(tensors) == 1 else ()
    with tracer.active():
        try:
            result = tracer.run(network, args, {} if args else tensors)
        except ModelError:
            tracer.overrides.check_lengths()
            raise
    tracer.overrides.finish()
    return tracer.graph(named_outputs(result, "output", type(network).__name__))


def named_outputs(result: Any, name: str, where: str) -> dict[str, Tensor]:
    """Returns what a network or loss returned as a dictionary of tensors.

    Raises:
        ModelError: It is neither a tensor nor a dictionary of them.
    """
    outputs = {name: result} if isinstance(result, Tensor) else result
    if not isinstance(outputs, Mapping) or not all(
        isinstance(key, str) and isinstance(tensor, Tensor) for key, tensor in outputs.items()
    ):
        raise ModelError(f"{where} returned {result!r}: expected a tensor or tensors by name")
    return dict(outputs)
