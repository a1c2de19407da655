"""Which of a framework's devices a configuration means."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vega_core.backend.contract import Device
from vega_core.errors import ConfigError


def preferring(
    listed: Sequence[Device],
    name: str | None,
    framework: str,
    plain: Callable[[str], str] = str,
) -> Sequence[Device]:
    """Returns the devices, one first.

    Args:
        listed: The devices.
        name: What the configuration calls the device; None changes nothing.
        framework: The framework, for errors.
        plain: Makes of a name that of a device, in lower case, or of a family, for its first.

    Raises:
        ConfigError: There is no such device; lists those that there are.
    """
    if name is None:
        return listed
    wanted = plain(name)
    chosen = next((one for one in listed if wanted in (one.name.lower(), one.kind)), None)
    if chosen is None:
        names = ", ".join(
            f"{one.name} ({one.description})" if one.description else one.name for one in listed
        )
        raise ConfigError(f"general.backend: {framework} has no device '{name}'; it has {names}")
    return [chosen, *(one for one in listed if one != chosen)]
