"""The message of an ONNX file, checked as far as it goes without its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.tensors import element_type
from vega_core.exchange.optional import need

MAX_BYTES: Final = 2**31 - 1
"""The largest file: what one message of protobuf may have."""
MIN_OPSET: Final = 13
"""The oldest version of ONNX's operators that is read."""
ONNX: Final = ("", "ai.onnx")
"""How the domain of ONNX's own operators is written."""
_MOST_NODES: Final = 100_000

Function: TypeAlias = Any
Key: TypeAlias = tuple[str, str]
"""Domain and name of an operator; ONNX's own domain is empty."""


@dataclass(frozen=True)
class Input:
    """What the file says of an input.

    Attributes:
        name: Its name.
        dtype: Its element type.
        shape: Its sizes, None where they are open; None where nothing is said.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Model:
    """A file's content.

    Attributes:
        onnx: The module of that name.
        graph: ONNX's GraphProto.
        opset: The version of ONNX's operators.
        producer: What wrote the file.
        inputs: The inputs, without those that are arrays of the file.
        functions: Functions that the file defines, by domain and name.
    """

    onnx: Any
    graph: Any
    opset: int
    producer: str
    inputs: Sequence[Input]
    functions: Mapping[Key, Function]

    @property
    def outputs(self) -> list[str]:
        """Names of the outputs."""
        return [one.name for one in self.graph.output]


def parsed(data: bytes) -> Model:
    """Returns what the bytes of a file hold.

    Raises:
        NotInstalled: The package ``onnx`` is not there.
        ModelError: It is no ONNX model, damaged, or of a version that is not read.
    """
    onnx = need("onnx", "onnx")
    decode_error = need("google.protobuf.message", "onnx").DecodeError
    try:
        proto = onnx.ModelProto.FromString(data)
    except (decode_error, RecursionError, UnicodeDecodeError) as error:
        raise ModelError(f"no ONNX model, or a damaged one: {error}") from error
    if not proto.HasField("graph") or not proto.graph.output:
        raise ModelError("no ONNX model, or a damaged one: it has no graph with outputs")
    count = len(proto.graph.node) + sum(len(one.node) for one in proto.functions)
    if count > _MOST_NODES:
        raise ModelError(f"the model has {count} nodes; {_MOST_NODES} are read")
    arrays = {tensor.name for tensor in proto.graph.initializer}
    return Model(
        onnx,
        proto.graph,
        _opset(onnx, proto),
        proto.producer_name,
        [_input(onnx, one) for one in proto.graph.input if one.name not in arrays],
        {(_domain(one.domain), one.name): one for one in proto.functions},
    )


def key_of(node: Any) -> Key:
    """Returns which operator a node is."""
    return _domain(node.domain), node.op_type


def check_supported(model: Model, known: Mapping[Key, Any]) -> None:
    """Checks that every node is known, also those inside functions.

    Raises:
        ModelError: Some are not; names them all.
    """
    missing: dict[str, list[str]] = {}
    for node in _nodes(model):
        key = key_of(node)
        if key not in known and key not in model.functions:
            name = node.name or f"the node of {', '.join(node.output)!r}"
            missing.setdefault(".".join(filter(None, key)), []).append(name)
    if missing:
        listed = "; ".join(f"{kind} ({', '.join(nodes)})" for kind, nodes in missing.items())
        raise ModelError(
            f"{sum(map(len, missing.values()))} nodes are of operators that cannot be read: "
            f"{listed}"
        )


def _nodes(model: Model) -> Iterator[Any]:
    yield from model.graph.node
    for function in model.functions.values():
        yield from function.node


def _domain(text: str) -> str:
    return "" if text in ONNX else text


def _opset(onnx: Any, proto: Any) -> int:
    versions = [one.version for one in proto.opset_import if one.domain in ONNX]
    newest = onnx.defs.onnx_opset_version()
    opset = max(versions, default=0)
    if not MIN_OPSET <= opset <= newest:
        said = f"of opset {opset}" if versions else "without ONNX's operators"
        raise ModelError(
            f"a model {said}; {MIN_OPSET} to {newest} are read with the installed onnx"
            + ("; convert it with onnx.version_converter or export it anew" if versions else "")
        )
    return int(opset)


def _input(onnx: Any, info: Any) -> Input:
    if not info.type.HasField("tensor_type"):
        raise ModelError(f"input {info.name!r} is no array")
    tensor = info.type.tensor_type
    try:
        dtype = element_type(onnx, tensor.elem_type)
    except ModelError as error:
        raise ModelError(f"input {info.name!r}: {error}") from None
    sizes = [dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim]
    shape = tuple(None if one is None or one < 0 else one for one in sizes)
    return Input(info.name, dtype, shape if tensor.HasField("shape") else None)
