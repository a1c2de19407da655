"""From a graph and its parameters to an ONNX model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import vega_core
from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.exchange.model import Arrays
from vega_core.exchange.onnx.site import Site
from vega_core.exchange.onnx.table import form_of
from vega_core.exchange.onnx.writer import Writer
from vega_core.exchange.optional import need
from vega_core.exchange.prepare import deployable
from vega_core.nn.graph import Graph, Node

ModelProto: TypeAlias = Any
"""ONNX's message, whose module is imported when something is exported."""

OPSET: Final = 23
"""The version of ONNX's operators by default: the newest that every supported onnxruntime runs,
from 1.23, which is the last for Python 3.10."""
MIN_OPSET: Final = 18
"""The oldest: before it, reductions and resizing take what they need in another way."""
IR_VERSION: Final = 10
"""The version of the file's own form. Newer ones add nothing that is used here, and a runtime
refuses what is newer than itself."""


def to_onnx(
    graph: Graph,
    params: Arrays,
    *,
    opset: int = OPSET,
    controls: Mapping[str, float | Array] | None = None,
    name: str = "vega",
    about: Mapping[str, Any] | None = None,
) -> ModelProto:
    """Returns a graph as an ONNX model that takes batches of any size.

    It is the graph in evaluation (see `vega_core.exchange.deployable`). Inputs, nodes and
    parameters have the graph's names, and outputs too; an output that is called as an input is
    gets ``_out`` behind its name. Controls become constants.

    Args:
        graph: A network's graph.
        params: Every parameter and statistic by name.
        opset: The version of ONNX's operators, from 18.
        controls: Controls that differ from their defaults; for a choice, number of the candidate.
        name: Name of the model in the file.
        about: Plain data that is kept as the model's metadata, as JSON by ``vega.<key>``.

    Raises:
        NotInstalled: The package ``onnx`` is not there.
        ModelError: An operator has no ONNX form, the opset is none, or as for `deployable`.

    Example:
        >>> from vega_core import nn
        >>> from vega_core.exchange import to_onnx
        >>> graph = nn.trace(nn.Linear(10), {"x": nn.batched((64,))})
        >>> model = to_onnx(graph, nn.initial_parameters(graph, seed=0))
        >>> [node.op_type for node in model.graph.node]
        ['Gemm']
    """
    onnx = need("onnx", "onnx")
    newest = onnx.defs.onnx_opset_version()
    if not MIN_OPSET <= opset <= newest:
        raise ModelError(
            f"opset {opset} cannot be written; {MIN_OPSET} to {newest} can, with the installed onnx"
        )
    graph, arrays = deployable(graph, params, controls)
    writer = Writer(onnx)
    names = _names(graph, writer)
    for parameter, array in arrays.items():
        writer.hold(parameter, array)
    for node in graph.nodes:
        try:
            form_of(node.op)(node.op, _site(graph, node, names, opset, writer))
        except ModelError as error:
            raise ModelError(f"{node.name}: {error}") from error
    body = onnx.helper.make_graph(
        writer.nodes,
        name,
        [writer.info(name, spec) for name, spec in graph.inputs.items()],
        _outputs(graph, names, writer),
        writer.arrays,
        value_info=[
            writer.info(names[value], graph.specs[value])
            for node in graph.nodes
            for value in graph.values(node)
            if value not in graph.outputs.values()
        ],
    )
    return _model(onnx, body, opset, writer.domains, {"graph": graph.hash, **(about or {})})


def _names(graph: Graph, writer: Writer) -> dict[str, str]:
    """Returns the name in the file of every value.

    A value that is an output has the output's name, unless an input has that.
    """
    names = {name: writer.fresh(name) for name in graph.inputs}
    for name in graph.parameters:
        writer.fresh(name)
    for output, value in graph.outputs.items():
        if value not in names:
            names[value] = writer.fresh(_output_name(output, graph))
    for node in graph.nodes:
        for value in graph.values(node):
            if value not in names:
                names[value] = writer.fresh(value)
    return names


def _output_name(output: str, graph: Graph) -> str:
    return f"{output}_out" if output in graph.inputs else output


def _outputs(graph: Graph, names: Mapping[str, str], writer: Writer) -> list[Any]:
    """Returns what there is to say of each output; what has a name already is copied."""
    taken = {*graph.inputs}
    infos = []
    for output, value in graph.outputs.items():
        name = names[value]
        if name in taken:
            name = writer.fresh(_output_name(output, graph))
            writer.node("Identity", [names[value]], [name], name, "", {})
        taken.add(name)
        infos.append(writer.info(name, graph.specs[value]))
    return infos


def _site(graph: Graph, node: Node, names: Mapping[str, str], opset: int, writer: Writer) -> Site:
    outputs = graph.values(node)
    return Site(
        [names[value] for value in node.inputs],
        node.params,
        [graph.specs[value] for value in node.inputs],
        [graph.specs[value] for value in outputs],
        opset,
        node.name,
        [names[value] for value in outputs],
        writer,
    )


def _model(
    onnx: Any, body: Any, opset: int, domains: Iterable[str], about: Mapping[str, Any]
) -> ModelProto:
    helper = onnx.helper
    versions = [helper.make_opsetid("", opset)]
    versions += [helper.make_opsetid(domain, 1) for domain in sorted(domains)]
    model = helper.make_model(
        body,
        opset_imports=versions,
        ir_version=IR_VERSION,
        producer_name="vega-core",
        producer_version=vega_core.__version__,
    )
    helper.set_model_props(
        model, {f"vega.{key}": json.dumps(value) for key, value in about.items()}
    )
    return model
