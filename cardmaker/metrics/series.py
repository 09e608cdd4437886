"""Slices of time and what happened in them, in this process.

A slice's fields are `c:<counter>` (how often), `s:<operation>` (milliseconds in all) and `h:<operation>:<bucket>` (how
many took about so long).
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MINUTE_S, HOUR_S = 60, 3600
MINUTES_KEPT, HOURS_KEPT = 48 * 60, 35 * 24
EVENTS_KEPT = 2000

Fields = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth a line: `at_s` seconds since 1970, a short `kind`, a sentence without secrets and names."""

    at_s: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Slice:
    """A minute or an hour that begins at `start_s`, seconds since 1970; one in which nobody recorded anything is
    not there at all."""

    start_s: int
    fields: dict[str, float] = field(default_factory=dict)

    def count(self, counter: str) -> int:
        return round(self.fields.get(f"c:{counter}", 0))

    def sum_ms(self, operation: str) -> float:
        return self.fields.get(f"s:{operation}", 0.0)

    def histogram(self, operation: str) -> dict[int, int]:
        begin = f"h:{operation}:"
        return {int(name[len(begin) :]): round(n) for name, n in self.fields.items() if name.startswith(begin)}

    def calls(self, operation: str) -> int:
        """How many durations were recorded."""
        return sum(self.histogram(operation).values())

    def mean_ms(self, operation: str) -> float:
        calls = self.calls(operation)
        return self.sum_ms(operation) / calls if calls else 0.0

    def operations(self) -> set[str]:
        return {name[2:] for name in self.fields if name.startswith("s:")}


def together(slices: Iterable[Slice], start_s: int = 0) -> Slice:
    """All of them as one."""
    total: Counter[str] = Counter()
    for each in slices:
        total.update(each.fields)
    return Slice(start_s, dict(total))


class Series:
    """Minutes and hours of this process, the oldest given up. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minutes: dict[int, Counter[str]] = {}
        self._hours: dict[int, Counter[str]] = {}
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)

    def take(self, minute_s: int, fields: Fields) -> None:
        """What was recorded in the minute that begins then."""
        with self._lock:
            for kept, start_s, most in (
                (self._minutes, minute_s, MINUTES_KEPT),
                (self._hours, minute_s - minute_s % HOUR_S, HOURS_KEPT),
            ):
                kept.setdefault(start_s, Counter()).update(fields)
                while len(kept) > most:
                    del kept[min(kept)]

    def note(self, event: Event) -> None:
        with self._lock:
            self._events.append(event)

    def now_s(self) -> float:
        return time.time()

    def read(self, step_s: int, first_s: int, last_s: int) -> tuple[Slice, ...]:
        """The minutes or hours that begin in that time, oldest first."""
        with self._lock:
            kept = self._minutes if step_s == MINUTE_S else self._hours
            return tuple(Slice(start, dict(kept[start])) for start in sorted(kept) if first_s <= start <= last_s)

    def events(self, most: int) -> tuple[Event, ...]:
        """The newest first."""
        with self._lock:
            return tuple(reversed(self._events))[:most]
