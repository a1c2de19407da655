"""``vega doctor``: whether the installation works, and what is wrong with it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from vega_core import __version__
from vega_core.cli.output import emit, plain, table
from vega_core.plugins.discovery import Found, discover
from vega_core.plugins.probe import BackendReport, Probe, probe
from vega_core.plugins.requirements import requirements, satisfies
from vega_core.plugins.switches import SELECT, Switches

_TIMEOUT_S = 10.0
_SHARED = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "afs", "lustre", "gpfs", "beegfs", "ceph")
_NO_FILES = ("proc", "sysfs", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; ``status`` is ``ok``, ``warning`` or ``broken``."""

    name: str
    status: str
    message: str


@dataclass(frozen=True, slots=True)
class Examined:
    """A plugin, what its own process said of it, and what it requires."""

    name: str
    version: str
    status: str
    stage: str
    reason: str
    backends: tuple[BackendReport, ...]
    requires: tuple[dict[str, str], ...]


@click.command("doctor")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    help="The folder that runs will be written to.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=_TIMEOUT_S,
    show_default=True,
    help="Seconds that a plugin and its framework may take to load.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(output: Path, timeout: float, as_json: bool) -> int:
    """Check the installation: versions, devices, plugins and the machine.

    Each plugin is loaded in a process of its own. The exit code is 1 where something is broken.
    """
    plugins = [examine(found, timeout) for found in discover()]
    checks = [_cpus(), _filesystem(output), *_missing(plugins), *_selected(plugins)]
    versions = {
        "vega-core": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": platform.platform(),
    }
    broken = sum(_is_broken(one) for one in plugins) + sum(one.status == "broken" for one in checks)
    data = {"versions": versions, "plugins": plugins, "checks": checks, "broken": broken}
    emit(data, as_json, _lines(versions, plugins, checks, broken))
    return 1 if broken else 0


def examine(found: Found, timeout: float) -> Examined:
    """Loads a plugin in a process of its own and looks up what it requires."""
    off = Switches.from_environment().reason_off(found.name)
    if found.problem:
        result = Probe("broken", "name", found.problem)
    elif off:
        result = Probe("off", reason=off)
    else:
        result = probe(found.name, timeout)
    return Examined(
        found.name,
        found.version,
        result.status,
        result.stage,
        result.reason,
        result.backends,
        tuple(_required(found)),
    )


def _required(found: Found) -> Iterator[dict[str, str]]:
    import importlib_metadata

    for requirement in requirements(found.requires):
        try:
            installed = importlib_metadata.version(requirement.name)
        except importlib_metadata.PackageNotFoundError:
            installed = ""
        met = bool(installed) and satisfies(installed, requirement.specifier)
        status = "ok" if met else "broken"
        yield {
            "name": requirement.name,
            "needs": requirement.specifier,
            "installed": installed,
            "status": status,
        }


def _is_broken(plugin: Examined) -> bool:
    return plugin.status == "broken" or any(one.error for one in plugin.backends)


def _missing(plugins: list[Examined]) -> Iterator[Check]:
    for plugin in plugins:
        for one in plugin.requires:
            if one["status"] != "ok":
                there = f"{one['installed']} is installed" if one["installed"] else "it is missing"
                needs = f"{one['name']} {one['needs']}".rstrip()
                yield Check("requirement", "broken", f"{plugin.name} needs {needs}; {there}")


def _selected(plugins: list[Examined]) -> Iterator[Check]:
    for name in Switches.from_environment().absent(one.name for one in plugins):
        yield Check("selection", "broken", f"{SELECT} names {name}, but it is not installed")


def _cpus() -> Check:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Check("processors", "ok", f"{usable} usable of {os.cpu_count()}")


def _filesystem(output: Path) -> Check:
    """Warns where locks and a database's log may not hold: on a shared filesystem."""
    folder = output.absolute()
    while not folder.exists():
        folder = folder.parent
    kind = _filesystem_type(folder.resolve())
    if not os.access(folder, os.W_OK) or kind in _NO_FILES:
        return Check("run folder", "broken", f"{folder} cannot be written to")
    if kind.startswith(_SHARED):
        text = f"{folder} is on {kind}; locks and the journal need a disk of this machine"
        return Check("run folder", "warning", f"{text}: write runs elsewhere with --output")
    return Check("run folder", "ok", f"{folder} is on {kind or 'an unknown filesystem'}")


def _filesystem_type(folder: Path) -> str:
    """Returns the type of the filesystem that holds a folder, as the kernel lists it."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return ""
    found: tuple[int, str] = (-1, "")
    for line in mounts.read_text().splitlines():
        _, place, kind, *_ = line.split(" ")
        mount = Path(place.encode().decode("unicode_escape"))
        if folder.is_relative_to(mount):
            found = max(found, (len(mount.parts), kind), key=lambda one: one[0])
    return found[1]


def _lines(
    versions: dict[str, str], plugins: list[Examined], checks: list[Check], broken: int
) -> Iterator[str]:
    yield from table(versions.items())
    for plugin in plugins:
        yield ""
        stage = f" ({plugin.stage})" if plugin.stage else ""
        reason = f": {plugin.reason}" if plugin.reason else ""
        yield f"{plugin.name} {plugin.version}  {plugin.status}{stage}{reason}"
        rows = [(one["name"], one["installed"] or "missing") for one in plugin.requires]
        yield from table(rows, indent=2)
        for backend in plugin.backends:
            yield f"  backend {backend.name}: {backend.error or _devices(backend)}"
    yield ""
    yield from table([(one.name, one.status, one.message) for one in checks])
    yield ""
    yield f"{broken} broken" if broken else "nothing is broken"


def _devices(backend: BackendReport) -> str:
    texts = [_device(plain(device)) for device in backend.devices]
    return ", ".join(texts) or "no devices"


def _device(device: Any) -> str:
    if not isinstance(device, dict):
        return str(device)
    memory = f"{device['memory_mb']:.0f} MB" if device.get("memory_mb") else ""
    details = ", ".join(text for text in (device.get("description", ""), memory) if text)
    return f"{device.get('name', device)}" + (f" ({details})" if details else "")
