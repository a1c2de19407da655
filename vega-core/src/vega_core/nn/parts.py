"""Several parts that make one network."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from vega_core.errors import ModelError
from vega_core.nn.module import Module, Network, check_arguments
from vega_core.nn.networks import named_outputs
from vega_core.nn.outputs import MAIN_OUTPUTS, main_name
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current


class Parts(Network):
    """Named parts that run one after another, such as a backbone and a head.

    The first takes the network's inputs. Each other takes what the one before it returns: a tensor
    by position. Of several by name it takes those that its ``forward`` names, if it names
    parameters of which every one without a default is there; otherwise the main one, ``logits`` or
    ``output``. What the last returns is the network's output.

    Attributes:
        parts: Name and module of each.
    """

    overridable: ClassVar[tuple[str, ...]] = ("mode",)

    parts: tuple[tuple[str, Module], ...]

    def forward(self, *args: Tensor, **kwargs: Tensor) -> Any:
        result: Any = None
        for place, (name, part) in enumerate(self.parts):
            if place:
                args, kwargs = _handed_on(result, self.parts[place - 1][0], name, part)
            check_arguments(part, args, kwargs)
            result = current().call(part, args, kwargs, name)
        return result


def _handed_on(
    result: Any, giver: str, taker: str, part: Module
) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
    """Returns the arguments that a part gets of what the part before it has returned."""
    if isinstance(result, Tensor):
        return (result,), {}
    outputs = named_outputs(result, "output", giver)
    parameters = inspect.signature(part.forward).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return (), outputs
    needed = [one.name for one in parameters if one.default is one.empty]
    if needed and all(name in outputs for name in needed):
        return (), {one.name: outputs[one.name] for one in parameters if one.name in outputs}
    main = main_name(outputs)
    if main is None:
        raise ModelError(
            f"{taker} takes {', '.join(one.name for one in parameters)}, and {giver} gives "
            f"{', '.join(outputs)}, none of which is called {' or '.join(MAIN_OUTPUTS)}"
        )
    return (outputs[main],), {}
