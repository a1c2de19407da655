"""What a model costs, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vega_core.cli.output import table
from vega_core.nn.bits import Bits
from vega_core.nn.forms import label_of
from vega_core.nn.shapes import TensorSpec, show
from vega_core.nn.statistics import MEGABYTE, Layer, Statistics
from vega_core.pipeline.described import DescribedModel, Specs

_UNITS: Final = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "K"))


@dataclass(frozen=True)
class Counted:
    """A model and what was counted of it.

    Attributes:
        model: The model.
        specs: The inputs that it was counted for.
        source: Where these come from: ``given``, ``of the dataset``, ``of the file`` or
            ``assumed``.
        statistics: What was counted.
        otherwise: The same by another convention for bit operations; None where there are none.
    """

    model: DescribedModel
    specs: Specs
    source: str
    statistics: Statistics
    otherwise: Statistics | None


def lines(counted: Counted, layers: bool) -> Iterator[str]:
    """Yields what was counted, a line each: the layers with a cost, if wanted, and the totals."""
    inputs = ", ".join(_input(name, spec) for name, spec in counted.specs.items())
    hint = "; --input gives another" if counted.source == "assumed" else ""
    yield f"{_title(counted.model.description)}, {counted.model.origin}"
    yield f"input {inputs} ({counted.source}{hint})"
    yield ""
    if layers:
        yield from _layers(counted.statistics)
        yield ""
    yield from table(_totals(counted))


def _title(description: Mapping[str, Any]) -> str:
    others = {key: value for key, value in description.items() if key not in ("type", "format")}
    return " ".join([label_of(description), *(f"{key}={value}" for key, value in others.items())])


def _layers(statistics: Statistics) -> Iterator[str]:
    unknown = statistics.uncounted
    costly = [one for one in statistics.layers if one.params or one.macs or one.name in unknown]
    bops = statistics.bops is not None
    heads = ["layer", "operator", "output", "params", "macs", "activations", *["bops"] * bops]
    rows = [heads, *(_row(layer, bops, layer.name not in unknown) for layer in costly)]
    yield from _aligned(rows, left=3)
    others = len(statistics.layers) - len(costly)
    if others:
        yield f"and {others} operator{'s' * (others != 1)} without parameters and multiply-adds"


def _row(layer: Layer, bops: bool, known: bool) -> list[str]:
    counts = [layer.macs, layer.activations, *[layer.bops or 0] * bops]
    shown = [f"{count:,}" if known else "?" for count in counts]
    return [layer.name, layer.op, show(layer.shape), f"{layer.params:,}", *shown]


def _aligned(rows: Sequence[Sequence[str]], left: int) -> Iterator[str]:
    """Yields rows as lines: the first columns begin at one place, the others end at one."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, range(len(row)), strict=True)
        text = [cell.ljust(size) if at < left else cell.rjust(size) for cell, size, at in cells]
        yield "  ".join(text).rstrip()


def _totals(counted: Counted) -> Iterator[tuple[str, str]]:
    statistics = counted.statistics
    yield "parameters", _number(statistics.params)
    if statistics.uncounted:
        modules = ", ".join(statistics.uncounted)
        yield "multiply-adds", f"not known: a framework's own module ({modules}) hides its own"
        parameters = statistics.parameter_bytes / MEGABYTE
        yield "memory", f"{parameters:.3g} MB of parameters, and values that are not known"
        return
    yield "multiply-adds", _number(statistics.macs)
    yield "activations", _number(statistics.activations)
    for number, one in enumerate((statistics, counted.otherwise)):
        if one is not None and one.bits is not None and one.bops is not None:
            name = "bit operations" if number == 0 else "or"
            yield name, f"{_number(one.bops)} at {one.bits}, {_convention(one.bits)}"
    yield "memory", _memory(statistics)


def _memory(statistics: Statistics) -> str:
    parameters = statistics.parameter_bytes / MEGABYTE
    values = statistics.peak_activation_bytes / MEGABYTE
    return (
        f"{statistics.memory_mb:.3g} MB: {parameters:.3g} of parameters, {values:.3g} of values "
        "of one sample at the peak"
    )


def _convention(bits: Bits) -> str:
    words = {"float": "in float (not counted)", "same": f"at {bits}"}
    first, last = (words.get(place, f"at {place}") for place in (bits.first, bits.last))
    if first == last:
        return f"first and last layer {first}"
    return f"first layer {first}, last layer {last}"


def _input(name: str, spec: TensorSpec) -> str:
    shape = "x".join(map(str, spec.shape[1:])) or "one number"
    return f"{name} {shape}" + (f" {spec.dtype}" if spec.dtype != "float32" else "")


def _number(value: int) -> str:
    for unit, letter in _UNITS:
        if value >= unit:
            return f"{value:,} ({value / unit:.4g} {letter})"
    return str(value)
