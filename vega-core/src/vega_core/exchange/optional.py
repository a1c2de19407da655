"""Packages that only an extra installs: imported where they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from vega_core.plugins import NotInstalled


def need(module: str, extra: str) -> Any:
    """Imports a module of an optional package.

    Args:
        module: Its dotted name.
        extra: The extra of vega-core that installs it.

    Raises:
        NotInstalled: It cannot be imported; chains the cause and says what installs it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise NotInstalled(
            f"{package} cannot be imported: {error}; install it with "
            f"python -m pip install 'vega-core[{extra}]'"
        ) from error
