"""Messages as JSON lines over pipes, on both sides."""

from __future__ import annotations

import os
import select
from typing import Any

from vega_core.store.encoding import dumps, loads

Message = dict[str, Any]
_CHUNK = 1 << 18


def pack(message: Message) -> bytes:
    """A message as one line.

    Raises:
        TypeError: A value of it is not plain data.
    """
    return dumps(message).encode() + b"\n"


def write_all(descriptor: int, data: bytes) -> None:
    """Writes everything to a blocking descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


class LineReader:
    """Takes messages out of a pipe.

    Args:
        descriptor: Read end of the pipe; blocking or not.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.ended = False
        self._parts: list[bytes] = []  # of a line that is not complete yet

    def read(self) -> list[Message]:
        """Reads once and returns the messages completed by it.

        Sets ``ended`` at the end of the pipe; a line that is torn there is dropped.
        """
        try:
            chunk = os.read(self.descriptor, _CHUNK)
        except BlockingIOError:
            return []
        if not chunk:
            self.ended = True
            return []
        *lines, rest = chunk.split(b"\n")
        if not lines:
            self._parts.append(rest)
            return []
        lines[0] = b"".join([*self._parts, lines[0]])
        self._parts = [rest] if rest else []
        return [loads(line.decode()) for line in lines]

    def ready(self) -> bool:
        """Whether a read would not block."""
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        return bool(poll.poll(0))
