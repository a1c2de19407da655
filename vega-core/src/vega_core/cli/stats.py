"""``vega stats``: what a model costs, counted without a framework and without running it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

import click

from vega_core.cli.options import local_plugins

if TYPE_CHECKING:
    from vega_core.cli.costs import Counted
    from vega_core.nn.shapes import TensorSpec
    from vega_core.nn.statistics import Layer, Statistics
    from vega_core.pipeline.described import Specs

_INPUT: Final = re.compile(r"(?:(?P<name>[^=:]+)=)?(?P<shape>\d+(?:x\d+)*)(?::(?P<dtype>\w+))?")


@click.command("stats")
@click.argument("model")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="SHAPE",
    help="One sample: 3x224x224, or 64; with an element type: 16:int64; of a network with several "
    "inputs, each by name: image=3x64x64. By default the dataset's, else 3x224x224.",
)
@click.option(
    "--bits",
    metavar="BITS",
    help="Count bit operations: w4a4 is 4 bits a weight and 4 an activation. The first and the "
    "last layer stay in float; 'w4a4,first=w8a8,last=same' says otherwise.",
)
@click.option("--step", metavar="NAME", help="Step of a configuration; else the first.")
@local_plugins
@click.option("--layers/--no-layers", default=True, help="List the layers, or only the totals.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    model: str,
    inputs: Sequence[str],
    bits: str | None,
    step: str | None,
    local: Sequence[str],
    layers: bool,
    as_json: bool,
) -> None:
    """Count the parameters, multiply-adds, activations and memory of MODEL.

    MODEL is a file (a description or a configuration in YAML or JSON, an ONNX file, or the
    model.json of a trained model), a run directory (its best model), the name of a network
    (ResNet, ResNet-50, ResNet:depth=50,num_classes=10), or a description in YAML:
    '{type: ResNet, depth: 50}'.

    All counts are for one sample. One multiply-add is one; what many papers call FLOPs. No
    deep-learning framework is imported.
    """
    # Imported here, so that `vega --help` does not wait for it.
    from vega_core.cli.costs import Counted, lines
    from vega_core.cli.output import emit
    from vega_core.errors import ShapeError
    from vega_core.nn.bits import Bits
    from vega_core.pipeline.finding import describe_model

    given = _specs(inputs)
    widths = Bits.parse(bits) if bits is not None else None
    found = describe_model(model, step=step, plugins=local)
    source = "given" if given else found.inputs_from if found.inputs else "assumed"
    specs = given or found.specs()
    try:
        statistics = found.stats(specs, widths)
    except ShapeError as error:
        hint = "; this input is assumed, --input gives another" if source == "assumed" else ""
        raise ShapeError(f"{error}{hint}") from None
    counted = Counted(found, specs, source, statistics, _otherwise(statistics))
    emit(_data(counted, layers), as_json, lines(counted, layers))


def _specs(texts: Sequence[str]) -> Specs:
    """Returns the inputs that the options give, by name."""
    from vega_core.errors import UserError
    from vega_core.pipeline.described import DEFAULT_NAME

    specs: dict[str, TensorSpec] = {}
    for text in texts:
        match = _INPUT.fullmatch(text.strip())
        if match is None:
            raise UserError(f"--input {text!r}: expected a shape such as 3x224x224")
        name = match["name"] or DEFAULT_NAME
        if name in specs:
            raise UserError(f"--input {text!r}: there is an input '{name}' already; name each")
        specs[name] = _spec(match["shape"], match["dtype"] or "float32", text)
    return specs


def _spec(shape: str, dtype: str, text: str) -> TensorSpec:
    import numpy as np

    from vega_core.errors import UserError
    from vega_core.nn.shapes import batched

    sizes = [int(size) for size in shape.split("x")]
    if min(sizes) < 1:
        raise UserError(f"--input {text!r}: sizes are positive")
    try:
        known = np.dtype(dtype).name == dtype and np.dtype(dtype).kind in "biuf"
    except TypeError:
        known = False
    if not known:
        raise UserError(f"--input {text!r}: {dtype!r} is no element type; float32 and int64 are")
    return batched(sizes, dtype)


def _otherwise(statistics: Statistics) -> Statistics | None:
    """Returns the count by another convention for the first layer, where there are bits."""
    if statistics.bits is None:
        return None
    first = "w8a8" if statistics.bits.first == "float" else "float"
    return statistics.with_bits(replace(statistics.bits, first=first))


def _data(counted: Counted, layers: bool) -> dict[str, Any]:
    statistics = counted.statistics
    known = not statistics.uncounted
    data: dict[str, Any] = {
        "model": counted.model.description,
        "origin": counted.model.origin,
        "hash": counted.model.hash,
        "inputs": {name: _input(spec) for name, spec in counted.specs.items()},
        "inputs_are": counted.source,
        "params": statistics.params,
        "macs": statistics.macs if known else None,
        "activations": statistics.activations if known else None,
        "parameter_bytes": statistics.parameter_bytes,
        "peak_activation_bytes": statistics.peak_activation_bytes if known else None,
        "memory_mb": statistics.memory_mb if known else None,
        "uncounted": statistics.uncounted,
    }
    if counted.otherwise is not None:
        data["bops"] = statistics.bops if known else None
        conventions = (statistics, counted.otherwise) if known else ()
        data["bops_by_convention"] = [_bops(one) for one in conventions]
    if layers:
        left_out = () if counted.otherwise is not None else ("bops",)
        unknown = statistics.uncounted
        data["layers"] = [_layer(one, left_out, one.name in unknown) for one in statistics.layers]
    return data


def _bops(statistics: Statistics) -> dict[str, Any]:
    assert statistics.bits is not None  # noqa: S101 - for the type checker
    return {
        "weights": statistics.bits.weights,
        "activations": statistics.bits.activations,
        "first": statistics.bits.first,
        "last": statistics.bits.last,
        "bops": statistics.bops,
    }


def _input(spec: TensorSpec) -> dict[str, Any]:
    return {"shape": list(spec.shape[1:]), "dtype": spec.dtype}


def _layer(layer: Layer, left_out: Sequence[str], uncounted: bool) -> dict[str, Any]:
    values = {field.name: getattr(layer, field.name) for field in fields(layer)}
    if uncounted:
        values |= dict.fromkeys(("macs", "activations", "live_bytes", "bops"))
    return {name: value for name, value in values.items() if name not in left_out}
