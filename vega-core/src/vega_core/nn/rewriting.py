"""Making a new graph from an old one, node by node."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.draft import Draft
from vega_core.nn.graph import Graph, Node
from vega_core.nn.handing import handed
from vega_core.nn.initializers import Initializer
from vega_core.nn.ops.control import Parameter
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import show
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import Tracer


@dataclass(frozen=True)
class Site:
    """One node of the old graph, with its inputs as they are in the new one.

    Attributes:
        node: The node.
        inputs: Its inputs; their shapes may differ from the old graph's.
    """

    node: Node
    inputs: tuple[Tensor, ...]
    _graph: Graph
    _tracer: Tracer

    def keep(
        self, op: Primitive | None = None, inputs: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, ...]:
        """Emits the node under its name and with its parameters' names; returns its outputs.

        Parameters begin as they did; where their shape has changed, and the old operator said how
        they begin, as the new one says.

        Args:
            op: What it computes from now on.
            inputs: What it reads from now on.
        """
        node, tracer = self.node, self._tracer
        taken = self.inputs if inputs is None else tuple(inputs)
        params = node.params if op is None else self._params_of(op, taken)
        chosen = self._chosen_initializers()
        return tracer.add(node.name, op or node.op, taken, params, chosen, node.module)

    def parameter(self, role: str) -> Tensor:
        """Emits a parameter of the node as a value, under its name and beginning as it did."""
        name = self.node.params[role]
        spec = self._graph.parameters[name]
        op = Parameter(spec.shape, spec.kind, spec.dtype)
        return self._tracer.add(
            name, op, (), {"value": name}, {"value": spec.init}, self.node.module
        )[0]

    def _params_of(self, op: Primitive, inputs: Sequence[Tensor]) -> dict[str, str]:
        """Returns names of another operator's parameters: new ones beside those of the old."""
        try:
            roles = op.parameters(*[x.spec for x in inputs])
        except ModelError:  # said again, with the place, where the node is added
            return {}
        owners = [name.removesuffix(f".{role}") for role, name in self.node.params.items()]
        owner = owners[0] if owners else self.node.name
        return {role: self.node.params.get(role, f"{owner}.{role}") for role in roles}

    def _chosen_initializers(self) -> dict[str, Initializer]:
        """Returns how parameters begin, where it is not as the operator says by itself."""
        if not self.node.params:
            return {}
        specs = self._graph.specs
        usual = self.node.op.parameters(*[specs[name] for name in self.node.inputs])
        begun = {role: self._graph.parameters[name] for role, name in self.node.params.items()}
        return {role: spec.init for role, spec in begun.items() if spec.init != usual[role].init}


Edit: TypeAlias = Callable[[Site], "Tensor | Sequence[Tensor] | None"]


class Rewrite(ABC):
    """Contract of rewrites: transformations of graphs that descriptions list by name.

    A component of kind ``rewrite``; a frozen dataclass whose fields are its parameters. The same
    graph and parameters give the same graph, in every process; it draws nothing by chance and reads
    no data.
    """

    @abstractmethod
    def __call__(self, graph: Graph) -> Graph:
        """Returns another graph; use `vega_core.nn.rewritten`.

        Raises:
            ModelError: The graph is not one that it can transform; names the node.
        """

    @final
    def carry(self, graph: Graph, params: Mapping[str, Array], seed: int = 0) -> dict[str, Array]:
        """Returns the parameters of the rewritten graph, made of those of the old.

        What the rewrite says nothing of is taken over by its name; a new parameter begins as the
        new graph says.

        Args:
            graph: The old graph.
            params: Every parameter and statistic of it by name; not changed.
            seed: The trial's seed, for parameters that begin anew.

        Raises:
            ModelError: Parameters of the old graph are missing or do not fit it, or one has another
                shape in the new graph and the rewrite does not say what it becomes.
        """
        return handed(self(graph), graph, params, self._carry, seed)

    def _carry(
        self,
        graph: Graph,  # noqa: ARG002
        params: Mapping[str, Array],  # noqa: ARG002
    ) -> Mapping[str, Array | None]:
        """Returns the arrays of the new graph's parameters that are not those of the old.

        Called by `carry` after the graph has been rewritten and the parameters been checked. None
        stands for a parameter that begins anew. Needed where a parameter changes its shape, or its
        values, under its name. Arrays come in any precision of floats.
        """
        return {}


def rewritten(graph: Graph, edit: Edit) -> Graph:
    """Returns the graph that an edit makes of each node in turn.

    Shapes are inferred anew, and what nothing needs any more is left out. What an edit emits beside
    the node is named ``<node>.<...>``, or ``<node>_2.<...>`` where there are such names already.

    Args:
        graph: The graph; it stays as it is.
        edit: Called with each node in order, while modules and functions of `vega_core.nn` may be
            used. It returns what stands for the node's outputs, or None to keep it.

    Returns:
        The new graph; its inputs, controls and outputs have the names of the old.

    Raises:
        ModelError: An edit gives another number of outputs than the node has.
        ShapeError: Something after an edit no longer fits; names the node.

    Example:
        A stronger non-linearity everywhere:

        >>> from vega_core import nn
        >>> class Net(nn.Network):
        ...     def forward(self, x: nn.Tensor) -> nn.Tensor:
        ...         return nn.Linear(2, name="out")(nn.relu(nn.Linear(8, name="fc")(x)))
        >>> graph = nn.trace(Net(), {"x": nn.batched((4,))})
        >>> def edit(site: nn.Site) -> nn.Tensor | None:
        ...     return nn.softmax(*site.inputs) if isinstance(site.node.op, nn.ops.Relu) else None
        >>> [type(node.op).__name__ for node in nn.rewritten(graph, edit).nodes]
        ['Gemm', 'Softmax', 'Gemm']
    """
    tracer = Tracer(Draft(graph, nodes=False))
    occupied = _occupied(graph)
    values = {name: tracer.tensor(name) for name in (*graph.inputs, *graph.controls)}
    with tracer.active():
        for node in graph.nodes:
            site = Site(node, tuple([values[name] for name in node.inputs]), graph, tracer)
            with tracer.within(_free(node.name, occupied)):
                made = edit(site)
            outputs = site.keep() if made is None else made
            if isinstance(outputs, Tensor):
                outputs = (outputs,)
            names = graph.values(node)
            if len(outputs) != len(names):
                raise ModelError(
                    f"{node.name}: the edit gave {len(outputs)} outputs for {len(names)}: "
                    f"{', '.join(show(tensor.shape) for tensor in outputs)}"
                )
            for name, tensor in zip(names, outputs, strict=True):
                tracer.value(tensor, node.name)
                values[name] = tensor
    named = {name: values[value].value for name, value in graph.outputs.items()}
    return tracer.draft.graph(named).pruned()


def _occupied(graph: Graph) -> set[str]:
    """Returns every path below which a graph has names, but for a node's own parameters."""
    own = {name for node in graph.nodes for name in node.params.values()}
    paths = set()
    for name in (*graph.specs, *own):
        path = name
        while (cut := path.rfind(".")) > 0:
            path = path[:cut]
            if name not in own or path not in graph.specs:
                paths.add(path)
    return paths


def _free(name: str, occupied: Collection[str]) -> str:
    path, number = name, 1
    while path in occupied:
        number += 1
        path = f"{name}_{number}"
    return path
