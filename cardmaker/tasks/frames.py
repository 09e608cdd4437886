"""How a server and its render process talk: frames over a pair of pipes. One byte of kind, four of length (big-endian),
then that many bytes."""

from __future__ import annotations

import struct
import threading
from enum import IntEnum
from typing import BinaryIO

_HEAD = struct.Struct(">BI")
MOST_BYTES = 1 << 30


class Kind(IntEnum):
    # to the render process
    SETTINGS = 1
    JOB = 2
    IMAGE = 3
    NO_IMAGE = 4
    CANCEL = 5
    # from it
    READY = 10
    PROGRESS = 11
    GIVE = 12
    DATA = 13
    DONE = 14
    FAILED = 15
    CANCELLED = 16
    METRICS = 17


class Ended(Exception):
    """The other side is gone, or talks of something else."""


class Frames:
    """Reading is for one thread; any may write."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source, self._sink = source, sink
        self._lock = threading.Lock()

    def send(self, kind: Kind, data: bytes = b"") -> None:
        """Raises Ended."""
        try:
            with self._lock:
                self._sink.write(_HEAD.pack(kind, len(data)))
                self._sink.write(data)
                self._sink.flush()
        except (OSError, ValueError) as error:
            raise Ended from error

    def receive(self) -> tuple[Kind, bytes]:
        """Waits for the next one. Raises Ended."""
        try:
            number, length = _HEAD.unpack(self._exactly(_HEAD.size))
            if length > MOST_BYTES:
                raise Ended
            return Kind(number), self._exactly(length)
        except (OSError, ValueError) as error:
            raise Ended from error

    def _exactly(self, length: int) -> bytes:
        data = self._source.read(length)
        if len(data) < length:
            raise Ended
        return data
