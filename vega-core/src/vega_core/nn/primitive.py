"""What a primitive operator knows about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

from typing_extensions import Self

from vega_core.arrays import Array
from vega_core.errors import ModelError, suggest
from vega_core.nn.initializers import ZEROS, Initializer
from vega_core.nn.shapes import Shape, TensorSpec
from vega_core.nn.values import annotations_of, coerced, is_plain

Kind: TypeAlias = Literal["weight", "bias", "norm", "embedding", "statistic", "constant"]
Mode: TypeAlias = Literal["train", "eval"]

KINDS: Final[tuple[str, ...]] = get_args(Kind)
MODES: Final[tuple[str, ...]] = get_args(Mode)


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """A named array that belongs to a model.

    Attributes:
        shape: Its shape, laid out as in PyTorch and ONNX (convolutions: out, in, *kernel).
        dtype: Its element type.
        init: How it begins.
        kind: ``weight``; ``bias`` and ``norm`` (scale and shift of a normalization), which
            weight decay leaves alone; ``embedding``, of which a step changes only the rows that
            the batch looks up; ``statistic``, which moves with the data and is not trained;
            ``constant``, which never changes.
    """

    shape: Shape
    init: Initializer = ZEROS
    kind: Kind = "weight"
    dtype: str = "float32"

    @property
    def trained(self) -> bool:
        """Whether training changes it by its gradient."""
        return self.kind not in ("statistic", "constant")


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

    Attributes:
        version: Raised where attributes or meaning change; graphs of another version are refused.
        lowerings: Import target (``package.module:function``) by backend name, for operators that
            the backends do not know themselves. What the function takes and returns, the
            backend says (``vega_core.backend`` and its own documentation).
        counted: Whether `macs` knows the multiply-adds.
    """

    version: ClassVar[int] = 1
    counted: ClassVar[bool] = True
    lowerings: ClassVar[Mapping[str, str]] = {}

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
        return {name: getattr(self, name) for name in _field_names(type(self))}

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """Builds the operator from what `attributes` gave, also after a way through JSON.

        Raises:
            ModelError: An attribute is unknown, missing, or not of the annotated type.
        """
        known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
        for name in attributes:
            if name not in known:
                raise ModelError(f"{cls.__name__} has no attribute {name!r}{suggest(name, known)}")
        for name, field in known.items():
            required = field.default is MISSING and field.default_factory is MISSING
            if required and name not in attributes:
                raise ModelError(f"{cls.__name__} needs the attribute {name!r}")
        return cls(**{name: _checked(cls, name, value) for name, value in attributes.items()})

    def plain(self) -> Self:
        """Returns the operator with attributes that are plain values; NumPy's become Python's.

        Raises:
            ModelError: An attribute is something else.
        """
        values = self.attributes()
        return self if all(map(is_plain, values.values())) else self.from_attributes(values)


@lru_cache(maxsize=1024)
def _field_names(cls: type[Primitive]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))  # type: ignore[arg-type]


def _checked(cls: type[Primitive], name: str, value: Any) -> Any:
    where = f"{cls.__name__}.{name}"
    result = _tuples(coerced(value, annotations_of(cls).get(name, Any), where))
    if not is_plain(result):
        raise ModelError(f"{where}: expected a number, a text or a tuple of them, got {value!r}")
    return result


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, (list, tuple)) else value
