"""A circuit breaker: after a few failures in a row a service is left alone for a while, then probed by one call."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from enum import StrEnum

# Many processes must not come back in the same instant.
_chance = random.Random()
_JITTER = 0.2


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Closed, it lets every call through; open, none; then half-open, one that decides. `reason` is why it opened.

    Safe to share between threads. `clock` gives seconds and never goes back.
    """

    def __init__(self, failures: int, open_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._open_s, self._clock = failures, open_s, clock
        self._lock = threading.Lock()
        self._failed = 0
        self._until: float | None = None
        self._probing = False
        self.reason = ""
        self.openings = 0

    @property
    def state(self) -> State:
        with self._lock:
            if self._until is None:
                return State.CLOSED
            return State.OPEN if self._clock() < self._until else State.HALF_OPEN

    def allows(self) -> bool:
        """Whether a call may be made now. Who is let through tells how it went by `succeeded`, `failed` or
        `undecided`."""
        with self._lock:
            if self._until is None:
                return True
            if self._clock() < self._until or self._probing:
                return False
            self._probing = True
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failed, self._until, self._probing, self.reason = 0, None, False, ""

    def failed(self, reason: str, open_s: float | None = None) -> bool:
        """Counts a failure; one that says how long opens at once. True when it opened the breaker by this."""
        with self._lock:
            self._failed += 1
            was_open = self._until is not None
            if not (was_open or open_s is not None or self._failed >= self._limit):
                return False
            wait = self._open_s if open_s is None else open_s
            self._until = self._clock() + wait * _chance.uniform(1 - _JITTER, 1)
            self._probing, self.reason = False, reason
            self.openings += not was_open
            return not was_open

    def undecided(self) -> None:
        """The call that was let through says nothing of the service: another one may probe."""
        with self._lock:
            self._probing = False

    def reset(self) -> None:
        """Closes it: an operator knows that the service is back."""
        self.succeeded()
