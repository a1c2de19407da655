"""A quick test of whether a configuration lies in a space."""

from __future__ import annotations

from collections.abc import Callable

from vega_core.errors import SpaceError
from vega_core.search.proposal import Config
from vega_core.space import SearchSpace


def membership(space: SearchSpace) -> Callable[[Config], None]:
    """Returns a function that does what ``space.validate`` does, once an `ask`.

    Where no parameter depends on another it looks at the values one by one, which takes a tenth of
    the time of building columns.
    """
    if space.conditions or space.forbidden:
        return space.validate
    codes = {name: kind.code for name, kind in space.parameters.items()}

    def check(config: Config) -> None:
        try:
            for name, value in config.items():
                codes[name](value)
            doubtful = len(config) < len(codes)
        except (KeyError, SpaceError):
            doubtful = True
        if doubtful:
            space.validate(config)

    return check
