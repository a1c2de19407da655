"""Loads one plugin in a process of its own, which can be cut short when it hangs.

Run as ``python -m vega_core.plugins.probe NAME``; prints one JSON object a line.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any, TextIO

from vega_core.plugins.catalog import Catalog, load_catalog
from vega_core.plugins.plugin import Component, Plugin
from vega_core.plugins.reasons import reason_of
from vega_core.plugins.switches import DISABLE, SELECT, STRICT


@dataclass(frozen=True, slots=True)
class BackendReport:
    """A backend as its plugin's process saw it.

    Attributes:
        name: The backend's name.
        devices: Its devices, as plain data or text.
        error: Why they could not be listed; empty where they could.
    """

    name: str
    devices: tuple[Any, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """What became of a plugin in a process of its own."""

    status: str
    stage: str = ""
    reason: str = ""
    backends: tuple[BackendReport, ...] = field(default=())


def probe(name: str, timeout: float) -> Probe:
    """Loads one plugin, and lists the devices of its backends, in a child process.

    Args:
        name: The distribution's name.
        timeout: Seconds after which the child and its children are killed.
    """
    environment = os.environ | {SELECT: name, DISABLE: "", STRICT: ""}
    child = subprocess.Popen(
        [sys.executable, "-m", __name__, name],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    late = ""
    try:
        output, errors = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        late = f"it did not finish in {timeout:g} s"
        os.killpg(child.pid, signal.SIGKILL)
        output, errors = child.communicate()
    except BaseException:
        os.killpg(child.pid, signal.SIGKILL)
        raise
    return _read(output, late or _last_words(child.returncode, errors))


def _last_words(code: int, errors: str) -> str:
    last = (errors.strip().splitlines() or [""])[-1]
    return f"its process ended with {code}: {last}".rstrip(": ")


def _read(output: str, early: str) -> Probe:
    """Puts a child's lines together.

    Args:
        output: Its lines; the last ``at`` says what it was doing.
        early: Why it ended, if it did so before its last line.
    """
    status, backends, at = Probe("broken"), [], ("import", "")
    ended = False
    for line in output.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        at = message.get("at", at)
        if "plugin" in message:
            status = Probe(**message["plugin"])
        if "backend" in message:
            backends.append(BackendReport(**message["backend"]))
        ended = ended or "end" in message
    if not ended:
        if at[0] == "backend":
            backends.append(BackendReport(at[1], error=early))
        else:
            status = Probe("broken", at[0], early)
    return dataclasses.replace(status, backends=tuple(backends))


def _child(name: str) -> None:
    # Whatever else writes to standard output, also from C, must not mix with the lines.
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    _say(out, at=("import", name))
    catalog = load_catalog(strict=False)
    plugin = catalog.plugin(name) or Plugin(name, status="broken", stage="name", reason="not found")
    _say(out, plugin={one: getattr(plugin, one) for one in ("status", "stage", "reason")})
    for component in catalog.components("backend"):
        if component.plugin is plugin:
            _say(out, at=("backend", component.name))
            _say(out, backend=_backend(catalog, component))
    _say(out, end=True)


def _backend(catalog: Catalog, component: Component) -> dict[str, Any]:
    try:
        backend = catalog.load("backend", component.qualified)()
        devices = [_device(device) for device in backend.devices()]
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return {"name": component.name, "error": reason_of(error)}
    return {"name": component.name, "devices": devices}


def _device(device: Any) -> Any:
    if dataclasses.is_dataclass(device) and not isinstance(device, type):
        return dataclasses.asdict(device)
    return str(device)


def _say(out: TextIO, **message: Any) -> None:
    out.write(json.dumps(message, default=str) + "\n")
    out.flush()


if __name__ == "__main__":
    _child(sys.argv[1])
