"""Who may decode now: memory follows the pixels that are decoded at the same time, not the number of threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Lets in as many pixels at once as it has room for, first come, first served. An image with more than all of it
    waits until it is alone. Share one among all threads that share memory; a thread must not enter twice."""

    def __init__(self, pixels: int) -> None:
        self._room = self._free = pixels
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()

    @contextmanager
    def room(self, pixels: int) -> Iterator[None]:
        """Waits until there is room for an image of that many pixels, and keeps it within the block."""
        taken = min(pixels, self._room)
        self._enter(taken)
        try:
            yield
        finally:
            with self._changed:
                self._free += taken
                self._changed.notify_all()

    def _enter(self, taken: int) -> None:
        place = object()
        with self._changed:
            self._queue.append(place)
            try:
                self._changed.wait_for(lambda: self._queue[0] is place and self._free >= taken)
                self._free -= taken
            finally:  # also when the wait is interrupted: nobody shall queue behind who has gone
                self._queue.remove(place)
                self._changed.notify_all()
