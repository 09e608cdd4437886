"""The memory tier: the values used last, within a bound in bytes. Also what serves when Redis is away."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cardmaker.cache.blob import Blob

# What Python keeps around a value: its key, its place in the order, the objects themselves.
_OVERHEAD_BYTES = 600


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a tier holds."""

    entries: int
    bytes: int


class MemoryTier:
    """LRU, bounded by `max_bytes` in all and `max_entry_bytes` each; values end after `ttl_s`, counted anew at each
    hit. `evicted` hears how many went to make room. Safe to share between threads."""

    def __init__(
        self,
        max_bytes: int,
        max_entry_bytes: int,
        ttl_s: float,
        clock: Callable[[], float] = time.monotonic,
        evicted: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._max, self._max_entry, self._ttl_s, self._clock = max_bytes, max_entry_bytes, ttl_s, clock
        self._evicted = evicted
        self._lock = threading.Lock()
        # Value, when it ends, and how long it lives after a hit.
        self._entries: OrderedDict[str, tuple[Blob, float, float]] = OrderedDict()
        self._bytes = 0
        self.evictions = 0

    def get(self, key: str) -> Blob | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            blob, ends, ttl_s = entry
            if self._clock() >= ends:
                self._remove(key)
                return None
            self._entries[key] = blob, self._clock() + ttl_s, ttl_s
            self._entries.move_to_end(key)
            return blob

    def has(self, key: str) -> bool:
        """Whether `get` would find it; does not count as a use."""
        with self._lock:
            entry = self._entries.get(key)
            return entry is not None and self._clock() < entry[1]

    def set(self, key: str, blob: Blob, ttl_s: float | None = None) -> bool:
        """False when the value is too big to be kept."""
        cost = blob.size + _OVERHEAD_BYTES
        with self._lock:
            self._remove(key)
            if blob.size > self._max_entry or cost > self._max:
                return False
            number = 0
            while self._bytes + cost > self._max:
                self._remove(next(iter(self._entries)))
                number += 1
            if number:
                self.evictions += number
                self._evicted(number)
            lives_s = self._ttl_s if ttl_s is None else ttl_s
            self._entries[key] = blob, self._clock() + lives_s, lives_s
            self._bytes += cost
            return True

    def delete(self, key: str) -> bool:
        with self._lock:
            return self._remove(key)

    def clear(self, prefix: str = "") -> int:
        """How many values whose key starts so were removed."""
        with self._lock:
            gone = [key for key in self._entries if key.startswith(prefix)]
            for key in gone:
                self._remove(key)
            return len(gone)

    def spread(self) -> list[tuple[int, float]]:
        """Of each value its bytes and the seconds that it has left."""
        with self._lock:
            now = self._clock()
            return [(blob.size, ends - now) for blob, ends, _ in self._entries.values() if ends > now]

    def extent(self) -> Extent:
        with self._lock:
            return Extent(len(self._entries), self._bytes)

    def _remove(self, key: str) -> bool:
        entry = self._entries.pop(key, None)
        if entry is None:
            return False
        self._bytes -= entry[0].size + _OVERHEAD_BYTES
        return True
