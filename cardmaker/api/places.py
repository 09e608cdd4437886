"""How much goes on at the same time, and for how long."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import anyio
from anyio import CapacityLimiter, to_thread

from cardmaker.api.answers import Refusal
from cardmaker.settings import Settings

T = TypeVar("T")
Stopped = Callable[[], bool]

# More threads than this would only wait for each other.
_THREADS = 24
_RETRY_S = "2"


class Places:
    """For requests that bring a deck: each takes a place for its upload and its render, for a bounded time. Whoever
    finds none, or no room for what it brings, is told to come again, so that neither memory nor patience ends first."""

    def __init__(self, settings: Settings) -> None:
        self._free, self._deadline_s = settings.renders_at_once, settings.request_s
        self._room_bytes = settings.uploads_bytes
        self._threads = CapacityLimiter(min(_THREADS, settings.renders_at_once))

    @property
    def are_taken(self) -> bool:
        return self._free <= 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Load]:
        """Raises Refusal: 429 when all are taken, 504 when the time is over."""
        if self.are_taken:
            raise _busy("as many decks as this server takes are under way; try again shortly")
        self._free -= 1
        load = Load(self)
        try:
            with anyio.move_on_after(self._deadline_s) as time:
                yield load
        finally:
            self._free += 1
            self._room_bytes += load.bytes
        if time.cancelled_caught:
            raise Refusal(
                504, "deadline", f"not done within {self._deadline_s:g} s; send the deck as a task, or a smaller one"
            )

    def make_room(self, size: int) -> None:
        """Raises Refusal with 429 when there is none."""
        if size > self._room_bytes:
            raise _busy("the decks under way fill the memory that this server has for them; try again shortly")
        self._room_bytes -= size

    async def run(self, work: Callable[[Stopped], T]) -> T:
        """The work's result, from a thread. Once the request's time is over nobody waits for it any more, and what it
        is handed says that it may stop."""
        stop = threading.Event()
        try:
            return await to_thread.run_sync(lambda: work(stop.is_set), limiter=self._threads, abandon_on_cancel=True)
        finally:
            stop.set()


@dataclass(slots=True)
class Load:
    """What one request has brought so far."""

    _places: Places
    bytes: int = 0

    def add(self, size: int) -> None:
        """Raises Refusal with 429 when it finds no room beside what others bring."""
        self._places.make_room(size)
        self.bytes += size


def _busy(message: str) -> Refusal:
    return Refusal(429, "busy", message, {"Retry-After": _RETRY_S})
