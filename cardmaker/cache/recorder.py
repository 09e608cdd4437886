"""What the cache tells about itself."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Protocol


class Recorder(Protocol):
    """Takes counts and durations; quick, and never fails."""

    def add(self, counter: str, count: int = 1) -> None: ...
    def took(self, operation: str, ms: float) -> None: ...
    def event(self, kind: str, text: str) -> None: ...
    def merge(self, fields: Mapping[str, float]) -> None:
        """What a process of ours recorded for us, as fields of a slice."""
        ...

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

    def event(self, kind: str, text: str) -> None:
        pass

    def merge(self, fields: Mapping[str, float]) -> None:
        pass

    def counts(self) -> Counter[str]:
        with self._lock:
            return self._counts.copy()
