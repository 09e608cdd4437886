"""What the cache tells about itself."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Protocol


class Recorder(Protocol):
    """Takes counts and durations; quick, and never fails."""

    def add(self, counter: str, count: int = 1) -> None: ...
    def took(self, operation: str, ms: float) -> None: ...
    def counts(self) -> Counter[str]:
        """All counters since it began."""
        ...


class Tally:
    """A recorder that only counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, counter: str, count: int = 1) -> None:
        with self._lock:
            self._counts[counter] += count

    def took(self, operation: str, ms: float) -> None:
        pass

    def counts(self) -> Counter[str]:
        with self._lock:
            return self._counts.copy()
