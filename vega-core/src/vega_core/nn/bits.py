"""Bit widths of a quantized network, and which of its layers they are for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from vega_core.errors import ModelError, suggest

Widths: TypeAlias = tuple[int, int]
"""Bits of a weight and bits of an activation."""

_FLOAT: Final = "float"
_SAME: Final = "same"
_PAIR: Final = re.compile(r"w(\d{1,2})a(\d{1,2})|(\d{1,2})x(\d{1,2})")
_MOST: Final = 64


@dataclass(frozen=True)
class Bits:
    """Bit widths by which bit operations are counted.

    The bit operations of a convolution or dense layer are its multiply-adds times the bits of a
    weight times the bits of an activation. A layer that is kept in float has none.

    The first and the last such layer are kept in float unless it is said otherwise, as quantized
    networks usually keep the first convolution and the classifier. In a network of one such
    layer, that is the first.

    Attributes:
        weights: Bits of a weight, 1 to 64.
        activations: Bits of an activation, 1 to 64.
        first: The first layer: ``float``, ``same`` (as the others), or widths such as ``w8a8``.
        last: The last layer, likewise.
        layers: Bits of a weight and of an activation by the name of a layer; they outrank the
            others.

    Example:
        >>> Bits.parse("w4a4, first=w8a8")
        Bits(weights=4, activations=4, first='w8a8', last='float', layers={})
        >>> Bits(2, 4).widths(["stem", "conv1", "conv2", "fc"])
        {'conv1': (2, 4), 'conv2': (2, 4)}
    """

    weights: int
    activations: int
    first: str = _FLOAT
    last: str = _FLOAT
    layers: Mapping[str, Widths] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _checked((self.weights, self.activations))
        for place in (self.first, self.last):
            self._at(place)
        if not isinstance(self.layers, Mapping):
            raise ModelError(f"bits of layers: expected widths by name, got {self.layers!r}")
        for pair in self.layers.values():
            _checked(pair)

    @classmethod
    def parse(cls, text: str) -> Bits:
        """Reads ``w4a4`` (or ``4x4``: weights by activations), with ``first=`` and ``last=``.

        Raises:
            ModelError: It is something else.
        """
        if not isinstance(text, str):
            raise ModelError(f"bits {text!r}: expected text such as 'w4a4', or Bits(4, 4)")
        head, *rest = (part.strip() for part in text.split(","))
        places: dict[str, str] = {}
        for part in rest:
            key, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals or key not in ("first", "last") or key in places:
                raise ModelError(
                    f"bits {text!r}: expected 'first=...' or 'last=...' after the comma, "
                    f"got {part!r}{suggest(key, ('first', 'last'))}"
                )
            places[key] = value
        weights, activations = _pair(head)
        first, last = (places.get(place, _FLOAT) for place in ("first", "last"))
        return cls(weights, activations, first, last)

    def widths(self, layers: Sequence[str]) -> dict[str, Widths]:
        """Returns the widths by layer; those that are kept in float are left out.

        Args:
            layers: Names of the convolutions and dense layers, in order.

        Raises:
            ModelError: ``self.layers`` names another one.
        """
        found: dict[str, Widths | None] = dict.fromkeys(layers, (self.weights, self.activations))
        if layers:
            found[layers[-1]] = self._at(self.last)
            found[layers[0]] = self._at(self.first)
        for name, pair in self.layers.items():
            if name not in found:
                raise ModelError(f"bits: there is no layer {name!r}{suggest(name, found)}")
            found[name] = pair
        return {name: pair for name, pair in found.items() if pair is not None}

    def __str__(self) -> str:
        return f"w{self.weights}a{self.activations}"

    def _at(self, place: str) -> Widths | None:
        if place == _SAME:
            return self.weights, self.activations
        return None if place == _FLOAT else _pair(place)


def _pair(text: str) -> Widths:
    match = _PAIR.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ModelError(
            f"bits {text!r}: expected bits of weights and activations such as 'w4a4', or, for "
            f"the first or the last layer, also {_FLOAT!r} or {_SAME!r}"
        )
    weights, activations = (int(number) for number in match.groups() if number is not None)
    return _checked((weights, activations))


def _checked(pair: Widths) -> Widths:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ModelError(f"bits are of a weight and of an activation, and got {pair!r}")
    for name, bits in zip(("a weight", "an activation"), pair, strict=True):
        if type(bits) is not int or not 1 <= bits <= _MOST:
            raise ModelError(f"bits of {name} are 1 to {_MOST}, and got {bits!r}")
    return pair[0], pair[1]
