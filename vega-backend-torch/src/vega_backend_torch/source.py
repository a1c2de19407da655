"""The text of a graph's function over PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

from vega_backend_torch.fixed import Fixed
from vega_backend_torch.foreign import foreign
from vega_backend_torch.lower import FRESH, LOWERINGS
from vega_backend_torch.lowering.types import element_type
from vega_core.backend.writing import FunctionSource, Lowering
from vega_core.nn.primitive import Primitive


@final
class Source(FunctionSource):
    """Writes a graph's function over PyTorch; see `vega_core.backend.writing.FunctionSource`."""

    fresh = FRESH

    @property
    def _lowerings(self) -> Mapping[type[Primitive], Lowering]:
        return LOWERINGS

    def _foreign(self, op: Primitive) -> Callable[..., Any]:
        return foreign(op)

    def _tensor(self, number: str, dtype: str) -> str:
        return f"torch.tensor({number}, dtype={element_type(dtype)}, device=device)"

    def _fixed(self, value: Any, dtype: str) -> Fixed:
        return Fixed(value, dtype)

    def _fixed_tensor(self, name: str) -> str:
        return f"{name}.on(device)"

    def _copied(self, parameter: str) -> str:
        return f"{parameter}.clone()"

    def _opening(self, text: str) -> Sequence[str]:
        if "device=device" in text or ".on(device)" in text:
            return ("device = next((x.device for x in (*params, *inputs)), None)",)
        return ()
