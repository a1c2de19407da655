"""Memory of process groups and the kernel's kills for memory, as Linux tells them in /proc.

Where there is no /proc, nothing is known: no process uses memory, no kill is counted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

_MB = 1024 * 1024
_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")
_OOM_KILLS = re.compile(rb"^oom_kill (\d+)$", re.MULTILINE)


def resident_mb() -> float:
    """Resident memory of this process, in MiB."""
    return _resident_mb(os.getpid())


def group_resident_mb(groups: Iterable[int]) -> dict[int, float]:
    """Resident memory of process groups, in MiB; pages shared by several processes count in each.

    Args:
        groups: Process group ids.
    """
    totals = dict.fromkeys(groups, 0.0)
    if not _PROC.is_dir():
        return totals
    for entry in os.scandir(_PROC):
        if entry.name.isdigit():
            group = _group(int(entry.name))
            if group in totals:
                totals[group] += _resident_mb(int(entry.name))
    return totals


def oom_kills() -> int:
    """Processes of this control group that the kernel has killed for memory so far."""
    for path in _counters():
        match = _OOM_KILLS.search(_read(path))
        if match:
            return int(match[1])
    return 0


def _counters() -> Iterable[Path]:
    """Files that may hold the counter: control groups 2, control groups 1, the whole host."""
    for line in _read(_PROC / "self" / "cgroup").decode(errors="replace").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield _CGROUPS / path.lstrip("/") / "memory.events"
            yield _CGROUPS / "memory.events"
        elif "memory" in controllers.split(","):
            yield _CGROUPS / "memory" / path.lstrip("/") / "memory.oom_control"
            yield _CGROUPS / "memory" / "memory.oom_control"
    yield _PROC / "vmstat"


def _group(pid: int) -> int:
    # "pid (name) state parent group ...", where the name may hold anything.
    fields = _read(_PROC / str(pid) / "stat").rpartition(b")")[2].split()
    return int(fields[2]) if len(fields) > 2 else -1


def _resident_mb(pid: int) -> float:
    fields = _read(_PROC / str(pid) / "statm").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / _MB if len(fields) > 1 else 0.0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process has ended, or the file is not there
        return b""
