"""The operator table: for each primitive operator its ONNX form, or why it has none."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vega_core.errors import ModelError
from vega_core.exchange.onnx.operators import (
    activation,
    arithmetic,
    constant,
    control,
    convolution,
    global_pooling,
    indexing,
    linear,
    logic,
    normalization,
    padding,
    pooling,
    random,
    ranking,
    rectifier,
    reduction,
    resampling,
    rounding,
    shaping,
    slicing,
)
from vega_core.exchange.onnx.site import Form, Forms
from vega_core.exchange.prepare import LOSSES
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.plugins import load_target

FORMAT: Final = "onnx"
"""The key of an operator's ``lowerings`` under which its own package gives its form."""

FORMS: Final[Forms] = MappingProxyType(
    {
        **activation.FORMS,
        **arithmetic.FORMS,
        **constant.FORMS,
        **control.FORMS,
        **convolution.FORMS,
        **global_pooling.FORMS,
        **indexing.FORMS,
        **linear.FORMS,
        **logic.FORMS,
        **normalization.FORMS,
        **padding.FORMS,
        **pooling.FORMS,
        **random.FORMS,
        **ranking.FORMS,
        **rectifier.FORMS,
        **reduction.FORMS,
        **resampling.FORMS,
        **rounding.FORMS,
        **shaping.FORMS,
        **slicing.FORMS,
    }
)
"""Form by operator type."""

EXCLUDED: Final[Mapping[type[Primitive], str]] = MappingProxyType(
    {
        **dict.fromkeys(LOSSES, "a loss is of training, and left out with the outputs it is for"),
        ops.ByMode: "it is one of its inputs once the mode is known",
        ops.Choice: "it is one of its candidates once the graph is specialised",
        ops.Random: "what draws at random in evaluation too cannot be checked; give the network "
        "its noise as an input, or another value in evaluation (vega_core.nn.by_mode)",
    }
)
"""Why an operator has no form, by its type."""


def form_of(op: Primitive) -> Form:
    """Returns the ONNX form of an operator.

    Raises:
        ModelError: It has none.
    """
    kind = type(op)
    if kind in FORMS:
        return FORMS[kind]
    if kind in EXCLUDED:
        raise ModelError(f"{kind.__name__} cannot be exported: {EXCLUDED[kind]}")
    if FORMAT not in kind.lowerings:
        package = kind.__module__.partition(".")[0]
        raise ModelError(
            f"{kind.__name__} (from {package}) has no ONNX form; the package of an operator gives "
            f"one as lowerings = {{{FORMAT!r}: 'package.module:function'}}, and a module of a "
            "framework's own has none"
        )
    form: Form = load_target(kind.lowerings[FORMAT])
    return form
