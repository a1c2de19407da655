"""What a primitive operator knows about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, TypeAlias

from numpy.typing import NDArray
from typing_extensions import Self

from vega_core.nn.initializers import ZEROS, Initializer
from vega_core.nn.shapes import Shape, TensorSpec

Array: TypeAlias = NDArray[Any]
Kind: TypeAlias = Literal["weight", "bias", "norm", "statistic"]
Mode: TypeAlias = Literal["train", "eval"]


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """A named array that belongs to a model.

    Attributes:
        shape: Its shape, laid out as in PyTorch and ONNX (convolutions: out, in, *kernel).
        dtype: Its element type.
        init: How it begins.
        kind: ``weight``; ``bias`` and ``norm`` (scale and shift of a normalization), which
            weight decay leaves alone; ``statistic``, which moves with the data and is not trained.
    """

    shape: Shape
    init: Initializer = ZEROS
    kind: Kind = "weight"
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class Call:
    """What an operator is computed from, in NumPy.

    Attributes:
        inputs: Arrays that `Primitive.infer` accepts.
        params: Arrays by role.
        key: What random draws are a function of; 64 bits.
    """

    inputs: Sequence[Array]
    params: Mapping[str, Array]
    key: int = 0


class Primitive(ABC):
    """One operator of a graph: a frozen record of attributes, with ONNX's name and semantics.

    A subclass is a frozen dataclass whose fields are plain values (numbers, strings, tuples of
    them), so that it can be compared, hashed and written as JSON. It computes nothing itself:
    backends map its type to a function of their framework, and `reference` says in NumPy
    what that function must give.
    """

    version: ClassVar[int] = 1

    @abstractmethod
    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        """Returns the specifications of the outputs.

        Raises:
            ShapeError: The inputs do not fit; the message holds the shapes, and the tracer
                puts the module path in front.
        """

    @abstractmethod
    def reference(self, call: Call) -> tuple[Array, ...]:
        """Computes the outputs in NumPy, in the inputs' precision."""

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:  # noqa: ARG002
        """Returns the specifications of the operator's parameters by role."""
        return {}

    def updates(self, call: Call) -> Mapping[str, Array]:  # noqa: ARG002
        """Returns the new values of statistics, by role, after one training step."""
        return {}

    def macs(
        self,
        inputs: Sequence[TensorSpec],  # noqa: ARG002
        outputs: Sequence[TensorSpec],  # noqa: ARG002
    ) -> int:
        """Returns multiply-adds for one sample."""
        return 0

    def in_mode(self, mode: Mode) -> Primitive:  # noqa: ARG002
        """Returns the operator as it runs in ``mode``, where nothing has fixed it before."""
        return self

    def attributes(self) -> dict[str, Any]:
        """Returns the fields as plain data."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """Builds the operator from what `attributes` gave, also after a way through JSON."""
        return cls(**{name: _tuples(value) for name, value in attributes.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, (list, tuple)) else value
