"""The buffer that everything is recorded in, and who empties it."""

from __future__ import annotations

import atexit
import os
import secrets
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cardmaker.errors import StoreError
from cardmaker.metrics.histogram import bucket_of
from cardmaker.metrics.series import MINUTE_S, Event, Fields, Series

T = TypeVar("T")

# What could not be handed on is kept for so long; after that the oldest is given up.
_MINUTES_OWED = 180
_EVENTS_OWED = 200
# Redis does nothing else while it takes a delivery: some 5 ms for each busy minute.
_MINUTES_AT_ONCE = 5


class Store(Protocol):
    """Where the buffer goes. Raises StoreError when it may not have arrived."""

    def take(
        self, process: str, number: int, minutes: Mapping[int, Fields], events: tuple[Event, ...], now_s: float
    ) -> None:
        """`minutes` by how many minutes ago they were, `events` by the clock that says `now_s`. The same `number` of a
        `process` counts once."""
        ...


@dataclass(frozen=True, slots=True)
class _Batch:
    """What was handed to the store and is not known to have arrived."""

    number: int
    minutes: dict[int, Fields]
    events: tuple[Event, ...]


class Recorder:
    """Takes counts and durations; quick, and never fails. Safe to share between threads; after a fork the child's
    is empty and its own.

    `store` may fail: what it did not take is handed on later, into the minutes where it belongs, and once.
    """

    _lock: threading.Lock
    _flushing: threading.Lock
    _over: threading.Event
    _buffer: dict[str, float]
    _events: list[Event]
    _totals: dict[str, float]
    _owed: dict[int, Counter[str]]
    _owed_events: list[Event]
    _batch: _Batch | None
    _process: str
    _number: int
    _is_running: bool

    def __init__(
        self, store: Store | None = None, flush_s: float = 2.0, clock: Callable[[], float] = time.time
    ) -> None:
        self.series = Series()
        self._store, self._flush_s, self._clock = store, flush_s, clock
        self._reset()
        known = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _call(known, Recorder._reset))

    def add(self, counter: str, count: int = 1) -> None:
        name = f"c:{counter}"
        with self._lock:
            self._buffer[name] = self._buffer.get(name, 0) + count
        if not self._is_running:
            self._run()

    def took(self, operation: str, ms: float) -> None:
        total, bucket = f"s:{operation}", f"h:{operation}:{bucket_of(ms)}"
        with self._lock:
            buffer = self._buffer
            buffer[total] = buffer.get(total, 0.0) + ms
            buffer[bucket] = buffer.get(bucket, 0) + 1
        if not self._is_running:
            self._run()

    def event(self, kind: str, text: str) -> None:
        """An incident, or the end of a task."""
        with self._lock:
            self._events.append(Event(self._clock(), kind, text))
        if not self._is_running:
            self._run()

    def merge(self, fields: Fields) -> None:
        """What another process recorded for this one."""
        with self._lock:
            for name, value in fields.items():
                self._buffer[name] = self._buffer.get(name, 0) + value
        if not self._is_running:
            self._run()

    def drain(self) -> dict[str, float]:
        """All that was recorded since this was last asked, for another process to merge."""
        with self._lock:
            fields = self._all()
            self._buffer, self._totals = {}, {}
            return fields

    def counts(self) -> Counter[str]:
        """All counters of this process since it began."""
        return Counter({name[2:]: round(value) for name, value in self.totals().items() if name.startswith("c:")})

    def totals(self) -> dict[str, float]:
        """All fields of this process since it began."""
        with self._lock:
            return self._all()

    def _all(self) -> dict[str, float]:
        found = dict(self._totals)
        for name, value in self._buffer.items():
            found[name] = found.get(name, 0) + value
        return found

    def flush(self) -> bool:
        """Hands the buffer on; whether all of it has arrived."""
        with self._flushing:
            self._collect()
            if self._store is None:
                self._owed, self._owed_events = {}, []
                return True
            return self._deliver(self._store)

    def close(self) -> None:
        """Flushes for the last time."""
        self._over.set()
        self.flush()

    def _collect(self) -> None:
        minute_s = int(self._clock()) // MINUTE_S * MINUTE_S
        with self._lock:
            fields, self._buffer = self._buffer, {}
            events, self._events = self._events, []
            for name, value in fields.items():
                self._totals[name] = self._totals.get(name, 0) + value
        if fields:
            self.series.take(minute_s, fields)
            self._owed.setdefault(minute_s, Counter()).update(fields)
        for event in events:
            self.series.note(event)
        self._owed_events = [*self._owed_events, *events][-_EVENTS_OWED:]
        while len(self._owed) > _MINUTES_OWED:
            del self._owed[min(self._owed)]

    def _deliver(self, store: Store) -> bool:
        """What may or may not have arrived goes again as it was, before anything that came after it."""
        while self._batch is not None or self._owed or self._owed_events:
            if self._batch is None:
                self._number += 1
                oldest = sorted(self._owed)[:_MINUTES_AT_ONCE]
                minutes: dict[int, Fields] = {minute_s: self._owed.pop(minute_s) for minute_s in oldest}
                self._batch, self._owed_events = _Batch(self._number, minutes, tuple(self._owed_events)), []
            now_s = self._clock()
            ages = {max(0, int(now_s - start_s) // MINUTE_S): each for start_s, each in self._batch.minutes.items()}
            try:
                store.take(self._process, self._batch.number, ages, self._batch.events, now_s)
            except StoreError:
                return False
            self._batch = None
        return True

    def _reset(self) -> None:
        """As new: what is in the buffer of a process that forks is handed on by that one."""
        self._lock, self._flushing, self._over = threading.Lock(), threading.Lock(), threading.Event()
        self._buffer, self._totals, self._events = {}, {}, []
        self._owed, self._owed_events, self._batch = {}, [], None
        self._process, self._number = secrets.token_hex(8), 0
        self._is_running = False

    def _run(self) -> None:
        """The flusher comes with the first record, and goes with the recorder."""
        with self._lock:
            if self._is_running:
                return
            self._is_running = True
        known, over, every_s = weakref.ref(self), self._over, self._flush_s

        def go_on() -> None:
            while not over.wait(every_s):
                if not _call(known, Recorder.flush) and known() is None:
                    return

        atexit.register(_call, known, Recorder.flush)
        threading.Thread(target=go_on, name="cardmaker-metrics", daemon=True).start()


def _call(known: weakref.ref[Recorder], method: Callable[[Recorder], T]) -> T | None:
    found = known()
    return method(found) if found is not None else None
