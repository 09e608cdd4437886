"""The render process of a server: `python -m cardmaker.child`, on pipes to its parent. See `cardmaker.tasks.process`.

Ends when its parent does, whatever it is doing.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from dataclasses import replace
from typing import BinaryIO, NoReturn

from cardmaker.cache import failures
from cardmaker.errors import Cancelled, TaskGone
from cardmaker.limits import Limits
from cardmaker.settings import MIB, Settings
from cardmaker.tasks.frames import Ended, Frames, Kind
from cardmaker.tasks.job import load
from cardmaker.workbench import Watch, Workbench

_TILES_BYTES = 64 * MIB
_FRAME_BYTES = 1 << 20
_TELL_S = 0.05
# The pages of the server come first.
_NICE = 5


class _Parent:
    """The parent's side as a render sees it: images, a sink, progress."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._images: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._asking = threading.Lock()
        self._cancelled = threading.Event()
        self._told_s = 0.0

    def listen(self) -> NoReturn:
        """Until the parent ends, and this process with it."""
        try:
            while True:
                kind, data = self._frames.receive()
                if kind is Kind.JOB:
                    self._cancelled.clear()
                    self._jobs.put(data)
                elif kind is Kind.CANCEL:
                    self._cancelled.set()
                else:
                    self._images.put(data if kind is Kind.IMAGE else None)
        except Ended:
            os._exit(0)

    def next_job(self) -> bytes:
        return self._jobs.get()

    def image(self, digest: str) -> bytes:
        with self._asking:
            self._frames.send(Kind.GIVE, digest.encode())
            data = self._images.get()
        if data is None:
            raise TaskGone("an image of this task is not there; submit it again")
        return data

    def send_data(self, data: bytes) -> None:
        self._frames.send(Kind.DATA, data)

    def progress(self, done: float, doing: str) -> None:
        now = time.monotonic()
        if now - self._told_s >= _TELL_S:
            self._told_s = now
            self._frames.send(Kind.PROGRESS, json.dumps([done, doing]).encode())

    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()


def main() -> None:
    frames = Frames(*_pipes())
    kind, data = frames.receive()
    if kind is not Kind.SETTINGS:
        raise Ended
    told = json.loads(data)
    settings = replace(Settings(**told["settings"]), cache_memory_bytes=_TILES_BYTES)
    workbench, parent = Workbench(settings, Limits(**told["limits"])), _Parent(frames)
    threading.Thread(target=parent.listen, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    frames.send(Kind.READY)
    while True:
        _serve(parent, parent.next_job(), workbench, frames)


def _serve(parent: _Parent, data: bytes, workbench: Workbench, frames: Frames) -> None:
    try:
        job = load(data, parent.image)
        request = workbench.request(job.artwork, job.settings)
        sink = _Sink(parent)
        workbench.write(request, job.artwork, sink, Watch(parent.progress, parent.is_cancelled))
        sink.flush()
        if workbench.link is None:  # else it tells Redis itself
            frames.send(Kind.METRICS, json.dumps(workbench.metrics.drain()).encode())
    except Cancelled:
        frames.send(Kind.CANCELLED)
    except Ended:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent is told
        frames.send(Kind.FAILED, failures.dump(error))
    else:
        frames.send(Kind.DONE)


class _Sink:
    """Many small writes travel as few frames; none after `flush`, whatever became of the render."""

    def __init__(self, parent: _Parent) -> None:
        self._parent = parent
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, data: bytes, /) -> int:
        self._pieces.append(bytes(data))
        self._size += len(data)
        if self._size >= _FRAME_BYTES:
            self.flush()
        return len(data)

    def flush(self) -> None:
        pieces, self._pieces, self._size = self._pieces, [], 0
        if pieces:
            self._parent.send_data(b"".join(pieces))


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Ours alone: what anything else here reads is empty, what it writes goes to the log."""
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return os.fdopen(source, "rb"), os.fdopen(sink, "wb")


if __name__ == "__main__":
    try:
        main()
    except (Ended, KeyboardInterrupt):
        sys.exit(0)
